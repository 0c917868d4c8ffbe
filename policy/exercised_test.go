package policy_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"confine/policy"

	"pgregory.net/rapid"
)

func parseTests(t interface{ Fatal(...any) }, text string) *policy.Tests {
	tests, err := policy.ParseTests("p.test.toml", []byte(text))
	if err != nil {
		t.Fatal(told(err) + text)
	}
	return tests
}

// unexercised gives the entries as "clause subject line:column".
func unexercised(t *testing.T, text, cases string) []string {
	t.Helper()
	entries, err := parseTests(t, cases).Unexercised(func(params map[string]string) (*policy.Policy, error) {
		return shelf{"p": headed("p", text)}.resolve("p", policy.Options{Parameters: params})
	})
	if err != nil {
		t.Fatal(told(err))
	}
	var out []string
	for _, e := range entries {
		if e.At.File != "p.toml" {
			t.Errorf("%s %s is in %q", e.Clause, e.Subject, e.At.File)
		}
		out = append(out, fmt.Sprintf("%s %s %d:%d", e.Clause, e.Subject, e.At.Line, e.At.Column))
	}
	return out
}

// everyEntry states every entry that an access can show, each on a line of its own, with
// an access that shows it behind "#".
const everyEntry = `[filesystem]
links = { "/bin" = "/usr/bin" }    # allow exec /bin/sh
exec  = ["/usr/bin"]               # allow exec /usr/bin/sh
map   = ["/usr/lib?"]              # allow map /usr/lib/x.so
read  = ["/etc/hosts"]             # allow read /etc/hosts
write = ["/data"]                  # allow write /data/x
tmp   = ["/tmp"]                   # allow write /tmp/x
hide  = ["/data/hidden"]           # deny read /data/hidden/x
absent = ["/data/absent"]          # deny read /data/absent/x
proc  = "self"                     # allow read /proc/self/maps
dev   = "minimal"                  # allow read /dev/null
[network]
mode = "egress"                    # allow resolve example.com
egress = [
  "example.com:443",               # allow connect example.com:443
  "10.1.2.3:443",                  # allow connect 10.1.2.3:443
]
private = ["10.0.0.0/8"]           # allow connect 10.1.2.3:443
[rlimits]
nofile = 1024                      # deny rlimit nofile=1025
[capabilities]
keep = ["NET_BIND_SERVICE"]        # allow capability NET_BIND_SERVICE
[syscalls]
base  = "default"                  # allow syscall setuid
allow = ["ptrace"]                 # allow syscall ptrace
deny  = ["kill"]                   # deny syscall kill
[[syscalls.rule]]                  # deny syscall socket(arg0=AF_INET)
syscall = "socket"
when = ["arg0 == AF_UNIX"]
[environment]
pass = ["LANG"]                    # allow env LANG
set.HOME = "/secret-home"          # allow env HOME
`

