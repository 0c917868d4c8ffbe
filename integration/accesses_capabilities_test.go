//go:build linux

package integration

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"confine/policy"
)

// capabilityWorlds hold no capability: none is in any set, and what each permits
// is denied. Root outside has it and does it.
func capabilityWorlds(t *testing.T) []world {
	dir := tree(t)
	const stranger = 1 // Debian's daemon, whose files and processes nobody else minds
	for name, mode := range map[string]uint32{"foreign": 0o600, "open": 0o644} {
		chown(t, file(t, filepath.Join(dir, name), "x", 0o644), stranger, stranger)
		if err := syscall.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	chown(t, owned(t, filepath.Join(dir, "closed")), stranger, stranger)
	if err := syscall.Chmod(filepath.Join(dir, "closed"), 0o700); err != nil {
		t.Fatal(err)
	}
	owned(t, filepath.Join(dir, "work"))
	chown(t, file(t, filepath.Join(dir, "work", "own"), "x", 0o755), int(account.uid), stranger)
	sleeping := exec.Command(probe, "wait 1h")
	sleeping.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: stranger, Gid: stranger}}
	if err := sleeping.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = sleeping.Process.Kill()
		_ = sleeping.Wait()
	})
	file(t, filepath.Join(dir, "stranger"), strconv.Itoa(sleeping.Process.Pid), 0o644)

	// free are deeds for which the sentry asks for no capability.
	free := map[string]string{
		"CAP_NET_BIND_SERVICE": "everybody may bind the ports below 1024 of a network that is the guest's own",
		"CAP_SYS_NICE":         "everybody may take any priority in the guest, and it reaches no processor of the host",
	}
	w := world{
		name:        "capabilities",
		policy:      accessPolicy(t, nil, nil, "write = [\""+dir+"\"]\nproc = \"self\"\ndev = \"minimal\"", "[environment]\npass = [\"PROBE_WORKSHOP\"]\n"),
		environment: []string{"PROBE_WORKSHOP=" + dir},
		launches:    emptied,
	}
	// CAP_SYS_RESOURCE is often taken from the root of a virtual machine; the rest of
	// these has no deed, so that the control shows that it is held, and no more.
	for _, name := range policy.CapabilityNames() {
		a := attempt{access: "capability " + name, control: byRoot}
		if name == "CAP_SYS_RESOURCE" {
			a.control, a.because = byNobody, "containers and small machines keep it from root"
		}
		if why := free[name]; why != "" {
			a.gvisor = other{deed: "holds " + name, because: why}
			w.attempts = append(w.attempts, attempt{
				deed: "uses " + name, control: byRoot, inside: "denied",
				because: "what a capability permits is no access of its own", gvisor: other{inside: "ok", because: why},
			})
		}
		w.attempts = append(w.attempts, a)
	}
	// The host's network minds its ports itself.
	host := world{
		name: "capabilities in the host's network", policy: accessPolicy(t, nil, nil, "proc = \"self\"", "[network]\nmode = \"host\"\n"),
		attempts: []attempt{{access: "capability CAP_NET_BIND_SERVICE", control: byRoot}, {access: "capability CAP_NET_RAW", control: byRoot}},
		launches: emptied,
	}
	return []world{w, host, {
		name: "capabilities, refused", policy: accessPolicy(t, nil, nil, "", "[capabilities]\nkeep = [\"CAP_NET_RAW\"]\n"), code: refused,
		attempts: []attempt{{
			access: "capability CAP_NET_RAW", control: byRoot, inside: noAnswer,
			because: "neither engine can give an ordinary user one: the launch is refused",
		}},
	}}
}

// emptied are the launches that empty all five sets: an ordinary caller's own bounding set
// stays where nobody has a privilege, see TestNativeBoundingSet.
var emptied = []string{"firejail root", "firejail user", "gvisor root", "gvisor user", "native root", ownByRoot, ownByUser}
