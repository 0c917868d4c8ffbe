package live

import (
	"strings"
	"testing"

	"confine/policy"
	"confine/policy/syscalls"
)

const planned = `schema = 1
name   = "planned"

[filesystem]
links = { "/lib" = "/usr/lib" }
exec  = ["/usr/bin"]
map   = ["/usr/lib"]
read  = ["/etc/alternatives", "/srv/mixed"]
write = ["/srv/job", "/srv/mixed/out"]
tmp   = ["/tmp"]
proc  = "self"
dev   = "minimal"

[network]
`

// host is what the tests' machine has.
var host = map[string]struct {
	kind Kind
	real string
}{
	"/": {KindDirectory, "/"}, "/srv": {KindDirectory, "/srv"}, "/srv/job": {KindDirectory, "/srv/job"},
	"/srv/mixed": {KindDirectory, "/srv/mixed"}, "/usr/bin/true": {KindFile, "/usr/bin/true"},
	"/usr/bin/script": {KindFile, "/usr/bin/script"}, "/usr/bin/dynamic": {KindFile, "/usr/bin/dynamic"}, "/usr/bin/again": {KindFile, "/usr/bin/again"},
	"/usr/bin": {KindDirectory, "/usr/bin"}, "/lib/x.so": {KindFile, "/usr/lib/x.so"}, "/tmp/there": {KindFile, "/tmp/there"},
	"/etc/alternatives/pager": {KindFile, "/usr/share/less"}, "/etc/alternatives/true": {KindFile, "/usr/bin/true"},
	"/dev/null": {KindOther, "/dev/null"}, "/dev/kmsg": {KindOther, "/dev/kmsg"}, "/run/socket": {KindOther, "/run/socket"},
	"/proc/self/fd/0": {KindOther, ""},
}

func planner(t *testing.T, network string) Planner {
	t.Helper()
	p, err := policy.Parse("p.toml", []byte(planned+network))
	if err != nil {
		t.Fatal(err)
	}
	return Planner{Policy: p, Machine: "x86_64", Fresh: "new", Interpreter: func(path string) string {
		return map[string]string{"/usr/bin/script": "/usr/bin/true", "/usr/bin/true": "", "/usr/bin/dynamic": "/usr/lib/ld.so", "/usr/bin/again": "/usr/bin/again"}[path]
	}, Look: func(path string) (Kind, string) {
		if at, ok := host[path]; ok {
			return at.kind, at.real
		}
		return KindMissing, ""
	}}
}