// TestUnexercised takes the access that shows an entry away, one after the other.
func TestUnexercised(t *testing.T) {
	cases := func(skip string) string {
		var out strings.Builder
		for i, line := range strings.Split(everyEntry, "\n") {
			_, show, ok := strings.Cut(line, "# ")
			if list, access, _ := strings.Cut(show, " "); ok && !strings.Contains(show, skip) {
				fmt.Fprintf(&out, "[[case]]\nname = \"line %d\"\n%s = [\"%s\"]\n", i, list, access)
			}
		}
		return out.String()
	}
	if got := unexercised(t, everyEntry, cases("nothing")); got != nil {
		t.Fatalf("with an access for each entry: %q", got)
	}
	for skip, want := range map[string][]string{
		"/bin/sh":          {"filesystem.links /bin 4:11", "filesystem.exec /usr/bin 5:10"},
		"/usr/lib/x.so":    {"filesystem.map /usr/lib 6:10"},
		"/etc/hosts":       {"filesystem.read /etc/hosts 7:10"},
		"/data/x":          {"filesystem.write /data 8:10"},
		"/tmp/x":           {"filesystem.tmp /tmp 9:10"},
		"/data/hidden/x":   {"filesystem.hide /data/hidden 10:10"},
		"/data/absent/x":   {"filesystem.absent /data/absent 11:11"},
		"/proc/self":       {"filesystem.proc self 12:9"},
		"/dev/null":        {"filesystem.dev minimal 13:9"},
		"example.com":      {"network.egress example.com:443 17:3"},
		"10.1.2.3":         {"network.egress 10.1.2.3:443 18:3", "network.private 10.0.0.0/8 20:12"},
		"nofile":           {"rlimits.nofile 1024 22:10"},
		"NET_BIND_SERVICE": {"capabilities.keep CAP_NET_BIND_SERVICE 24:9"},
		"setuid":           {"syscalls.base default 26:9"},
		"ptrace":           {"syscalls.allow ptrace 27:10"},
		"kill":             {"syscalls.deny kill 28:10"},
		"AF_INET":          {"syscalls.rule socket arg0 == AF_UNIX 29:12"},
		"LANG":             {"environment.pass LANG 33:9"},
		"HOME":             {"environment.set HOME 34:12"},
	} {
		got := unexercised(t, everyEntry, cases(skip))
		if !slices.Equal(got, want) {
			t.Errorf("without %s: %q, expected %q", skip, got, want)
		}
	}
}

func TestUnexercisedRules(t *testing.T) {
	one := func(list, access string) string {
		return fmt.Sprintf("[[case]]\nname = \"one\"\n%s = [\"%s\"]\n", list, access)
	}
	for name, c := range map[string]struct {
		policy, cases string
		want          []string
	}{
		"defaults are no entries": {"", one("deny", "read /x"), nil},
		"what is closed is opened instead": {
			"[filesystem]\nproc = 'none'\ndev = 'none'\n[network]\nmode = 'none'\n", one("deny", "syscall ptrace"),
			[]string{"filesystem.proc none 4:8", "filesystem.dev none 5:7", "network.mode none 7:8"},
		},
		"what is closed and tried": {
			"[network]\nmode = 'none'\n", one("deny", "connect example.com:443"), nil,
		},
		"a host that another entry names too": {
			"[network]\nmode = 'egress'\negress = ['a.example.com:443', '*.example.com:443']\n", one("allow", "connect a.example.com:443"),
			[]string{"network.egress a.example.com:443 5:11", "network.egress *.example.com:443 5:32"},
		},
		"what fails already shows nothing": {
			"[filesystem]\nread = ['/a']\n", one("deny", "read /a"), []string{"filesystem.read /a 4:9"},
		},
		"an outer entry that says the same, told apart by the clause": {
			"[filesystem]\nread = ['/a']\nmap = ['/a/b']\n",
			"[[case]]\nname = 'by'\nby = 'filesystem.map'\nallow = ['read /a/b/x']\n",
			[]string{"filesystem.read /a 4:9"},
		},
		"private, for what names resolve into": {
			"[network]\nmode = 'egress'\negress = ['example.com:443']\nprivate = ['10.0.0.0/8']\n", one("allow", "connect example.com:443"), nil,
		},
		"no filter could be one": {
			"[syscalls]\nbase = 'unrestricted'\n", one("allow", "syscall read"), []string{"syscalls.base unrestricted 4:8"},
		},
		"no filter that is needed": {
			"[syscalls]\nbase = 'unrestricted'\n", one("allow", "syscall ptrace"), nil,
		},
		"no access shows these": {
			"[network]\nmode = 'egress'\negress = ['example.com:443']\nfronting = 'allow'\nmax_bytes = 1\nmax_connections = 1\n" +
				"[syscalls]\non_deny = 'kill'\n[process]\nwall_time = '1h'\nmemory = '1GiB'\npids = 9\n" +
				"[[accept]]\nbackend = 'gvisor'\nclause = 'filesystem.map'\nreason = 'r'\nuntil = 2030-01-01\n",
			one("allow", "connect example.com:443"), nil,
		},
		"values of parameters": {
			"[params.tenant]\ntype = 'label'\n[filesystem]\nread = ['/data/${tenant}?', '/data/${tenant}/more']\n",
			"[[case]]\nname = 'a'\nparams = { tenant = 'acme' }\nallow = ['read /data/acme/x']\n" +
				"[[case]]\nname = 'b'\nparams = { tenant = 'zoo' }\nallow = ['read /data/zoo/x']\n",
			[]string{"filesystem.read /data/${tenant}/more 6:29"},
		},
		"shown with other values": {
			"[params.tenant]\ntype = 'label'\n[filesystem]\nread = ['/data/${tenant}']\n",
			"[[case]]\nname = 'a'\nparams = { tenant = 'acme' }\ndeny = ['read /data/zoo/x']\n" +
				"[[case]]\nname = 'b'\nparams = { tenant = 'zoo' }\nallow = ['read /data/zoo/x']\n" +
				"[[case]]\nname = 'c'\nparams = { tenant = 'moo' }\ndeny = ['read /data/zoo/x']\n",
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := unexercised(t, c.policy, c.cases); !slices.Equal(got, c.want) {
				t.Errorf("%q, expected %q", got, c.want)
			}
		})
	}
}

