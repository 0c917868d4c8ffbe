//go:build linux

package integration

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestEgressByAnOrdinaryCaller: auto takes gVisor, and firejail for a policy that gVisor cannot
// enforce, whoever the caller is.
func TestEgressByAnOrdinaryCaller(t *testing.T) {
	w := newInternet(t)
	const tables = "[network]\nmode = \"egress\"\negress = [\"api.vendor.test:443\"]\n"
	const files = `read = ["/etc/resolv.conf", "/etc/hosts"]`
	accepted := guestPolicy(t, files, tables)
	plain := writePolicy(t, files, tables)
	const deed = "exchange api.vendor.test:443"
	for _, c := range []struct {
		name, policy, takes string
		byUser              bool
	}{
		{"user", accepted, "gvisor", true},
		{"root", accepted, "gvisor", false},
		{"user, with a policy that gVisor cannot enforce", plain, "firejail", true},
		{"root, with a policy that gVisor cannot enforce", plain, "firejail", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := guest(c.policy, probe, deed)
			if c.byUser {
				cmd = guestByUser(c.policy, probe, deed)
			}
			o := w.finish(t, withBackend(cmd, "auto")).must(t, 0)
			if got := answers(t, o.stdout)[deed]; got != "ok" {
				t.Errorf("%s: %s", deed, got)
			}
			if !strings.Contains(o.stderr, "confine: "+c.takes+" (") {
				t.Errorf("stderr: %s", o.stderr)
			}
		})
	}
}

// TestEgressNeedsTheResolverFile: a policy that does not name /etc/resolv.conf would let no
// program find a name, and is refused.
func TestEgressNeedsTheResolverFile(t *testing.T) {
	w := newInternet(t)
	policy := guestPolicy(t, "", "[network]\nmode = \"egress\"\negress = [\"api.vendor.test:443\"]\n")
	for _, l := range egressLaunches {
		t.Run(l.name, func(t *testing.T) {
			wants(t, w.finish(t, l.cmd(policy, "/usr/bin/true")).must(t, refused), "nothing ran", "/etc/resolv.conf")
		})
	}
}

// TestEgressHostsOwnAddress: a host can have any address as its first, also one that the
// policy names, or one of the range that stands for names.
func TestEgressHostsOwnAddress(t *testing.T) {
	t.Parallel()
	for first, network := range map[string]string{
		apiAddress:       `egress = ["203.0.113.10:7000", "other.test:7000"]`,
		apiAddress6:      `egress = ["[2001:db8::10]:7000", "203.0.113.10:7001", "other.test:7000"]`,
		sameAsGateway:    `egress = ["other.test:7000"]`,
		neighbourAddress: `egress = ["other.test:7000"]`,
		otherInRange:     `egress = ["other.test:7000"]`,
	} {
		t.Run(first, func(t *testing.T) {
			w := newInternet(t, first)
			policy := egressPolicy(t, network)
			const deed = "exchange other.test:7000"
			if got := w.outside(t, byUser, deed)[deed]; got != "ok" {
				t.Errorf("control: %s: %s", deed, got)
			}
			for _, l := range egressLaunches {
				t.Run(l.name, func(t *testing.T) {
					if got := w.egressAnswers(t, l, policy, deed)[deed]; got != "ok" {
						t.Errorf("%s: %s", deed, got)
					}
				})
			}
		})
	}
}

// TestEgressNeedsAResolverFileOnTheHost: there has to be one in whose place the program sees
// the gateway's; /etc/hosts may be missing.
func TestEgressNeedsAResolverFileOnTheHost(t *testing.T) {
	policy := guestPolicy(t, `read = ["/etc/resolv.conf?", "/etc/hosts?"]`, "[network]\nmode = \"egress\"\negress = [\"api.vendor.test:443\"]\n")
	for missing, code := range map[string]int{"resolv.conf": refused, "hosts": 0} {
		etc := filepath.Join(tree(t), "etc")
		finish(t, exec.Command("cp", "-a", "/etc", etc)).must(t, 0)
		if err := os.Remove(filepath.Join(etc, missing)); err != nil {
			t.Fatal(err)
		}
		for _, l := range linkedByRoot() {
			t.Run(missing+"/"+l.name, func(t *testing.T) {
				cmd := l.cmd(policy, probe, "stat /etc/"+missing)
				args := append([]string{"--mount", "--propagation", "private", "--", "/usr/bin/sh", "-c", "mount --bind '" + etc + "' /etc && exec \"$@\"", "sh"}, cmd.Args...)
				o := finish(t, exec.Command("/usr/bin/unshare", args...)).must(t, code)
				switch {
				case code == refused:
					wants(t, o, "nothing ran", "the host has no /etc/resolv.conf")
				case answers(t, o.stdout)["stat /etc/"+missing] == "ok":
					t.Error("a file that the host does not have")
				}
			})
		}
	}
}

// TestEgressStoppedKeeper: a process of the program's user that stops the keeper stops the
// launch, and not for longer than its caller wants.
func TestEgressStoppedKeeper(t *testing.T) {
	policy := guestPolicy(t, `read = ["/etc/resolv.conf"]`, "[network]\nmode = \"egress\"\negress = [\"api.vendor.test:443\"]\n")
	for tries := 0; ; tries++ {
		cmd := guest(policy, "/usr/bin/true")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		stopped := stopKeeper(cmd.Process.Pid)
		_ = cmd.Process.Signal(unix.SIGTERM)
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case <-ended:
		case <-time.After(patience):
			_ = cmd.Process.Kill()
			t.Fatal("a launch whose keeper is stopped does not end by SIGTERM")
		}
		if stopped {
			if code := cmd.ProcessState.ExitCode(); code != refused {
				t.Errorf("exit code %d", code)
			}
			return
		}
		if tries == 50 {
			t.Fatal("no keeper could be stopped")
		}
	}
}

// stopKeeper stops the keeper of a runner as soon as there is one.
func stopKeeper(runner int) bool {
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); {
		tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", runner))
		for _, task := range tasks {
			children, err := os.ReadFile(task)
			if err != nil {
				continue
			}
			for _, child := range strings.Fields(string(children)) {
				line, err := os.ReadFile("/proc/" + child + "/cmdline")
				pid, _ := strconv.Atoi(child)
				if err == nil && bytes.HasSuffix(line, []byte("__keep\x00")) && pid > 1 {
					return unix.Kill(pid, unix.SIGSTOP) == nil
				}
			}
		}
	}
	return false
}

// TestEgressManyConnections: what a caller's soft limit of descriptors leaves to the program
// does not bound the gateway.
func TestEgressManyConnections(t *testing.T) {
	w := newInternet(t)
	policy := egressPolicy(t, `egress = ["api.vendor.test:7000"]`)
	deed := "crowd api.vendor.test:7000 600"
	for _, l := range egressLaunches {
		t.Run(l.name, func(t *testing.T) {
			cmd := l.cmd(policy, probe, deed)
			limited := exec.Command("/usr/bin/sh", append([]string{"-c", `ulimit -S -n 1024; exec "$@"`, "sh"}, cmd.Args...)...)
			limited.SysProcAttr, limited.Dir, limited.Env = cmd.SysProcAttr, cmd.Dir, cmd.Env
			if got := answers(t, w.finish(t, limited).must(t, 0).stdout)[deed]; got != "ok" {
				t.Errorf("%s: %s", deed, got)
			}
		})
	}
}
