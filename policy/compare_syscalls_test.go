package policy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"confine/policy"
	"confine/policy/syscalls"

	"pgregory.net/rapid"
)

// comparedCalls are some of each kind: whole in a base list, there by their arguments, in
// one list only, and in none.
var comparedCalls = []string{"getpid", "socket", "personality", "ptrace", "openat", "flock", "inotify_init1", "clone"}

// drawSyscalls draws a [syscalls] table over few calls. Rules that say nothing are
// errors: then there are none.
func drawSyscalls(t *rapid.T, name string) *policy.Policy {
	base := rapid.SampledFrom([]string{"connector", "connector", "default", "unrestricted"}).Draw(t, name+" base")
	text := "schema = 1\nname = \"p\"\n[syscalls]\nbase = \"" + base + "\"\n"
	if base == "unrestricted" {
		return parsed(t, text)
	}
	membership := map[string]string{}
	for _, call := range comparedCalls {
		membership[call] = rapid.SampledFrom([]string{"", "", "", "allow", "deny"}).Draw(t, name+" "+call)
	}
	for _, list := range []string{"allow", "deny"} {
		var named []string
		for _, call := range comparedCalls {
			if membership[call] == list {
				named = append(named, fmt.Sprintf("%q", call))
			}
		}
		text += fmt.Sprintf("%s = [%s]\n", list, strings.Join(named, ", "))
	}
	with := text
	for _, call := range []string{"socket", "personality", "openat"} {
		for _, when := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{
			"arg0 == 1", "arg0 in [1, 2]", "arg0 == 10", "arg0 < 3", "arg0 != 2", "arg0 & 3 == 1",
			"arg2 & O_DIRECTORY == O_DIRECTORY", "arg2 > 5",
		}), 0, 2, rapid.ID).Draw(t, name+" rules for "+call) {
			with += fmt.Sprintf("[[syscalls.rule]]\nsyscall = %q\nwhen = [%q]\n", call, when)
		}
	}
	if p, err := policy.Parse("p.toml", []byte(with)); err == nil {
		return p
	}
	return parsed(t, text)
}

func parsed(t *rapid.T, text string) *policy.Policy {
	p, err := policy.Parse("p.toml", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return p
}

// anyCall draws a call of which all arguments are given.
func anyCall() *rapid.Generator[policy.Access] {
	return rapid.Custom(func(t *rapid.T) policy.Access {
		a := policy.Access{Kind: policy.AccessSyscall, Target: rapid.SampledFrom(comparedCalls).Draw(t, "call")}
		for i := range syscalls.Arguments(a.Target) {
			value := rapid.SampledFrom([]uint64{0, 1, 2, 3, 5, 6, 9, 10, 0x4000, 0x10000, 0x20000}).Draw(t, "value")
			value |= rapid.SampledFrom([]uint64{0, 0, 1 << 32}).Draw(t, "high")
			a.Args[i] = syscalls.Argument(fmt.Sprintf("%#x", value))
		}
		return a
	})
}

// about reports whether a change is about an access to a system call.
func about(c policy.Change, a policy.Access) bool {
	return c.Subject == a.Target || slices.Contains(c.Calls, a.Target)
}

// TestCompareSyscalls: what is newly allowed or denied shows as a change of the call, and
// what is called so by an example is.
func TestCompareSyscalls(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		older, newer := drawSyscalls(t, "older"), drawSyscalls(t, "newer")
		changes := policy.Compare(older, newer)
		for _, a := range rapid.SliceOfN(anyCall(), 50, 50).Draw(t, "calls") {
			was, now := older.Decide(a), newer.Decide(a)
			if was.Allowed != now.Allowed && !slices.ContainsFunc(changes, func(c policy.Change) bool {
				return c.Loosened == now.Allowed && about(c, a)
			}) {
				t.Fatalf("%s was: %s; now: %s; and nothing of it in %+v", a, was.Because, now.Because, changes)
			}
		}
		for _, c := range changes {
			examples := []policy.Access{c.Example}
			for _, call := range c.Calls {
				examples = append(examples, policy.Access{Kind: policy.AccessSyscall, Target: call})
			}
			for _, e := range examples {
				if e.Kind == "" {
					continue
				}
				was, now := older.Decide(e), newer.Decide(e)
				if was.Allowed == now.Allowed || now.Allowed != c.Loosened {
					t.Fatalf("%s of %+v: allowed %v before and %v now", e, c, was.Allowed, now.Allowed)
				}
			}
		}
		if same := policy.Compare(older, older); len(same) > 0 {
			t.Fatalf("a policy differs from itself: %+v", same)
		}
	})
}