// TestUnexercisedInherited: what a base states is an entry too, with its place, and one
// that replaced an entry of a base does not bring it back when it goes.
func TestUnexercisedInherited(t *testing.T) {
	s := shelf{
		"base": headed("base", "[filesystem]\nread = ['/a', '/b']\n"),
		"p":    headed("p", "extends = ['base']\n[filesystem]\nwrite = ['/a']\n"),
	}
	entries, err := parseTests(t, "[[case]]\nname = 'one'\nallow = ['read /a']\n").Unexercised(func(map[string]string) (*policy.Policy, error) {
		return s.resolve("p", policy.Options{})
	})
	want := policy.Entry{Clause: "filesystem.read", Subject: "/b", At: policy.Position{File: "base.toml", Line: 4, Column: 15}}
	if err != nil || len(entries) != 1 || entries[0] != want {
		t.Errorf("%v, %v; expected %v", entries, err, want)
	}
}

// TestUnexercisedResolvesOnce: policies are resolved once for each set of values, and what
// goes wrong is told.
func TestUnexercisedResolvesOnce(t *testing.T) {
	asked := 0
	tests := parseTests(t, "[[case]]\nname = 'a'\nparams = { x = 'a b', y = 'c' }\ndeny = ['read /a']\n"+
		"[[case]]\nname = 'b'\nparams = { y = 'c', x = 'a b' }\ndeny = ['read /b']\n"+
		"[[case]]\nname = 'c'\nparams = { x = 'a', b = 'y:c' }\ndeny = ['read /c']\n")
	wrong := errors.New("wrong")
	resolve := func(params map[string]string) (*policy.Policy, error) {
		asked++
		if params["b"] != "" {
			return nil, wrong
		}
		return policy.Parse("p.toml", []byte(headed("p", "")))
	}
	_, err := tests.Unexercised(resolve)
	if !errors.Is(err, wrong) || err.Error() != "p.test.toml:9:3: wrong" {
		t.Errorf("error %v", err)
	}
	if asked != 2 {
		t.Errorf("resolved %d times, expected 2", asked)
	}
}

