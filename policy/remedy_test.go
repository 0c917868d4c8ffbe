package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"confine/policy"
)

// TestRemedies: what is said to allow an access does, in a policy that extends the one
// that denies it.
func TestRemedies(t *testing.T) {
	const base = `schema = 1
name = "base"
[filesystem]
read = ["/etc/ssl"]
exec = ["/usr/bin"]
hide = ["/etc/ssl/private", "/usr/bin/su"]
write = ["/source"]
links = { "/bin" = "/usr/bin" }
%s
[rlimits]
nofile = 100
cpu = "1h"
[capabilities]
keep = []
[syscalls]
deny = ["uname", "ptrace"]
[[syscalls.rule]]
syscall = "socket"
when = ["arg0 == AF_UNIX"]
[environment]
pass = ["LANG"]
`
	accesses := []string{
		"read /etc/shadow", "read /etc/ssl/private", "read /etc/ssl/private/key", "write /etc/ssl/x", "exec /usr/bin/su",
		"exec /source/x", "map /source/x", "write /usr/bin", "exec /bin/su", "read /proc/self/maps", "read /dev/null",
		"read /proc/self/fd/0", "connect api.example.com:443", "connect 10.0.0.1:80", "connect [2001:db8::1]:443", "resolve example.com",
		"resolve 192.0.2.1", "capability CAP_NET_RAW", "rlimit nofile=1000", "rlimit cpu=7200", "env HOME",
		"syscall uname", "syscall ptrace", "syscall bpf", "syscall clone3", "syscall socket(arg0=AF_INET)",
		"syscall socket(arg0=AF_PACKET, arg1=SOCK_RAW)", "syscall ioctl(arg1=TIOCSTI)",
	}
	for _, network := range []string{"", "[network]\nmode = 'egress'\negress = ['other.example:443']\n"} {
		file := fmt.Sprintf(base, "") + network
		p, err := policy.Resolve(policy.Source{File: "p.toml", Text: []byte("schema = 1\nname = 'p'\nextends = ['base']\n")},
			policy.Options{Library: oneBase(file)})
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range accesses {
			access, err := policy.ParseAccess(text)
			if err != nil {
				t.Fatal(err)
			}
			if p.Decide(access).Allowed {
				t.Errorf("%s is allowed from the start", text)
			}
			remedy, ok := p.Remedy(access)
			if !ok {
				t.Errorf("%s: no remedy", text)
				continue
			}
			edited := fmt.Sprintf("schema = 1\nname = 'p'\nextends = ['base']\n[%s]\n%s\n", remedy.Table, strings.Join(remedy.Lines, "\n"))
			q, err := policy.Resolve(policy.Source{File: "p.toml", Text: []byte(edited)}, policy.Options{Library: oneBase(file)})
			if err != nil {
				t.Errorf("%s: %v\n%s", text, err, edited)
				continue
			}
			if d := q.Decide(access); !d.Allowed {
				t.Errorf("%s is still denied: %s\n%s", text, d.Because, edited)
			}
		}
		for _, text := range []string{"read /etc/ssl/x", "syscall read", "syscall socket", "write /proc/self/mem", "write /dev/stdout", "exec /dev/null", "syscall clone"} {
			access, err := policy.ParseAccess(text)
			if err != nil {
				t.Fatal(err)
			}
			if remedy, ok := p.Remedy(access); ok {
				t.Errorf("%s: %+v", text, remedy)
			}
		}
	}
}

// TestRemedyOfOwnDeny: what a file denies itself is taken out there.
func TestRemedyOfOwnDeny(t *testing.T) {
	p := mustParse(t, "[syscalls]\ndeny = ['uname', 'ptrace']\n")
	for text, want := range map[string]string{
		"syscall uname":  `{syscalls [] after taking "uname" out of deny, at `,
		"syscall ptrace": `{syscalls [allow = ["ptrace"]] after taking "ptrace" out of deny, at `,
	} {
		access, err := policy.ParseAccess(text)
		if err != nil {
			t.Fatal(err)
		}
		if r, ok := p.Remedy(access); !ok || !strings.HasPrefix(fmt.Sprint(r), want) {
			t.Errorf("%s: %+v", text, r)
		}
	}
}
