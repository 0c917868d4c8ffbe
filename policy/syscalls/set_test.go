package syscalls

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// call reads a call that is right.
func call(t *testing.T, text string) (string, [6]Argument) {
	t.Helper()
	name, args, err := ParseCall(text)
	if err != nil {
		t.Fatal(err)
	}
	return name, args
}

func rule(t *testing.T, syscall string, conditions ...string) SetRule {
	t.Helper()
	r := SetRule{Syscall: syscall}
	for _, text := range conditions {
		c, err := ParseCondition(text)
		if err != nil {
			t.Fatal(err)
		}
		r.When = append(r.When, c)
	}
	return r
}

func TestDecide(t *testing.T) {
	set := Set{
		Base:  "connector",
		Allow: []string{"ptrace", "ioctl", "bpf"},
		Deny:  []string{"uname", "clone3"},
		Rules: []SetRule{
			rule(t, "socket", "arg0 in [AF_INET, AF_NETLINK, AF_PACKET]"),
			rule(t, "socket", "arg0 == AF_UNIX", "arg1 & 0xf == SOCK_STREAM"),
			rule(t, "bpf", "arg0 < 2"),
			rule(t, "read", "arg0 != 7"),
			rule(t, "openat", "arg2 & O_DIRECTORY == O_DIRECTORY"),
			rule(t, "chmod", "arg1 > 1"),
		},
	}
	if err := set.Check(); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		call    string
		verdict Verdict
		part    Part
		rule    int
		because string
	}{
		{"write", Allowed, PartBase, 0, "the base list connector allows write"},
		{"mount", Denied, PartNone, 0, "neither the base list connector nor syscalls.allow names mount"},
		{"ptrace", Allowed, PartAllow, 0, "syscalls.allow names ptrace"},
		{"ptrace(arg0=16)", Allowed, PartAllow, 0, "syscalls.allow names ptrace"},
		{"uname", Denied, PartDeny, 0, "syscalls.deny names uname"},
		{"clone3", Denied, PartDeny, 0, "syscalls.deny names clone3"},
		{"openat2", Denied, PartBase, 0, "the base list connector denies openat2"},
		{"execve", Allowed, PartBase, 0, "execve is always allowed: files limit what it can start"},

		// allow takes a call whole: the base denies TIOCSTI.
		{"ioctl", Allowed, PartAllow, 0, "syscalls.allow names ioctl"},
		{"ioctl(arg1=TIOCSTI)", Allowed, PartAllow, 0, "syscalls.allow names ioctl"},

		{"clone", Conditional, PartBase, 0, "the base list connector decides clone by arg0, which is not given"},
		{"clone(arg0=CLONE_VM)", Allowed, PartBase, 0, "the base list connector allows clone with these arguments"},
		{"clone(arg0=CLONE_NEWUSER)", Denied, PartBase, 0, "the base list connector denies clone with these arguments"},
		{"open(arg1=O_RDONLY)", Allowed, PartBase, 0, "the base list connector allows open with these arguments"},
		{"open(arg1=O_CREAT)", Conditional, PartBase, 0, "the base list connector decides open by arg2, which is not given"},
		{"open", Conditional, PartBase, 0, "the base list connector decides open by arg1 and arg2, which are not given"},

		{"socket", Conditional, PartRule, 0, "a [[syscalls.rule]] decides socket by arg0, which is not given: arg0 in [AF_INET, AF_NETLINK, AF_PACKET]"},
		{"socket(arg0=AF_INET)", Allowed, PartRule, 0, "a [[syscalls.rule]] allows it: arg0 in [AF_INET, AF_NETLINK, AF_PACKET]"},
		{"socket(arg0=AF_INET6)", Denied, PartRule, 0, "no [[syscalls.rule]] for socket allows these arguments"},
		{"socket(arg0=AF_UNIX)", Conditional, PartRule, 1, "a [[syscalls.rule]] decides socket by arg1, which is not given: arg0 == AF_UNIX, arg1 & 0xf == SOCK_STREAM"},
		{"socket(arg0=AF_UNIX, arg1=SOCK_STREAM|SOCK_CLOEXEC)", Allowed, PartRule, 1, "a [[syscalls.rule]] allows it: arg0 == AF_UNIX, arg1 & 0xf == SOCK_STREAM"},
		{"socket(arg0=AF_UNIX, arg1=SOCK_DGRAM)", Denied, PartRule, 0, "no [[syscalls.rule]] for socket allows these arguments"},
		// Rules only narrow: the base denies packet sockets and netlink but for routes.
		{"socket(arg0=AF_PACKET)", Denied, PartBase, 0, "the base list connector denies socket with these arguments"},
		{"socket(arg0=AF_NETLINK)", Conditional, PartBase, 0, "the base list connector decides socket by arg2, which is not given"},
		{"socket(arg0=AF_NETLINK, arg2=NETLINK_AUDIT)", Denied, PartBase, 0, "the base list connector denies socket with these arguments"},

		{"bpf(arg0=1)", Allowed, PartRule, 2, "a [[syscalls.rule]] allows it: arg0 < 2"},
		{"bpf(arg0=2)", Denied, PartRule, 2, "no [[syscalls.rule]] for bpf allows these arguments"},
		{"read(arg0=7)", Denied, PartRule, 3, "no [[syscalls.rule]] for read allows these arguments"},
		{"read(arg0=0x100000007)", Denied, PartRule, 3, "no [[syscalls.rule]] for read allows these arguments"},
		{"openat(arg2=O_DIRECTORY)", Allowed, PartRule, 4, "a [[syscalls.rule]] allows it: arg2 & O_DIRECTORY == O_DIRECTORY"},
		{"openat(arg2=0o200000)", Conditional, PartRule, 4, "that depends on the architecture: allowed on x86_64, denied on aarch64"},
		{"chmod(arg1=S_ISUID)", Denied, PartBase, 0, "the base list connector denies chmod with these arguments"},
	} {
		name, args := call(t, tt.call)
		want := Decision{tt.verdict, tt.part, tt.rule, tt.because}
		if got := set.Decide(name, args); got != want {
			t.Errorf("%s:\n got %+v\nwant %+v", tt.call, got, want)
		}
	}
	if got := set.Decide("scoket", [6]Argument{}); got.Verdict != Denied || got.Part != PartNone {
		t.Errorf("a name that is none: %+v", got)
	}
}