// TestUnexercisedAgainstAllCases: the answer is that of running all cases on the policy
// without the entry, and looking for failures that there were not before.
func TestUnexercisedAgainstAllCases(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := policyWithCalls(t)
		tests := parseTests(t, casesFor(t, p))
		entries, err := tests.Unexercised(func(map[string]string) (*policy.Policy, error) { return p, nil })
		if err != nil {
			t.Fatal(err)
		}
		got := map[policy.Position]bool{}
		for _, e := range entries {
			got[e.At] = true
		}
		failing := func(p *policy.Policy) map[policy.Position]bool {
			at := map[policy.Position]bool{}
			for _, d := range tests.Run(func(map[string]string) (*policy.Policy, error) { return p, nil }) {
				at[d.At] = true
			}
			return at
		}
		before := failing(p)
		for _, m := range lesser(p) {
			after := failing(m.policy)
			maps.DeleteFunc(after, func(at policy.Position, _ bool) bool { return before[at] })
			if exercised := len(after) > 0; exercised == got[m.at] {
				t.Fatalf("%s: exercised %v, told %v", m.at, exercised, !got[m.at])
			}
		}
	})
}

func policyWithCalls(t *rapid.T) *policy.Policy {
	tables := tablesOf(t, true)
	if at := rapid.IntRange(0, 2).Draw(t, "links"); at == 0 {
		tables = tablesOf(t, false)
	}
	calls := rapid.SampledFrom([]string{"", "base = 'connector'\n", "base = 'default'\n"}).Draw(t, "base")
	calls += rapid.SampledFrom([]string{"", "allow = ['ptrace', 'setuid']\n", "allow = ['socket']\n"}).Draw(t, "allow")
	calls += rapid.SampledFrom([]string{"", "deny = ['kill']\n", "deny = ['setgid', 'read']\n"}).Draw(t, "deny")
	for _, when := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"AF_UNIX", "AF_INET", "AF_NETLINK"}), 0, 3, rapid.ID[string]).Draw(t, "rules") {
		calls += fmt.Sprintf("[[syscalls.rule]]\nsyscall = 'socket'\nwhen = ['arg0 == %s']\n", when)
	}
	for _, with := range []string{calls, ""} {
		tables["syscalls"] = with
		if p, err := policy.Parse("p.toml", []byte(headed("p", textOf(tables)))); err == nil {
			return p
		}
	}
	return randomPolicy(t, "p")
}

// casesFor gives cases most of which the policy passes.
func casesFor(t *rapid.T, p *policy.Policy) string {
	someCalls := []string{
		"syscall ptrace", "syscall kill", "syscall setuid", "syscall setgid", "syscall read", "syscall socket",
		"syscall socket(arg0=AF_UNIX)", "syscall socket(arg0=AF_INET)", "syscall socket(arg0=AF_NETLINK)",
	}
	var out strings.Builder
	for i := range rapid.IntRange(1, 25).Draw(t, "cases") {
		access := anyAccess().Draw(t, "access")
		if rapid.IntRange(0, 3).Draw(t, "call") == 0 {
			access, _ = policy.ParseAccess(rapid.SampledFrom(someCalls).Draw(t, "which"))
		}
		d := p.Decide(access)
		list := "deny"
		if d.Allowed != (rapid.IntRange(0, 9).Draw(t, "fails") == 0) {
			list = "allow"
		}
		fmt.Fprintf(&out, "[[case]]\nname = '%d'\n%s = [%q]\n", i, list, access)
		if rapid.IntRange(0, 3).Draw(t, "by") == 0 {
			fmt.Fprintf(&out, "by = %q\n", d.Clause)
		}
	}
	return out.String()
}

// lesserPolicy is a policy without the entry at a place.
type lesserPolicy struct {
	at     policy.Position
	policy *policy.Policy
}

