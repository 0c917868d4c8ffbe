//go:build linux

package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"confine/compiler"
	"confine/policy"
)

// liveTest tries the tests of a policy under an engine.
func liveTest(t *testing.T, file string, engine compiler.Backend, flags ...string) *exec.Cmd {
	t.Helper()
	args := []string{"test", "--live", "--backend", string(engine)}
	return exec.Command(confine, append(append(args, flags...), file)...)
}

var liveCounts = regexp.MustCompile(`(?m)^live: (\d+) accesses tried, (\d+) as declared(.*)$`)

// agreed wants everything that was tried to be as the policy says, or as the coverage does,
// and gives how much that is.
func agreed(t *testing.T, o outcome) (tried int) {
	t.Helper()
	o.must(t, 0)
	m := liveCounts.FindStringSubmatch(o.stdout)
	if m == nil {
		t.Fatalf("no counts:\n%s", o.stdout)
	}
	if strings.Contains(o.stdout, "error") || strings.Contains(m[3], "otherwise") || strings.Contains(m[3], "refused") {
		t.Errorf("the sandbox differs:\n%s", o.stdout)
	}
	tried, _ = strconv.Atoi(m[1])
	return tried
}

// livePolicy is a policy with entries of every mode, and its tests.
func livePolicy(t *testing.T, backend compiler.Backend) string {
	t.Helper()
	dir := tree(t)
	for _, sub := range []string{"read", "write", "read/hide", "write/hide", "hidden"} {
		give(t, file(t, filepath.Join(dir, sub, "file"), "x", 0o644))
		give(t, filepath.Join(dir, sub))
	}
	in := func(text string) string { return strings.ReplaceAll(text, "DIR", dir) }
	if backend == compiler.Native {
		// Landlock takes nothing out of a directory that is written to, and a machine that has
		// what must be absent is refused.
		in = func(text string) string {
			return strings.NewReplacer("DIR/write/hide", dir+"/read/hide", "DIR", dir).Replace(text)
		}
	} else {
		give(t, file(t, filepath.Join(dir, "gone", "file"), "x", 0o644))
	}
	path := accessPolicy(t, nil, nil, in(`
read = ["DIR/read"]
write = ["DIR/write"]
hide = ["DIR/write/hide"]
absent = ["DIR/gone"]
tmp = ["/tmp"]
proc = "self"
dev = "minimal"`), `[rlimits]
nofile = 500
core = 0

[environment]
pass = ["KEPT", "APP_*"]
set = { FIXED = "1" }

[syscalls]
base = "connector"
`)
	file(t, strings.TrimSuffix(path, ".toml")+".test.toml", in(`
[[case]]
name  = "files"
allow = [
    "read DIR/read", "read DIR/read/file", "read DIR/write/file", "write DIR/write", "write DIR/write/file",
    "write DIR/write/made/later", "exec /usr/bin/true", "exec /bin/true", "map /usr/bin/true", "read /usr/bin",
    "write /tmp/x", "read /tmp/a/b", "write /dev/null", "read /dev/zero", "write /dev/shm/x", "read /proc/self/maps",
]
deny = [
    "read DIR", "write DIR/read", "write DIR/read/file", "read DIR/write/hide/file", "write DIR/write/hide/x",
    "read DIR/hidden/file", "write DIR/hidden/file", "read DIR/gone/file", "exec DIR/write/x", "map DIR/write/x",
    "map DIR/write/file", "exec /tmp/x", "map /tmp/x", "exec /dev/shm/x", "read /etc/group", "read /var/lib/dpkg/status",
    "exec /usr/sbin/useradd", "read /proc/sys/kernel/core_pattern", "write /proc/self/comm", "read /dev/kmsg", "read /sys/kernel",
]

[[case]]
name  = "what a process has"
allow = ["env KEPT", "env APP_TOKEN", "env FIXED", "rlimit nofile=500", "rlimit core=0"]
deny  = [
    "env OTHER", "env LD_PRELOAD", "env PATH", "env HOME", "rlimit nofile=501",
    "capability SYS_ADMIN", "capability CHOWN", "capability NET_RAW",
]

[[case]]
name  = "calls"
allow = ["syscall getpid", "syscall getrandom", "syscall socket(arg0=AF_UNIX)", "syscall socket(arg0=AF_INET)"]
deny  = [
    "syscall ptrace", "syscall unshare", "syscall io_uring_setup", "syscall memfd_create", "syscall clone3",
    "syscall personality(arg0=0xffffffff)", "syscall socket(arg0=AF_VSOCK)", "syscall prctl(arg0=PR_CAPBSET_READ)",
]

[[case]]
name = "network"
deny = ["connect 192.0.2.1:443", "connect api.example.com:443", "connect 127.0.0.1:1", "resolve example.com"]
`), 0o644)
	return path
}

