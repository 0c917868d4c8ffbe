//go:build linux

package integration

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"confine/policy"
)

// accesses are tried inside, where the policy decides, and outside, where every
// one of them must succeed: what fails there proves nothing.
type access struct {
	text string
	// inside is the expected answer; empty means that Decide says ok or not.
	inside string
}

func TestFilesystem(t *testing.T) {
	dir := tree(t)
	program, err := os.ReadFile(probe)
	if err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{"read", "map", "exec", "unnamed", "write", "hidden"} {
		file(t, filepath.Join(dir, sub, "file"), strings.Repeat("x", 8192), 0o644)
		file(t, filepath.Join(dir, sub, "program"), string(program), 0o755)
	}
	for _, sub := range []string{"read", "map", "exec", "unnamed", "write", "hidden"} {
		give(t, filepath.Join(dir, sub))
		give(t, filepath.Join(dir, sub, "file"))
	}
	file(t, filepath.Join(dir, "read", "secret", "file"), "x", 0o644)
	owned(t, filepath.Join(dir, "read", "inner"))
	file(t, filepath.Join(dir, "gone", "file"), "x", 0o644)
	p := writePolicy(t, strings.ReplaceAll(`
read = ["DIR/read"]
write = ["DIR/write", "DIR/read/inner"]
hide = ["DIR/read/secret"]
absent = ["DIR/gone"]
tmp = ["/tmp"]
proc = "self"
dev = "minimal"
`, "DIR", dir), `
`)
	// map and exec lists are in base; nested entries of the same kind go there.
	text, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	text = []byte(strings.Replace(string(text), `exec = [`, `exec = ["`+dir+`/exec", `, 1))
	text = []byte(strings.Replace(string(text), `map = [`, `map = ["`+dir+`/map", `, 1))
	file(t, p, string(text), 0o644)

	var tries []access
	for _, sub := range []string{"read", "map", "exec", "unnamed", "write", "hidden"} {
		for _, verb := range []string{"read DIR/SUB", "read DIR/SUB/file", "write DIR/SUB", "write DIR/SUB/file", "exec DIR/SUB/program", "map DIR/SUB/program"} {
			tries = append(tries, access{text: strings.NewReplacer("DIR", dir, "SUB", sub).Replace(verb)})
		}
	}
	tries = append(tries,
		access{text: "read " + dir}, access{text: "read " + dir + "/read/secret"}, access{text: "read " + dir + "/read/secret/file"},
		access{text: "write " + dir + "/read/inner"}, access{text: "read " + dir + "/gone/file"},
		access{text: "stat " + dir + "/gone", inside: "ENOENT"},
		access{text: "read /"}, access{text: "read /etc/passwd"}, access{text: "read /var"}, access{text: "read /run"},
		access{text: "read /usr/share"}, access{text: "read /usr/bin/env"}, access{text: "exec /usr/bin/true"}, access{text: "exec /bin/true"},
		access{text: "read /proc/self/status"}, access{text: "read /proc/cpuinfo"}, access{text: "read /proc/sys/kernel/hostname"},
		access{text: "read /proc/1/status"}, access{text: "read /proc"}, access{text: "read /proc/net/dev"}, access{text: "read /proc/mounts"}, access{text: "read /sys/kernel"},
		access{text: "read /dev/null"}, access{text: "write /dev/null"}, access{text: "read /dev/urandom"}, access{text: "read /dev/ptmx"},
		access{text: "write /tmp"}, access{text: "write /dev/shm"}, access{text: "write /var/tmp"},
	)
	for _, launch := range []struct {
		name string
		cmd  func(string, ...string) *exec.Cmd
	}{{"root", confined}, {"user", confinedByUser}} {
		t.Run(launch.name, func(t *testing.T) { compare(t, launch.cmd, p, tries) })
	}
}