func TestCheckOfSets(t *testing.T) {
	err := Set{
		Base:   "conector",
		Allow:  []string{"ptrcae", "uname", "waitpid"},
		Deny:   []string{"uname", "execve"},
		OnDeny: "log",
		Rules: []SetRule{
			rule(t, "execve", "arg0 == 1"),
			rule(t, "socket"),
			rule(t, "close", "arg1 == 1"),
			rule(t, "scoket", "arg1 == 1"),
		},
	}.Check()
	want := strings.TrimSpace(`
syscalls: no base list "conector"; there is connector, default, unrestricted
syscalls.on_deny: "log" is neither "errno" nor "kill"
syscalls.allow: unknown system call "ptrcae"; did you mean ptrace?
syscalls.deny: uname is also allowed
syscalls.allow: neither x86_64 nor aarch64 has the system call "waitpid"; did you mean waitid?
syscalls.deny: execve starts the program itself
syscalls.rule: execve starts the program itself
syscalls.rule: a rule for socket without a condition
syscalls.rule: close: arg1 == 1: close has no argument arg1: expected arg0
syscalls.rule: unknown system call "scoket"; did you mean socket?`)
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

// TestAnswersOfSets: what a denied call gets.
func TestAnswersOfSets(t *testing.T) {
	set := Set{
		Base: "connector", Allow: []string{"bpf"}, Deny: []string{"uname", "clone3", "ptrace"},
		Rules: []SetRule{rule(t, "read", "arg0 == 0"), rule(t, "socket", "arg0 == AF_INET"), rule(t, "bpf", "arg0 == 1")},
	}
	kill := set
	kill.OnDeny = DenyKill
	for _, tt := range []struct {
		call            string
		answer, killing Action
	}{
		{"write", Allow, Allow},
		{"uname", Fail(EPERM), KillProcess},
		{"ptrace", Fail(EPERM), KillProcess},
		{"mount", Fail(EPERM), KillProcess},
		{"read(arg0=1)", Fail(EPERM), KillProcess},
		{"bpf(arg0=2)", Fail(EPERM), KillProcess},
		{"socket(arg0=AF_INET6)", Fail(EPERM), KillProcess},
		{"clone(arg0=CLONE_NEWUSER)", Fail(EPERM), KillProcess},
		// Signs to fall back stay what they are.
		{"clone3", Fail(ENOSYS), Fail(ENOSYS)},
		{"openat2", Fail(ENOSYS), Fail(ENOSYS)},
		{"socket(arg0=AF_PACKET)", Fail(EAFNOSUPPORT), Fail(EAFNOSUPPORT)},
	} {
		name, args := call(t, tt.call)
		for _, arch := range Arches() {
			number, err := arch.Number(name)
			if err != nil {
				t.Fatal(err)
			}
			data := Data{Number: number, Arch: arch}
			for i, register := range known(args, arch) {
				data.Args[i] = register.value
			}
			for on, want := range map[*Set]Action{&set: tt.answer, &kill: tt.killing} {
				filter, err := on.Filter(arch)
				if err != nil {
					t.Fatal(err)
				}
				if got := filter.Decide(data); got != want {
					t.Errorf("%s %s with %q: %s, want %s", arch, tt.call, on.OnDeny, got, want)
				}
			}
		}
	}
	filter, err := kill.Filter(X86_64)
	if err != nil {
		t.Fatal(err)
	}
	if got := filter.Decide(Data{Number: 9999, Arch: X86_64}); got != Fail(ENOSYS) {
		t.Errorf("a call newer than the tables: %s", got)
	}
}

// somewhat are calls that the base allows, guards or leaves out, with arguments of
// every width.
var somewhat = []string{
	"read", "uname", "clone", "clone3", "socket", "ioctl", "prctl", "open", "openat", "openat2", "fchmod", "fcntl",
	"mmap", "ptrace", "bpf", "unshare", "execve", "arch_prctl", "mount",
}

var interesting = []uint64{
	0, 1, 2, 3, 4, 10, 16, 0x7f, 0o755, 0o4755, 0x8000, 0xffff, 0x10000, 0o200000, 0o40000, 0x5412, 0x10000000,
	0x7fffffff, 0x80000000, 0xffffffff, 1 << 32, 1<<32 | 2, 1 << 63, ^uint64(0),
}

func someValue(t *rapid.T) string {
	return rapid.SampledFrom([]string{
		"0", "1", "2", "0o755", "0o4755", "0x10000", "0xffffffff", "0x100000002", "AF_INET", "AF_UNIX|AF_INET",
		"O_DIRECTORY", "O_DIRECTORY|O_CREAT", "CLONE_NEWUSER", "TIOCSTI", "0x8000000000000000", "16",
	}).Draw(t, "value")
}

// someCondition draws a condition that the call can have.
func someCondition(t *rapid.T, syscall string) (Condition, bool) {
	arg := rapid.IntRange(0, max(0, Arguments(syscall)-1)).Draw(t, "arg")
	var text string
	switch rapid.IntRange(0, 3).Draw(t, "form") {
	case 0:
		text = fmt.Sprintf("arg%d in [%s, %s]", arg, someValue(t), someValue(t))
	case 1:
		op := rapid.SampledFrom([]string{"==", "!="}).Draw(t, "op")
		text = fmt.Sprintf("arg%d & %s %s %s", arg, someValue(t), op, someValue(t))
	default:
		op := rapid.SampledFrom([]string{"==", "!=", "<", "<=", ">", ">="}).Draw(t, "op")
		text = fmt.Sprintf("arg%d %s %s", arg, op, someValue(t))
	}
	c, err := ParseCondition(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return c, c.Check(syscall) == nil
}

func someSet(t *rapid.T) Set {
	set := Set{Base: rapid.SampledFrom([]string{"connector", "default"}).Draw(t, "base"), OnDeny: rapid.SampledFrom([]OnDeny{"", DenyErrno, DenyKill}).Draw(t, "on_deny")}
	for _, name := range somewhat {
		switch rapid.IntRange(0, 5).Draw(t, name) {
		case 0:
			set.Allow = append(set.Allow, name)
		case 1:
			if name != Execve {
				set.Deny = append(set.Deny, name)
			}
		}
		if name == Execve {
			continue
		}
		for range rapid.IntRange(0, 2).Draw(t, "rules for "+name) {
			var when []Condition
			for range rapid.IntRange(1, 3).Draw(t, "conditions") {
				if c, ok := someCondition(t, name); ok {
					when = append(when, c)
				}
			}
			if len(when) > 0 {
				set.Rules = append(set.Rules, SetRule{name, when})
			}
		}
	}
	return set
}

// TestFilterMeansTheSet: with every argument known, the filter answers what the
// set says.
func TestFilterMeansTheSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := someSet(t)
		arch := rapid.SampledFrom(Arches()).Draw(t, "arch")
		filter, err := set.Filter(arch)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range somewhat {
			number, err := arch.Number(name)
			if err != nil {
				continue
			}
			for range 20 {
				var registers [6]register
				data := Data{Number: number, Arch: arch}
				for i := range registers {
					data.Args[i] = rapid.SampledFrom(interesting).Draw(t, "argument")
					registers[i] = register{true, data.Args[i]}
				}
				d := set.decideOn(arch, name, registers)
				if got := filter.Decide(data); (d.Verdict == Allowed) != (got == Allow) || d.Verdict == Conditional {
					t.Fatalf("%s%#x on %s: the filter says %s, the set %+v", name, data.Args, arch, got, d)
				}
			}
		}
	})
}