// lesser drops what lists hold, and turns what has one value, by the exported fields.
func lesser(p *policy.Policy) []lesserPolicy {
	var out []lesserPolicy
	add := func(at policy.Position, change func(*policy.Policy)) {
		if !at.IsZero() {
			q := *p
			change(&q)
			out = append(out, lesserPolicy{at, &q})
		}
	}
	for i, e := range p.Filesystem.Entries {
		add(e.At, func(q *policy.Policy) { q.Filesystem.Entries = cutOut(q.Filesystem.Entries, i) })
	}
	for i, e := range p.Filesystem.Links {
		add(e.At, func(q *policy.Policy) { q.Filesystem.Links = cutOut(q.Filesystem.Links, i) })
	}
	for i, e := range p.Network.Egress {
		add(e.At, func(q *policy.Policy) { q.Network.Egress = cutOut(q.Network.Egress, i) })
	}
	for i, e := range p.Rlimits {
		add(e.At, func(q *policy.Policy) { q.Rlimits = cutOut(q.Rlimits, i) })
	}
	for i, e := range p.Capabilities {
		add(e.At, func(q *policy.Policy) { q.Capabilities = cutOut(q.Capabilities, i) })
	}
	for i, e := range p.Environment.Pass {
		add(e.At, func(q *policy.Policy) { q.Environment.Pass = cutOut(q.Environment.Pass, i) })
	}
	for i, e := range p.Environment.Set {
		add(e.At, func(q *policy.Policy) { q.Environment.Set = cutOut(q.Environment.Set, i) })
	}
	for i, e := range p.Syscalls.Allow {
		add(e.At, func(q *policy.Policy) { q.Syscalls.Allow = cutOut(q.Syscalls.Allow, i) })
	}
	for i, e := range p.Syscalls.Deny {
		add(e.At, func(q *policy.Policy) { q.Syscalls.Deny = cutOut(q.Syscalls.Deny, i) })
	}
	for i, e := range p.Syscalls.Rules {
		add(e.At, func(q *policy.Policy) { q.Syscalls.Rules = cutOut(q.Syscalls.Rules, i) })
	}
	add(p.Filesystem.ProcAt, func(q *policy.Policy) {
		q.Filesystem.Proc = policy.ProcNone
		if p.Filesystem.Proc == policy.ProcNone {
			q.Filesystem.Proc = policy.ProcSelf
		}
	})
	add(p.Filesystem.DevAt, func(q *policy.Policy) {
		q.Filesystem.Dev = policy.DevNone
		if p.Filesystem.Dev == policy.DevNone {
			q.Filesystem.Dev = policy.DevMinimal
		}
	})
	add(p.Network.At, func(q *policy.Policy) {
		q.Network.Mode = policy.NetworkNone
		if p.Network.Mode == policy.NetworkNone {
			q.Network.Mode = policy.NetworkHost
		}
	})
	other := "default"
	if p.Syscalls.Base == other {
		other = policy.SyscallsConnector
	}
	add(p.Syscalls.At, func(q *policy.Policy) { q.Syscalls.Base = other })
	return out
}

func cutOut[T any](list []T, at int) []T {
	var out []T
	for i, item := range list {
		if i != at {
			out = append(out, item)
		}
	}
	return out
}

// BenchmarkUnexercised drops a hundred entries under a hundred and fifty accesses.
func BenchmarkUnexercised(b *testing.B) {
	var read, allow []string
	for i := range 100 {
		read = append(read, fmt.Sprintf("'/a/b/c/d%d'", i))
		allow = append(allow, fmt.Sprintf("'read /a/b/c/d%d/x/y'", i))
	}
	for i := range 25 {
		allow = append(allow, fmt.Sprintf("'syscall socket(arg0=AF_UNIX, arg1=%d)'", i), "'read /bin/x'")
	}
	p, err := policy.Parse("p.toml", []byte(headed("p",
		"[filesystem]\nlinks = { '/bin' = '/a/b/c/d1' }\nread = ["+strings.Join(read, ", ")+"]\n[syscalls]\nbase = 'default'\n")))
	if err != nil {
		b.Fatal(told(err))
	}
	tests := parseTests(b, "[[case]]\nname = 'all'\nallow = ["+strings.Join(allow, ", ")+"]\n")
	for b.Loop() {
		if _, err := tests.Unexercised(func(map[string]string) (*policy.Policy, error) { return p, nil }); err != nil {
			b.Fatal(err)
		}
	}
}