// compare runs the probe inside and outside and holds the policy's meaning
// against what really happened.
func compare(t *testing.T, launch func(string, ...string) *exec.Cmd, path string, tries []access) {
	t.Helper()
	p := parsePolicy(t, path)
	var args []string
	for _, a := range tries {
		args = append(args, a.text)
	}
	outside := answers(t, finish(t, asConnector(exec.Command(probe, args...))).must(t, 0).stdout)
	inside := answers(t, finish(t, launch(path, append([]string{probe}, args...)...)).must(t, 0).stdout)
	for _, a := range tries {
		if outside[a.text] != "ok" {
			t.Errorf("control: %s: %s outside the sandbox, expected ok", a.text, outside[a.text])
		}
		got := inside[a.text]
		if a.inside != "" {
			if got != a.inside {
				t.Errorf("%s: %s inside, expected %s", a.text, got, a.inside)
			}
			continue
		}
		parsed, err := policy.ParseAccess(a.text)
		if err != nil {
			t.Fatal(err)
		}
		decision := p.Decide(parsed)
		if decision.Allowed != (got == "ok") {
			t.Errorf("%s: %s inside, but the policy says allowed %t: %s", a.text, got, decision.Allowed, decision.Because)
		}
	}
}

func TestNetwork(t *testing.T) {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	abstract, err := net.Listen("unix", "@confine-integration-test")
	if err != nil {
		t.Fatal(err)
	}
	defer abstract.Close()
	tries := []access{{text: "connect " + tcp.Addr().String()}}
	hidden := append(tries[:1:1], access{text: "abstract confine-integration-test", inside: "ECONNREFUSED"})
	t.Run("none", func(t *testing.T) {
		compare(t, confined, writePolicy(t, "", "[network]\nmode = \"none\"\n"), hidden)
	})
	t.Run("host", func(t *testing.T) {
		compare(t, confined, writePolicy(t, "", "[network]\nmode = \"host\"\n"), tries)
	})
}

func TestSystemCalls(t *testing.T) {
	tries := []struct{ text, outside, inside string }{
		// A user namespace is refused to a process with threads, outside.
		{"syscall unshare", "EINVAL", "EPERM"},
		{"syscall ptrace", "ESRCH", "EPERM"},
		{"syscall io_uring_setup", "ok", "EPERM"},
		{"syscall userfaultfd", "ok", "EPERM"},
		{"syscall personality", "ok", "EPERM"},
		{"syscall name_to_handle_at", "ok", "EPERM"},
		{"syscall socket_netlink_nft", "ok", "EPROTONOSUPPORT"},
		{"syscall getppid", "ok", "ok"},
	}
	var args []string
	for _, a := range tries {
		args = append(args, a.text)
	}
	outside := answers(t, finish(t, asConnector(exec.Command(probe, args...))).must(t, 0).stdout)
	inside := answers(t, finish(t, confined(writePolicy(t, "", ""), append([]string{probe}, args...)...)).must(t, 0).stdout)
	for _, a := range tries {
		if outside[a.text] != a.outside {
			t.Errorf("control: %s: %s outside, expected %s", a.text, outside[a.text], a.outside)
		}
		if inside[a.text] != a.inside {
			t.Errorf("%s: %s inside, expected %s", a.text, inside[a.text], a.inside)
		}
	}
}

// Anybody can leave a file in the host's /dev/shm that makes firejail show it.
func TestHostSharedMemoryStaysOut(t *testing.T) {
	name := filepath.Join("/dev/shm", "jack-confine-test")
	file(t, name, "x", 0o666)
	t.Cleanup(func() { os.Remove(name) })
	policy := writePolicy(t, "dev = \"minimal\"", "")
	inside := answers(t, finish(t, confined(policy, probe, "read "+name, "write /dev/shm")).must(t, 0).stdout)
	if inside["read "+name] != "ENOENT" || inside["write /dev/shm"] != "ok" {
		t.Errorf("%v", inside)
	}
	wants(t, finish(t, confinedByUser(policy, "/usr/bin/true")).must(t, 125), "nothing ran", "filesystem.dev", "/dev/shm")
}

// Mounted over is only what is there at the start; a file that appears later would
// be readable.
func TestHideOfMissingFileIsRefused(t *testing.T) {
	dir := tree(t)
	file(t, filepath.Join(dir, "other"), "x", 0o644)
	policy := writePolicy(t, fmt.Sprintf("read = [%q]\nhide = [%q]", dir, filepath.Join(dir, "later")), "")
	wants(t, finish(t, confined(policy, "/usr/bin/true")).must(t, 125), "nothing ran", "missing", filepath.Join(dir, "later"))
}
