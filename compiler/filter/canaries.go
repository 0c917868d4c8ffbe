package filter

import (
	"slices"
	"strings"

	"confine/compiler"
	"confine/policy"
	"confine/policy/syscalls"
)

// alternatives is how many calls a canary has at most: what one of them cannot
// show here, because something else denies it too, the next one may.
const alternatives = 3

// Canaries are what the stage tries of the filter of a policy: a call that is
// denied, each call of deny, both sides of each rule, and the ways around a filter.
func Canaries(calls policy.Syscalls, machine string) []compiler.FilterCanary {
	arch, err := syscalls.ParseArch(machine)
	if err != nil {
		return nil
	}
	whole, err := calls.Set().Filter(arch)
	if err != nil {
		return nil
	}
	var out []compiler.FilterCanary
	if whole.Default != syscalls.Allow {
		out = append(out, compiler.FilterCanary{
			Clause: policy.ClauseSyscallsBase, At: calls.At, Subject: "a call that nothing allows",
			Calls: unlisted(calls, whole),
		})
	}
	if ring, ok := deniedCall(whole, "io_uring_setup"); ok && !named(calls.Deny, "io_uring_setup") {
		out = append(out, compiler.FilterCanary{
			Clause: policy.ClauseSyscallsBase, At: calls.At, Subject: "io_uring_setup", Calls: []compiler.CanaryCall{ring},
		})
	}
	if arch == syscalls.X86_64 {
		out = append(out, Foreign(policy.ClauseSyscallsBase, calls.At, whole)...)
	}
	for _, e := range calls.Deny {
		c := compiler.FilterCanary{Clause: policy.ClauseSyscallsDeny, At: e.At, Subject: e.Name}
		if call, ok := deniedCall(whole, e.Name); ok {
			c.Calls = []compiler.CanaryCall{call}
		} else if _, err := arch.Number(e.Name); err != nil {
			continue
		}
		out = append(out, c)
	}
	for i := range calls.Rules {
		out = append(out, ruleCanaries(calls, i, whole)...)
	}
	if !calls.OnDenyAt.IsZero() {
		out = append(out, compiler.FilterCanary{
			Clause: policy.ClauseSyscallsOnDeny, At: calls.OnDenyAt, Subject: "what a denied call does", Calls: unlisted(calls, whole),
		})
	}
	return out
}

func named(entries []policy.SyscallEntry, name string) bool {
	return slices.ContainsFunc(entries, func(e policy.SyscallEntry) bool { return e.Name == name })
}

// deniedCall is a harmless call of a name that a filter denies as it is.
func deniedCall(filter syscalls.Filter, name string) (compiler.CanaryCall, bool) {
	h, ok := harmless(name)
	if !ok {
		return compiler.CanaryCall{}, false
	}
	call, ok := Canary(filter, name, h.arguments)
	return call, ok && call.Answer != syscalls.Allow
}

// unlisted are harmless calls that get the answer of calls that nothing allows.
func unlisted(calls policy.Syscalls, filter syscalls.Filter) []compiler.CanaryCall {
	var out []compiler.CanaryCall
	for _, h := range harmlessCalls {
		call, ok := deniedCall(filter, h.name)
		if ok && call.Answer == filter.Default && !named(calls.Deny, h.name) && len(out) < alternatives {
			out = append(out, call)
		}
	}
	return out
}

// Foreign are the two other ways into an x86_64 kernel, whose numbers mean other
// calls: with them a filter of native numbers alone would be gone around.
func Foreign(clause string, at policy.Position, filter syscalls.Filter) []compiler.FilterCanary {
	const (
		getpid32 = 20      // of i386
		x32Bit   = 1 << 30 // __X32_SYSCALL_BIT of asm/unistd.h
	)
	call, _ := Canary(filter, "getpid", [6]uint64{})
	x32 := compiler.CanaryCall{Text: "getpid() with the x32 bit", Number: call.Number | x32Bit}
	x32.Answer = filter.Decide(syscalls.Data{Number: x32.Number, Arch: filter.Arch})
	i386 := compiler.CanaryCall{Text: "getpid() by int 0x80", Entry: compiler.EntryI386, Number: getpid32, Answer: filter.Foreign}
	out := make([]compiler.FilterCanary, 0, 2)
	for _, call := range []compiler.CanaryCall{i386, x32} {
		out = append(out, compiler.FilterCanary{
			Clause: clause, At: at, Subject: call.Text, Calls: []compiler.CanaryCall{call},
		})
	}
	return out
}

