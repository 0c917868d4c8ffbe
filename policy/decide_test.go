package policy_test

import (
	"strings"
	"testing"

	"confine/policy"
)

const decideSource = `
[filesystem]
read   = ["/etc/ssl", "/usr", "/data/open/part"]
exec   = ["/usr/bin", "/usr/lib/ld.so"]
map    = ["/usr/lib"]
write  = ["/data"]
tmp    = ["/tmp"]
hide   = ["/data/open", "/usr/lib/secret"]
absent = ["/run/secrets"]
links  = { "/bin" = "/usr/bin", "/lib" = "/usr/lib", "/var/run" = "/run" }
proc   = "self"
dev    = "minimal"

[rlimits]
as = "4GiB"
cpu = "72h"

[capabilities]
keep = ["net_raw"]

[environment]
pass = ["LANG", "WORKER_*", "WORKER_JOB_*"]
set  = { HOME = "/x", WORKER_ID = "1" }
`

func TestDecide(t *testing.T) {
	open := mustParse(t, decideSource)
	closed := mustParse(t, "")
	host := mustParse(t, "network.mode = 'host'")
	for _, c := range []struct {
		policy  *policy.Policy
		access  string
		allowed bool
		clause  string
	}{
		{open, "read /usr", true, "filesystem.read"},
		{open, "read /usr/share/x", true, "filesystem.read"},
		{open, "map /usr/share/x", false, "filesystem.read"},
		{open, "exec /usr/share/x", false, "filesystem.read"},
		{open, "write /usr/share/x", false, "filesystem.read"},
		{open, "read /usrx", false, "filesystem"},
		{open, "read /", false, "filesystem"},
		{open, "read /etc", false, "filesystem"},
		{open, "read /etc/ssl", true, "filesystem.read"},
		{open, "read /usr/bin/x", true, "filesystem.exec"},
		{open, "map /usr/bin/x", true, "filesystem.exec"},
		{open, "exec /usr/bin/x", true, "filesystem.exec"},
		{open, "write /usr/bin/x", false, "filesystem.exec"},
		{open, "exec /bin/x", true, "filesystem.exec"},
		{open, "read /usr/lib/x.so", true, "filesystem.map"},
		{open, "map /lib/x.so", true, "filesystem.map"},
		{open, "exec /lib/x.so", false, "filesystem.map"},
		{open, "exec /lib/ld.so", true, "filesystem.exec"},
		{open, "exec /lib/ld.so.1", false, "filesystem.map"},
		{open, "read /lib/secret/x", false, "filesystem.hide"},
		{open, "read /data/x", true, "filesystem.write"},
		{open, "write /data/x", true, "filesystem.write"},
		{open, "exec /data/x", false, "filesystem.write"},
		{open, "map /data/x", false, "filesystem.write"},
		{open, "write /data/open", false, "filesystem.hide"},
		{open, "read /data/open/x", false, "filesystem.hide"},
		{open, "read /data/open/part/x", true, "filesystem.read"},
		{open, "write /data/open/part/x", false, "filesystem.read"},
		{open, "write /tmp/x", true, "filesystem.tmp"},
		{open, "exec /tmp/x", false, "filesystem.tmp"},
		{open, "read /run/secrets/token", false, "filesystem.absent"},
		{open, "read /var/run/secrets/token", false, "filesystem.absent"},

		{open, "read /proc", true, "filesystem.proc"},
		{open, "read /proc/net/dev", true, "filesystem.proc"},
		{open, "read /proc/mounts", true, "filesystem.proc"},
		{open, "read /proc/self/maps", true, "filesystem.proc"},
		{open, "read /proc/thread-self", true, "filesystem.proc"},
		{open, "read /proc/17/stat", true, "filesystem.proc"},
		{open, "write /proc/self/mem", false, "filesystem.proc"},
		{open, "exec /proc/self/exe", false, "filesystem.proc"},
		{open, "read /proc/1x", false, "filesystem.proc"},
		{open, "read /proc/sys/kernel/hostname", false, "filesystem.proc"},
		{closed, "read /proc/self/maps", false, "filesystem.proc"},
		{open, "read /dev", false, "filesystem.dev"},
		{open, "write /dev/null", true, "filesystem.dev"},
		{open, "read /dev/null/x", false, "filesystem.dev"},
		{open, "map /dev/zero", true, "filesystem.dev"},
		{open, "write /dev/shm/x", true, "filesystem.dev"},
		{open, "exec /dev/shm/x", false, "filesystem.dev"},
		{open, "read /dev/stdin", true, "filesystem.proc"},
		{open, "read /dev/fd/3", true, "filesystem.proc"},
		{open, "write /dev/stdout", false, "filesystem.proc"},
		{open, "read /dev/kmsg", false, "filesystem.dev"},
		{closed, "read /dev/null", false, "filesystem.dev"},

		{closed, "connect api.example.com:443", false, "network.mode"},
		{closed, "resolve api.example.com", false, "network.mode"},
		{host, "connect 169.254.169.254:80", true, "network.mode"},
		{host, "resolve api.example.com", true, "network.mode"},

		{open, "rlimit as=4GiB", true, "rlimits.as"},
		{open, "rlimit as=4294967297", false, "rlimits.as"},
		{open, "rlimit cpu=73h", false, "rlimits.cpu"},
		{open, "rlimit nofile=99999", true, "rlimits"},
		{open, "capability NET_RAW", true, "capabilities.keep"},
		{open, "capability cap_sys_admin", false, "capabilities.keep"},
		{open, "env LANG", true, "environment.pass"},
		{open, "env WORKER_X", true, "environment.pass"},
		{open, "env WORKER_ID", true, "environment.set"},
		{open, "env LD_PRELOAD", false, "environment"},
		{open, "env HOME", true, "environment.set"},
		{open, "syscall read", true, "syscalls.base"},
		{open, "syscall ptrace", false, "syscalls"},
		{open, "syscall socket(arg0=AF_PACKET)", false, "syscalls.base"},
	} {
		a, err := policy.ParseAccess(c.access)
		if err != nil {
			t.Errorf("%s: %v", c.access, err)
			continue
		}
		d := c.policy.Decide(a)
		if d.Allowed != c.allowed || d.Clause != c.clause || d.Because == "" {
			t.Errorf("%s: %+v, want %v by %s", c.access, d, c.allowed, c.clause)
		}
		if strings.Contains(d.Because, "/x\"") && a.Kind == policy.AccessEnv {
			t.Errorf("%s shows a value: %s", c.access, d.Because)
		}
	}
}

