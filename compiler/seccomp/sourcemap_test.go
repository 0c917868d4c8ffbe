package seccomp

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"confine/policy/syscalls"
)

// someSet draws a set with some of the rules of [rules], and calls of the base list
// and others in allow and deny.
func someSet(whole syscalls.Set) *rapid.Generator[syscalls.Set] {
	names := []string{"bpf", "ioctl", "ptrace", "socket", "uname", "read", "clone3", "prctl", "mseal", "open", "fchmodat"}
	return rapid.Custom(func(t *rapid.T) syscalls.Set {
		set := syscalls.Set{Base: "connector", OnDeny: rapid.SampledFrom([]syscalls.OnDeny{"", syscalls.DenyKill}).Draw(t, "on_deny")}
		for _, name := range names {
			switch rapid.IntRange(0, 2).Draw(t, name) {
			case 1:
				set.Allow = append(set.Allow, name)
			case 2:
				set.Deny = append(set.Deny, name)
			}
		}
		for _, rule := range whole.Rules {
			if rapid.Bool().Draw(t, "a rule for "+rule.Syscall) {
				set.Rules = append(set.Rules, rule)
			}
		}
		return set
	})
}

// compiled leaves out the proof, which other tests are about and which takes long.
func compiled(t interface{ Fatal(...any) }, set syscalls.Set, arch syscalls.Arch) (syscalls.Filter, Program) {
	filter, err := set.Filter(arch)
	if err != nil {
		t.Fatal(err)
	}
	return filter, generate(filter)
}

// checkSources: nothing in a program is there for nothing.
func checkSources(t interface {
	Fatal(...any)
	Errorf(string, ...any)
}, set syscalls.Set, arch syscalls.Arch,
) {
	filter, program := compiled(t, set, arch)
	sources := Sources(set, filter, program)
	if len(sources) != len(program) {
		t.Fatal(len(sources), "sources for", len(program), "instructions")
	}
	for i, s := range sources {
		foreign := program[i].Code == opReturn && syscalls.Action(program[i].K) == filter.Foreign
		switch {
		case s.Step == StepArchitecture:
			if i > 1 || len(s.Origins) > 0 {
				t.Errorf("instruction %d: %+v", i, s)
			}
		case s.Step == "", len(s.Origins) == 0 && !foreign:
			t.Errorf("instruction %d (%s) leads nowhere: %+v", i, program[i].describe(i), s)
		case s.Step == StepArguments:
			// Neighbours that are treated alike share their instructions.
			for _, o := range s.Origins {
				if rule, ok := ruleOf(filter, o.Call); !ok || len(rule.Cases) == 0 {
					t.Errorf("instruction %d looks at the arguments of %+v", i, o)
				}
			}
		}
	}
}

func ruleOf(f syscalls.Filter, call string) (syscalls.Rule, bool) {
	i := slices.IndexFunc(f.Rules, func(r syscalls.Rule) bool { return r.Name == call })
	if i < 0 {
		return syscalls.Rule{}, false
	}
	return f.Rules[i], true
}

func TestEveryInstructionHasASource(t *testing.T) {
	whole := setWithRules(t)
	for _, arch := range syscalls.Arches() {
		checkSources(t, syscalls.Set{Base: "connector"}, arch)
		checkSources(t, whole, arch)
	}
	rapid.Check(t, func(t *rapid.T) {
		checkSources(t, someSet(whole).Draw(t, "set"), rapid.SampledFrom(syscalls.Arches()).Draw(t, "arch"))
	})
}

// TestOriginsAgreeWithDecide: what an instruction leads to is what the policy says.
func TestOriginsAgreeWithDecide(t *testing.T) {
	whole := setWithRules(t)
	rapid.Check(t, func(t *rapid.T) {
		set := someSet(whole).Draw(t, "set")
		filter, _ := compiled(t, set, syscalls.X86_64)
		rule := rapid.SampledFrom(filter.Rules).Draw(t, "rule")
		var args [6]uint64
		var given [6]syscalls.Argument
		for i := range args {
			args[i] = rapid.Uint64().Draw(t, "argument")
			given[i] = syscalls.Argument(fmt.Sprintf("%#x", args[i]))
		}
		o, d := set.Origin(syscalls.X86_64, rule.Number, args), set.Decide(rule.Name, given)
		if d.Verdict != syscalls.Conditional && (o.Part != d.Part || o.Call != rule.Name || o.Part == syscalls.PartRule && o.Rule != d.Rule) {
			t.Fatalf("%s%#x: %+v, %+v", rule.Name, args, o, d)
		}
	})
}