// ruleCanaries are calls that one rule allows, and calls that are denied because no
// rule matches them.
func ruleCanaries(calls policy.Syscalls, index int, whole syscalls.Filter) []compiler.FilterCanary {
	rule := calls.Rules[index]
	if _, err := whole.Arch.Number(rule.Syscall); err != nil || named(calls.Deny, rule.Syscall) {
		return nil
	}
	set := calls.Set()
	set.Rules = nil
	without, err := set.Filter(whole.Arch)
	if err != nil {
		return nil
	}
	set.Rules = []syscalls.SetRule{{Syscall: rule.Syscall, When: rule.When}}
	alone, err := set.Filter(whole.Arch)
	if err != nil {
		return nil
	}
	var allowed, denied []compiler.CanaryCall
	for _, arguments := range around(rule, whole.Arch) {
		call, _ := Canary(whole, rule.Syscall, arguments)
		byRule, _ := Canary(alone, rule.Syscall, arguments)
		before, _ := Canary(without, rule.Syscall, arguments)
		switch {
		case call.Answer == syscalls.Allow && byRule.Answer == syscalls.Allow && len(allowed) < alternatives:
			allowed = append(allowed, call)
		case call.Answer != syscalls.Allow && before.Answer == syscalls.Allow && len(denied) < alternatives:
			denied = append(denied, call)
		}
	}
	subject := Worded(rule)
	out := []compiler.FilterCanary{{
		Clause: policy.ClauseSyscallsRule, At: rule.At, Subject: "arguments outside " + subject, Calls: denied,
	}}
	if len(allowed) > 0 {
		out = append(out, compiler.FilterCanary{
			Clause: policy.ClauseSyscallsRule, At: rule.At, Subject: "arguments of " + subject, Calls: allowed,
		})
	}
	return out
}

// maxAround bounds the combinations of arguments that are looked at for one rule.
const maxAround = 4096

// around are harmless arguments at the edges of a rule's conditions, those that
// differ from the rule's own values in the fewest arguments first.
func around(rule policy.SyscallRule, arch syscalls.Arch) [][6]uint64 {
	h, ok := harmless(rule.Syscall)
	if !ok {
		return nil
	}
	out := [][6]uint64{h.arguments}
	for _, free := range h.free {
		values := edges(rule, free, arch)
		if len(values) == 0 {
			continue
		}
		var more [][6]uint64
		for _, value := range append(values, h.arguments[free]) {
			for _, arguments := range out {
				arguments[free] = value
				if len(more) < maxAround && !slices.Contains(more, arguments) {
					more = append(more, arguments)
				}
			}
		}
		out = more
	}
	return out
}

// edges are values on both sides of every condition on one argument.
func edges(rule policy.SyscallRule, argument int, arch syscalls.Arch) []uint64 {
	var values []uint64
	for _, condition := range rule.When {
		if condition.Arg != argument {
			continue
		}
		for _, v := range condition.Values {
			value := v.On(arch)
			values = append(values, value)
			if condition.Mask != nil {
				mask := condition.Mask.On(arch)
				values = append(values, value^mask&-mask, mask&^value)
				continue
			}
			values = append(values, value+1, value-1)
		}
		values = append(values, 0)
	}
	return values
}

// Worded is a rule as one line.
func Worded(rule policy.SyscallRule) string {
	texts := make([]string, 0, len(rule.When))
	for _, condition := range rule.When {
		texts = append(texts, condition.Text)
	}
	return rule.Syscall + ": " + strings.Join(texts, ", ")
}