// TestCompareSyscallsSays: what a change says of single calls and of a whole base list.
func TestCompareSyscallsSays(t *testing.T) {
	for name, c := range map[string]struct {
		older, newer string
		want         []string
	}{
		"a wider base list": {
			"base = 'connector'", "base = 'default'\ndeny = ['ioctl', 'clone', 'open', 'chmod']",
			[]string{
				"loosened syscalls.base accept and 141 more: denied by connector, allowed by default, e.g. syscall accept",
				"loosened syscalls.base creat: denied by connector, allowed by default with these arguments, e.g. syscall creat(arg1=0x0)",
				"loosened syscalls.base fchmod: denied by connector, allowed by default with these arguments, e.g. syscall fchmod(arg1=0x0)",
				"loosened syscalls.base fchmodat2: denied by connector, allowed by default with these arguments, e.g. syscall fchmodat2(arg2=0x0)",
				"loosened syscalls.base mknod: denied by connector, allowed by default with these arguments, e.g. syscall mknod(arg1=0x0)",
				"loosened syscalls.base mknodat: denied by connector, allowed by default with these arguments, e.g. syscall mknodat(arg2=0x0)",
				"loosened syscalls.base prctl: denied by connector, allowed by default with these arguments, e.g. syscall prctl(arg0=0x1)",
				"tightened syscalls.deny chmod: allowed by connector with these arguments, denied by syscalls.deny, e.g. syscall chmod(arg1=0x0)",
				"tightened syscalls.deny clone: allowed by connector with these arguments, denied by syscalls.deny, e.g. syscall clone(arg0=0x0)",
				"tightened syscalls.deny ioctl: allowed by connector with these arguments, denied by syscalls.deny, e.g. syscall ioctl(arg1=0x5401)",
				"tightened syscalls.deny open: allowed by connector with these arguments, denied by syscalls.deny, e.g. syscall open(arg1=0x0)",
			},
		},
		"a deny that is gone": {
			"deny = ['ptrace', 'getpid']", "",
			[]string{
				"loosened syscalls.base getpid: denied by syscalls.deny, allowed by connector, e.g. syscall getpid",
				"loosened undecided syscalls.deny ptrace: denied by syscalls.deny, denied by connector",
			},
		},
		"rules": {
			"[[syscalls.rule]]\nsyscall = 'socket'\nwhen = ['arg0 in [AF_INET, AF_UNIX]']",
			"[[syscalls.rule]]\nsyscall = 'socket'\nwhen = ['arg0 == 10']\n[[syscalls.rule]]\nsyscall = 'socket'\nwhen = ['arg0 == 2']",
			[]string{
				"loosened syscalls.rule socket: no [[syscalls.rule]] for socket allows these arguments, " +
					"a [[syscalls.rule]] allows it: arg0 == 10, e.g. syscall socket(arg0=0xa)",
				"tightened syscalls.rule socket: a [[syscalls.rule]] allows it: arg0 in [AF_INET, AF_UNIX], " +
					"no [[syscalls.rule]] for socket allows these arguments, e.g. syscall socket(arg0=0x1)",
			},
		},
		"another way to say the same": {
			"[[syscalls.rule]]\nsyscall = 'socket'\nwhen = ['arg0 in [AF_INET, AF_UNIX]']",
			"[[syscalls.rule]]\nsyscall = 'socket'\nwhen = ['arg0 == 1']\n[[syscalls.rule]]\nsyscall = 'socket'\nwhen = ['arg0 == 2']",
			nil,
		},
		"what the base list denies anyway": {"", "deny = ['ptrace']", nil},
		"another answer":                   {"", "on_deny = 'kill'", []string{"loosened undecided syscalls.on_deny on_deny: errno, kill"}},
		"one architecture": {
			"[[syscalls.rule]]\nsyscall = 'openat'\nwhen = ['arg2 & 0o200000 == 0o200000']",
			"[[syscalls.rule]]\nsyscall = 'openat'\nwhen = ['arg2 & 0o200000 == 0o200000']\n" +
				"[[syscalls.rule]]\nsyscall = 'openat'\nwhen = ['arg2 & O_DIRECTORY == O_DIRECTORY']",
			[]string{
				"loosened syscalls.rule openat: no [[syscalls.rule]] for openat allows these arguments (openat(arg2=0x4000) on aarch64), " +
					"that depends on the architecture: denied on x86_64, allowed on aarch64 (openat(arg2=0x4000) on aarch64)",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			older, newer := mustParse(t, "[syscalls]\n"+c.older+"\n"), mustParse(t, "[syscalls]\n"+c.newer+"\n")
			var got []string
			for _, change := range policy.Compare(older, newer) {
				got = append(got, sentence(change))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s\nwant %s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// sentence is a change on one line.
func sentence(c policy.Change) string {
	text := "tightened "
	if c.Loosened {
		text = "loosened "
	}
	if c.Undecided {
		text += "undecided "
	}
	text += c.Clause + " " + c.Subject + ": " + c.Was + ", " + c.Now
	if c.Example.Kind != "" {
		text += ", e.g. " + c.Example.String()
	}
	return text
}

// TestCompareUnrestricted: calls that have no name yet are allowed by no list.
func TestCompareUnrestricted(t *testing.T) {
	listed, open := mustParse(t, "[syscalls]\nbase = 'default'\n"), mustParse(t, "[syscalls]\nbase = 'unrestricted'\n")
	for _, loosened := range []bool{true, false} {
		older, newer := listed, open
		if !loosened {
			older, newer = open, listed
		}
		changes := policy.Compare(older, newer)
		if !slices.ContainsFunc(changes, func(c policy.Change) bool { return c.Subject == "calls without a name" && c.Loosened == loosened }) {
			t.Errorf("nothing of calls without a name in %+v", changes)
		}
		for _, c := range changes {
			if c.Loosened != loosened || c.Undecided {
				t.Errorf("%+v", c)
			}
		}
	}
}