// argumentInstructions gives, for every call, the instructions that look at its arguments, as
// they are without their places.
func argumentInstructions(set syscalls.Set, f syscalls.Filter, p Program) map[string]map[string]bool {
	calls := map[string]map[string]bool{}
	for i, s := range Sources(set, f, p) {
		if s.Step != StepArguments || p[i].Code == opJump {
			continue
		}
		for _, o := range s.Origins {
			if calls[o.Call] == nil {
				calls[o.Call] = map[string]bool{}
			}
			calls[o.Call][fmt.Sprintf("%#x %#x", p[i].Code, p[i].K)] = true
		}
	}
	return calls
}

// TestDroppedLines: without one entry of the policy only what leads to it changes, and
// the search for numbers.
func TestDroppedLines(t *testing.T) {
	whole := setWithRules(t)
	drop := map[string]func(set *syscalls.Set) (call string){
		"allow": func(set *syscalls.Set) string { c := set.Allow[0]; set.Allow = set.Allow[1:]; return c },
		"deny":  func(set *syscalls.Set) string { c := set.Deny[0]; set.Deny = set.Deny[1:]; return c },
		"rule":  func(set *syscalls.Set) string { c := set.Rules[0].Syscall; set.Rules = set.Rules[1:]; return c },
	}
	rapid.Check(t, func(t *rapid.T) {
		set := someSet(whole).Filter(func(s syscalls.Set) bool {
			return len(s.Allow) > 0 && len(s.Deny) > 0 && len(s.Rules) > 0
		}).Draw(t, "set")
		arch := rapid.SampledFrom(syscalls.Arches()).Draw(t, "arch")
		filter, program := compiled(t, set, arch)
		before := argumentInstructions(set, filter, program)
		part := rapid.SampledFrom([]string{"allow", "deny", "rule"}).Draw(t, "dropped")
		dropped := drop[part](&set)
		filter, program = compiled(t, set, arch)
		after := argumentInstructions(set, filter, program)
		for call := range after {
			if before[call] == nil {
				before[call] = nil
			}
		}
		for call, instructions := range before {
			if call != dropped && fmt.Sprint(instructions) != fmt.Sprint(after[call]) {
				t.Fatalf("without %s of %s, %s changes from\n%v to\n%v", part, dropped, call, instructions, after[call])
			}
		}
	})
}

func TestAnnotate(t *testing.T) {
	set := setWithRules(t)
	filter, program := compiled(t, set, syscalls.X86_64)
	sources := Sources(set, filter, program)
	text := program.Annotate(sources, func(o syscalls.Origin) string { return string(o.Part) + " " + o.Call })
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) != len(program) {
		t.Fatalf("%d lines for %d instructions", len(lines), len(program))
	}
	column := strings.Index(lines[0], "  ; ")
	for i, line := range lines {
		if !strings.HasPrefix(line, strings.TrimSuffix(strings.Split(program.String(), "\n")[i], "\n")) || strings.Index(line, "  ; ") != column {
			t.Errorf("%s", line)
		}
	}
	for _, want := range []string{"; architecture\n", "arguments of lseek: rule lseek\n", "; answer to other architectures\n", " more\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// TestPaths: no call takes longer than the longest, and one takes as long.
func TestPaths(t *testing.T) {
	set := setWithRules(t)
	for _, arch := range syscalls.Arches() {
		filter, program := compiled(t, set, arch)
		call, worst, err := WorstPath(filter, program)
		if err != nil {
			t.Fatal(err)
		}
		longest := 0
		for data := range proofCalls(filter, program, nil) {
			if _, steps, _ := Run(program, data); data.Arch == arch {
				if _, named := arch.Name(data.Number); named {
					longest = max(longest, steps)
				}
			}
		}
		if worst != longest || call == "" {
			t.Errorf("%s: %s takes %d, the longest is %d", arch, call, worst, longest)
		}
		number, err := arch.Number("socket")
		if err != nil {
			t.Fatal(err)
		}
		any, err := PathOf(filter, program, number, nil)
		if err != nil || any.Shortest >= any.Longest {
			t.Errorf("%+v, %v", any, err)
		}
		one, err := PathOf(filter, program, number, map[int]uint64{0: 17, 1: 0, 2: 0})
		if err != nil || one.Shortest != one.Longest || one.Shortest < any.Shortest || one.Longest > any.Longest {
			t.Errorf("%+v of %+v, %v", one, any, err)
		}
	}
}
