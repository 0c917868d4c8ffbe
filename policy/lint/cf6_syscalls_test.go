package lint_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"confine/policy/lint"
	"confine/policy/syscalls"
)

// syscallFindings gives the findings of a [syscalls] table as "CODE message".
func syscallFindings(t *testing.T, table string) []string {
	t.Helper()
	var out []string
	for _, f := range findings(t, lint.Linter{}, "schema = 1\nname = \"acme\"\n[syscalls]\n"+table+"\n") {
		if f.Rule.Code == "CF001" {
			t.Fatalf("not valid: %s", f.Message)
		}
		if strings.HasPrefix(f.Rule.Code, "CF6") {
			out = append(out, f.Rule.Code+" "+f.Message)
		}
	}
	return out
}

func TestSyscallFindings(t *testing.T) {
	for name, tt := range map[string]struct {
		table string
		want  []string
	}{
		"connector":           {`base = "connector"`, nil},
		"default":             {`base = "default"`, nil},
		"no filter":           {`base = "unrestricted"`, []string{"CF601 no system call is filtered"}},
		"narrowed, and open":  {"allow = [\"bpf\"]\n[[syscalls.rule]]\nsyscall = \"bpf\"\nwhen = [\"arg0 == 5\"]", []string{"CF603 bpf is allowed"}},
		"clone whole":         {`allow = ["clone"]`, []string{"CF610 clone is allowed whole, namespaces included"}},
		"clone by other bits": {"allow = [\"clone\"]\n[[syscalls.rule]]\nsyscall = \"clone\"\nwhen = [\"arg0 == 0x10000011\"]", []string{"CF610 clone is allowed whole, namespaces included"}},
		"clone of threads": {
			"allow = [\"clone\"]\n[[syscalls.rule]]\nsyscall = \"clone\"\nwhen = [\"arg0 & 0x7e020000 == 0\"]",
			[]string{"CF614 clone is allowed by the base list connector already"},
		},
		"a pair of sockets": {
			"allow = [\"socketpair\"]\n[[syscalls.rule]]\nsyscall = \"socketpair\"\nwhen = [\"arg0 in [AF_UNIX, AF_VSOCK]\"]",
			[]string{"CF613 socketpair is allowed with AF_VSOCK"},
		},
		"netlink": {
			"allow = [\"socket\"]\n[[syscalls.rule]]\nsyscall = \"socket\"\nwhen = [\"arg0 in [AF_INET, AF_NETLINK]\"]",
			[]string{"CF615 socket is taken whole, past what connector says of its arguments"},
		},
		"sockets but one": {
			"allow = [\"socket\"]\n[[syscalls.rule]]\nsyscall = \"socket\"\nwhen = [\"arg0 != AF_ALG\"]",
			[]string{"CF613 socket is allowed with AF_PACKET, AF_VSOCK, AF_RDS and 31 more"},
		},
		"allowed and narrowed": {
			"base = \"default\"\nallow = [\"kill\"]\n[[syscalls.rule]]\nsyscall = \"kill\"\nwhen = [\"arg1 == 15\"]",
			[]string{"CF614 kill is allowed by the base list default already"},
		},
		"execve":        {`allow = ["execve"]`, []string{"CF614 execve is allowed by the base list connector already"}},
		"mode":          {`allow = ["chmod"]`, []string{"CF615 chmod is taken whole, past what connector says of its arguments"}},
		"denied anyway": {`deny = ["ptrace", "clone3", "kill"]`, []string{"CF616 nothing allows clone3, which is not in the base list connector", "CF616 nothing allows ptrace, which is not in the base list connector"}},
		"kill, allowed": {"on_deny = \"kill\"\nallow = [\"sysinfo\", \"getppid\"]", nil},
		"kill, one allowed": {
			"on_deny = \"kill\"\nallow = [\"sysinfo\"]",
			[]string{"CF618 sh makes getppid: denied, and so killed"},
		},
		"an idle rule": {
			"[[syscalls.rule]]\nsyscall = \"socketpair\"\nwhen = [\"arg0 == AF_UNIX\"]",
			[]string{"CF619 the rules for socketpair take nothing away from connector"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := syscallFindings(t, tt.table)
			slices.Sort(got)
			if !slices.Equal(got, tt.want) {
				t.Errorf("%q\nexpected %q", got, tt.want)
			}
		})
	}
}

// A call that a rule objects to is found whichever base list it is allowed on top of, and
// no base list has one: the rules rest on that.
func TestBasesOpenNothing(t *testing.T) {
	calls := dangerous(t)
	if len(calls) < 60 {
		t.Fatalf("%d calls", len(calls))
	}
	for _, base := range syscalls.Bases() {
		if base.Open {
			continue
		}
		for call, code := range calls {
			d := syscalls.Set{Base: base.Name}.Decide(call, [6]syscalls.Argument{})
			if d.Verdict != syscalls.Denied {
				t.Errorf("%s has %s, and %s objects to it", base.Name, call, code)
			}
		}
		for _, call := range []string{"socket(arg0=AF_PACKET)", "socketpair(arg0=AF_VSOCK)", "clone(arg0=CLONE_NEWUSER)"} {
			name, args, err := syscalls.ParseCall(call)
			if err != nil {
				t.Fatal(err)
			}
			if d := (syscalls.Set{Base: base.Name}).Decide(name, args); d.Verdict != syscalls.Denied {
				t.Errorf("%s has %s", base.Name, call)
			}
		}
	}
}

// dangerous gives the calls that are objected to when allow names them, with the rule.
func dangerous(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, arch := range syscalls.Arches() {
		var names []string
		for name := range arch.Calls() {
			names = append(names, fmt.Sprintf("%q", name))
		}
		for _, f := range findings(t, lint.Linter{}, "schema = 1\nname = \"acme\"\n[syscalls]\nallow = ["+strings.Join(names, ", ")+"]\n") {
			call, ok := strings.CutSuffix(f.Message, " is allowed")
			if ok && strings.HasPrefix(f.Rule.Code, "CF6") {
				if was, twice := out[call]; twice && was != f.Rule.Code {
					t.Errorf("%s and %s object to %s", was, f.Rule.Code, call)
				}
				out[call] = f.Rule.Code
			}
		}
	}
	return out
}

// deny names every call that is found vital only if the base lists have it.
func TestVitalCallsAreOfTheBases(t *testing.T) {
	var names []string
	for name := range syscalls.X86_64.Calls() {
		if name != syscalls.Execve {
			names = append(names, fmt.Sprintf("%q", name))
		}
	}
	vital := 0
	for _, finding := range syscallFindings(t, "deny = ["+strings.Join(names, ", ")+"]") {
		text, ok := strings.CutPrefix(finding, "CF617 ")
		if !ok {
			continue
		}
		vital++
		call, _, _ := strings.Cut(text, " is denied: ")
		if d := (syscalls.Set{Base: "connector"}).Decide(call, [6]syscalls.Argument{}); d.Verdict == syscalls.Denied {
			t.Errorf("%s is vital, and connector lacks it", call)
		}
	}
	if vital < 15 {
		t.Errorf("%d vital calls", vital)
	}
}