func access(t *testing.T, text string) policy.Access {
	t.Helper()
	a, err := policy.ParseAccess(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestPlan(t *testing.T) {
	const none, egress, hosted = "", "mode = \"egress\"\negress = [\"api.test:443\"]\n", "mode = \"host\"\n"
	for _, c := range []struct {
		network, access string
		how             How
		path, untried   string
	}{
		{none, "exec /usr/bin/true", HowOpen, "/usr/bin/true", ""},
		{none, "map /lib/x.so", HowOpen, "/lib/x.so", ""},
		{none, "read /usr/bin", HowOpen, "/usr/bin", ""},
		{none, "exec /usr/bin", "", "", "a directory"},
		{none, "write /usr/bin/absent", HowFresh, "/usr/bin/new", ""},
		{none, "exec /usr/bin/absent", "", "", "does not exist"},

		{none, "exec /usr/bin/script", HowOpen, "/usr/bin/script", ""},
		{none, "exec /usr/bin/again", HowOpen, "/usr/bin/again", ""},
		{none, "exec /usr/bin/dynamic", "", "", "/usr/lib/ld.so starts it"},
		{none, "map /usr/bin/dynamic", HowOpen, "/usr/bin/dynamic", ""},

		// What a link of the host leads to is decided by itself.
		{none, "read /etc/alternatives/true", HowOpen, "/etc/alternatives/true", ""},
		{none, "read /etc/alternatives/pager", "", "", "leads to /usr/share/less"},

		// A new file stands for what is not there, where the same entry decides.
		{none, "write /srv/job/a/b", HowFresh, "/srv/job/new", ""},
		{none, "exec /srv/job/x", HowFresh, "/srv/job/new", ""},
		{none, "write /srv/other", HowFresh, "/srv/new", ""},
		{none, "read /srv/other", "", "", "does not exist"},
		{none, "write /srv/mixed/out/x", "", "", "does not exist"},

		// What is private to the sandbox is empty, whatever the host has there.
		{none, "read /tmp/there", HowFresh, "/tmp/new", ""},
		{none, "exec /tmp/deep/there", HowFresh, "/tmp/new", ""},
		{none, "read /tmp", HowOpen, "/tmp", ""},
		{none, "write /dev/shm/x", HowFresh, "/dev/shm/new", ""},

		// What does something when it is opened is not opened.
		{none, "write /dev/null", HowOpen, "/dev/null", ""},
		{none, "read /dev/kmsg", HowLook, "/dev/kmsg", ""},
		{none, "write /run/socket", HowLook, "/run/socket", ""},
		{none, "read /proc/self/fd/0", HowLook, "/proc/self/fd/0", ""},

		{none, "connect 192.0.2.7:443", HowDial, "", ""},
		{none, "connect 127.0.0.1:22", HowLocal, "", ""},
		{none, "connect localhost:22", HowLocal, "", ""},
		{none, "connect api.test:443", HowRoute, "", ""},
		{none, "resolve api.test", HowRoute, "", ""},
		{none, "resolve 192.0.2.7", "", "", "an address"},
		{egress, "connect api.test:443", "", "", "leave this machine"},
		{egress, "resolve api.test", "", "", "leave this machine"},
		{egress, "connect api.test:80", HowGateway, "", ""},
		{egress, "resolve evil.test", HowGateway, "", ""},
		{egress, "connect 192.0.2.7:443", HowGateway, "", ""},
		{egress, "connect [::1]:443", HowLocal, "", ""},
		{hosted, "connect api.test:443", "", "", "leave this machine"},

		{none, "env X", HowState, "", ""},
		{none, "rlimit nofile=1", HowState, "", ""},
		{none, "capability CHOWN", HowState, "", ""},
		{none, "syscall unshare", HowCall, "", ""},
		{none, "syscall reboot", "", "", "does no harm"},
		{none, "syscall execve", "", "", "does no harm"},
	} {
		t.Run(c.network+c.access, func(t *testing.T) {
			got := planner(t, c.network).Plan(access(t, c.access))
			if got.How != c.how || got.Path != c.path || (c.untried == "") != (got.Untried == "") || !strings.Contains(got.Untried, c.untried) {
				t.Errorf("%+v", got)
			}
			if got.Access != access(t, c.access).String() {
				t.Errorf("access %q", got.Access)
			}
		})
	}
}

// TestPlanWithNetwork: with leave, what is allowed is tried too, but for the machine's own
// network.
func TestPlanWithNetwork(t *testing.T) {
	for network, want := range map[string]How{"mode = \"egress\"\negress = [\"api.test:443\"]\n": HowGateway, "mode = \"host\"\n": ""} {
		p := planner(t, network)
		p.Network = true
		if got := p.Plan(access(t, "connect api.test:443")); got.How != want || got.Alone {
			t.Errorf("%s: %+v", network, got)
		}
	}
}

// TestHarmless: the call that is made is the one that the access states.
func TestHarmless(t *testing.T) {
	for _, c := range []struct {
		access string
		want   map[int]uint64
		ok     bool
	}{
		{"syscall getpid", nil, true},
		{"syscall clone3", nil, true},
		{"syscall ptrace", map[int]uint64{0: 7}, true},
		{"syscall socket(arg0=AF_UNIX)", map[int]uint64{0: 1, 1: 1}, true},
		{"syscall socket(arg0=AF_NETLINK, arg2=12)", map[int]uint64{0: 16, 2: 12}, true},
		{"syscall personality(arg0=0xffffffff)", map[int]uint64{0: 0xffffffff}, true},
		{"syscall prctl(arg0=PR_CAPBSET_READ)", map[int]uint64{0: 23}, true},
		// A process that is there is not for others to signal.
		{"syscall kill(arg0=1)", nil, false},
		{"syscall mount", nil, false},
		{"syscall reboot(arg0=0)", nil, false},
		{"syscall execve", nil, false},
	} {
		for _, machine := range []string{"x86_64", "aarch64"} {
			a := access(t, c.access)
			call, ok := harmless(a, machine)
			if ok != c.ok {
				t.Errorf("%s on %s: %t", c.access, machine, ok)
				continue
			}
			if !ok {
				continue
			}
			arch, err := syscalls.ParseArch(machine)
			if err != nil {
				t.Fatal(err)
			}
			if number, err := arch.Number(a.Target); err != nil || number != call.Number {
				t.Errorf("%s on %s: number %d, expected %d (%v)", c.access, machine, call.Number, number, err)
			}
			for i, want := range c.want {
				if call.Arguments[i] != want {
					t.Errorf("%s on %s: argument %d is %#x", c.access, machine, i, call.Arguments[i])
				}
			}
		}
	}
}