// TestLive tries accesses of every kind, and leaves nothing behind.
func TestLive(t *testing.T) {
	for _, e := range engines {
		t.Run(string(e.backend), func(t *testing.T) {
			path := livePolicy(t, e.backend)
			o := finish(t, liveTest(t, path, e.backend, "--user", connectorUser))
			enough := 58
			if e.backend == compiler.Native {
				enough = 50 // children cannot read their own /proc, and /tmp itself is closed
			}
			if tried := agreed(t, o); tried < enough {
				t.Errorf("%d accesses tried, expected at least %d:\n%s", tried, enough, o.stdout)
			}
			if left, err := filepath.Glob("/srv/confine-live-*"); err != nil || len(left) > 0 {
				t.Errorf("left: %v, %v", left, err)
			}
			for _, sub := range []string{"write", "write/hide", "read"} {
				entries, err := os.ReadDir(filepath.Join(livedIn(t, path), sub))
				if err != nil {
					t.Fatal(err)
				}
				for _, entry := range entries {
					if strings.HasPrefix(entry.Name(), ".confine-live") {
						t.Errorf("left: %s in %s", entry.Name(), sub)
					}
				}
			}
		})
	}
}

// livedIn is the directory that the policy of livePolicy is about.
func livedIn(t *testing.T, path string) string {
	t.Helper()
	for _, e := range parsePolicy(t, path).Filesystem.Entries {
		if e.Mode == policy.ModeAbsent {
			return filepath.Dir(e.Path)
		}
	}
	t.Fatal("no directory")
	return ""
}

// TestLiveByUser: an ordinary caller has the prober in its home.
func TestLiveByUser(t *testing.T) {
	home := owned(t, filepath.Join(tree(t), "home"))
	for _, e := range engines {
		t.Run(string(e.backend), func(t *testing.T) {
			path := livePolicy(t, e.backend)
			cmd := asConnector(liveTest(t, path, e.backend))
			cmd.Env = append(os.Environ(), "HOME="+home)
			enough := 55
			if e.backend == compiler.Native {
				enough = 48
			}
			if tried := agreed(t, finish(t, cmd)); tried < enough {
				t.Errorf("%d accesses tried, expected at least %d", tried, enough)
			}
		})
	}
}

// TestLiveShipped: the policies that ship are enforced as their tests say.
func TestLiveShipped(t *testing.T) {
	for _, name := range []string{"source-declarative-manifest", "connector", "python-connector", "custom-components", "offline"} {
		for _, e := range engines {
			t.Run(name+" "+string(e.backend), func(t *testing.T) {
				if tried := agreed(t, finish(t, liveTest(t, name, e.backend, "--user", connectorUser))); tried == 0 {
					t.Error("nothing was tried")
				}
			})
		}
	}
}