// TestFewerArguments: an answer that does not depend on what is not given holds
// whatever that is.
func TestFewerArguments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := someSet(t)
		arch := rapid.SampledFrom(Arches()).Draw(t, "arch")
		for _, name := range somewhat {
			if !slices.Contains(archesOf(name), arch) {
				continue
			}
			var some, all [6]register
			for i := range all {
				all[i] = register{true, rapid.SampledFrom(interesting).Draw(t, "argument")}
				if rapid.Bool().Draw(t, "given") {
					some[i] = all[i]
				}
			}
			less, more := set.decideOn(arch, name, some), set.decideOn(arch, name, all)
			if less.Verdict != Conditional && less.Verdict != more.Verdict {
				t.Fatalf("%s%+v: %+v, and with all of %+v: %+v", name, some, less, all, more)
			}
		}
	})
}

// TestRulesOnlyNarrow: no rule allows what was denied without it.
func TestRulesOnlyNarrow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := someSet(t)
		without := set
		without.Rules = nil
		for _, name := range somewhat {
			var args [6]register
			for i := range args {
				args[i] = register{true, rapid.SampledFrom(interesting).Draw(t, "argument")}
			}
			arch := archesOf(name)[0]
			if set.decideOn(arch, name, args).Verdict > without.decideOn(arch, name, args).Verdict {
				t.Fatalf("%s%+v is allowed by a rule", name, args)
			}
		}
	})
}