// TestDecidePosition: a decision points at the entry that decided.
func TestDecidePosition(t *testing.T) {
	p := mustParse(t, "[filesystem]\nread = ['/a', '/b']\nhide = [\n  '/a/x',\n]\n")
	for access, want := range map[string]string{
		"read /b/c":   "test.toml:4:15",
		"read /a/x/y": "test.toml:6:3",
		"read /c":     "default",
	} {
		a, err := policy.ParseAccess(access)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Decide(a).At.String(); got != want {
			t.Errorf("%s is decided by %s, want %s", access, got, want)
		}
	}
}

// TestDecideTotal: accesses that ParseAccess cannot give are denied, too.
func TestDecideTotal(t *testing.T) {
	p := mustParse(t, decideSource)
	for _, a := range []policy.Access{
		{},
		{Kind: "fly", Target: "/usr"},
		{Kind: policy.AccessRead},
		{Kind: policy.AccessRead, Target: "usr"},
		{Kind: policy.AccessRead, Target: "/usr/../etc/shadow"},
		{Kind: policy.AccessRead, Target: "/usr/"},
		{Kind: policy.AccessCapability, Target: "net_raw"},
	} {
		if d := p.Decide(a); d.Allowed || d.Because == "" {
			t.Errorf("%+v: %+v", a, d)
		}
	}
}

func TestResolveLinks(t *testing.T) {
	p := mustParse(t, "filesystem.links = { '/u' = '/usr', '/usr/lib' = '/x', '/bin' = '/usr/bin' }")
	for from, want := range map[string]string{
		"/":          "/",
		"/u":         "/usr",
		"/ux":        "/ux",
		"/u/lib/a":   "/x/a",
		"/bin/sh":    "/usr/bin/sh",
		"/usr/lib64": "/usr/lib64",
	} {
		if got := p.Filesystem.ResolveLinks(from); got != want {
			t.Errorf("%s resolves to %s, want %s", from, got, want)
		}
	}
}