// TestLiveKills: a filter that kills who opens a socket kills the prober, which goes on.
func TestLiveKills(t *testing.T) {
	path := accessPolicy(t, nil, nil, "", "[syscalls]\nbase = \"default\"\ndeny = [\"socket\"]\non_deny = \"kill\"\n"+accepted(compiler.GVisor, policy.ClauseSyscallsOnDeny))
	file(t, strings.TrimSuffix(path, ".toml")+".test.toml", `
[[case]]
name  = "killed"
allow = ["exec /usr/bin/true", "syscall getpid", "syscall getppid"]
deny  = ["connect 192.0.2.1:443", "syscall socket", "syscall ptrace", "read /etc/group"]
`, 0o644)
	for _, e := range engines {
		t.Run(string(e.backend), func(t *testing.T) {
			o := finish(t, liveTest(t, path, e.backend, "--user", connectorUser))
			want := 7
			if e.backend == compiler.GVisor {
				want = 6 // the sentry ends the thread and not its process, which then says nothing
			}
			if tried := agreed(t, o); tried != want {
				t.Errorf("%d accesses tried, expected %d:\n%s", tried, want, o.stdout)
			}
		})
	}
}

// TestLiveEgress: what the gateway keeps closed is tried, and what it opens only with
// leave.
func TestLiveEgress(t *testing.T) {
	w := newInternet(t)
	path := egressPolicy(t, `egress = ["api.vendor.test:7000", "203.0.113.10:7000"]`)
	file(t, strings.TrimSuffix(path, ".toml")+".test.toml", fmt.Sprintf(`
[[case]]
name  = "its own API"
allow = ["connect api.vendor.test:7000", "connect %s:7000", "resolve api.vendor.test"]
deny  = [
    "connect api.vendor.test:7001", "connect evil.test:7000", "connect %s:7000", "connect %s:80",
    "resolve evil.test", "connect %s:7001",
]
`, apiAddress, evilAddress, metadataAddress, apiAddress), 0o644)
	for _, e := range engines {
		t.Run(string(e.backend), func(t *testing.T) {
			o := w.finish(t, liveTest(t, path, e.backend, "--user", connectorUser))
			if tried := agreed(t, o); tried != 6 || !strings.Contains(o.stdout, "3 not tried") {
				t.Errorf("%d accesses tried, expected 6 and 3 not tried:\n%s", tried, o.stdout)
			}
			o = w.finish(t, liveTest(t, path, e.backend, "--user", connectorUser, "--network"))
			if tried := agreed(t, o); tried != 9 {
				t.Errorf("%d accesses tried with --network, expected 9:\n%s", tried, o.stdout)
			}
		})
	}
}

// TestLiveFailsWithoutALaunch: tests that expect something else than the policy says need
// no sandbox to fail, and get none.
func TestLiveFailsWithoutALaunch(t *testing.T) {
	path := accessPolicy(t, nil, nil, "", "")
	file(t, strings.TrimSuffix(path, ".toml")+".test.toml", "[[case]]\nname = \"wrong\"\nallow = [\"read /etc/shadow\"]\n", 0o644)
	o := finish(t, liveTest(t, path, compiler.Firejail, "--user", connectorUser)).must(t, 1)
	if !strings.Contains(o.stdout, "was not launched") || !strings.Contains(o.stdout, "0 accesses tried") || strings.Contains(o.stdout, "proven") {
		t.Errorf("%s%s", o.stdout, o.stderr)
	}
}

// TestLiveNeedsAPlace: a policy that writes or hides every place leaves the prober none.
func TestLiveNeedsAPlace(t *testing.T) {
	path := accessPolicy(t, nil, nil, `hide = ["/srv?", "/opt?", "/mnt?", "/usr/local/lib?"]`+"\n"+`write = ["/var/lib?"]`, "")
	file(t, strings.TrimSuffix(path, ".toml")+".test.toml", "[[case]]\nname = \"any\"\ndeny = [\"read /etc/shadow\"]\n", 0o644)
	o := finish(t, liveTest(t, path, compiler.Firejail, "--user", connectorUser)).must(t, 2)
	if !strings.Contains(o.stderr, "there is no place for the prober") {
		t.Errorf("stderr:\n%s", o.stderr)
	}
}
