package policy

import (
	"errors"
	"sort"

	"confine/policy/syscalls"
)

// SyscallsConnector names the list of system calls that a connector needs; it is
// the default of syscalls.base.
const SyscallsConnector = "connector"

const expectedSyscall = `the name of a system call, such as "ptrace"`

func (b *builder) syscalls(t table) {
	if m, ok := t.node.member("base"); ok {
		b.syscallsBase(m.value)
	}
	calls := &b.layer.Syscalls
	if m, ok := t.node.member("allow"); ok {
		calls.Allow = b.syscallNames(m.value, ClauseSyscallsAllow, "allowed")
	}
	if m, ok := t.node.member("deny"); ok {
		calls.Deny = b.syscallNames(m.value, ClauseSyscallsDeny, "denied")
		for _, e := range calls.Deny {
			b.checkExecve(e.Name, e.At, "denied")
		}
	}
	if m, ok := t.node.member("on_deny"); ok {
		if text, ok := b.choice(m.value, ClauseSyscallsOnDeny, string(syscalls.DenyErrno), string(syscalls.DenyKill)); ok {
			calls.OnDeny, calls.OnDenyAt = syscalls.OnDeny(text), b.at(m.value)
		}
	}
	if m, ok := t.node.member("rule"); ok {
		b.syscallRules(m.value)
	}
}

func (b *builder) syscallsBase(n *node) {
	var names []string
	for _, base := range syscalls.Bases() {
		names = append(names, base.Name)
	}
	if base, ok := b.choice(n, ClauseSyscallsBase, names...); ok {
		b.layer.Syscalls.Base, b.layer.Syscalls.At = base, b.at(n)
	}
}

// syscallNames reads a list of calls; done says what the list does to them.
func (b *builder) syscallNames(list *node, what, done string) []SyscallEntry {
	var entries []SyscallEntry
	seen := map[string]Position{}
	for _, n := range b.elements(list, what, "an array of system calls") {
		name, ok := b.syscallName(n, "an entry of "+what)
		if !ok {
			continue
		}
		if first, twice := seen[name]; twice {
			b.add(n.at, "%s is %s twice", name, done).note("first named at %s", first)
			continue
		}
		seen[name] = b.at(n)
		entries = append(entries, SyscallEntry{Name: name, At: b.at(n)})
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].Name < entries[j].Name })
	return entries
}

// syscallName reads the name of a call that one of the architectures has.
func (b *builder) syscallName(n *node, what string) (string, bool) {
	name, ok := b.text(n, what, expectedSyscall)
	if !ok {
		return "", false
	}
	err := syscalls.CheckName(name)
	if err == nil {
		return name, true
	}
	var unknown *syscalls.UnknownSyscallError
	var foreign *syscalls.ForeignSyscallError
	nearest := func() []string { return nil }
	d := b.add(n.at, "unknown system call %s", quote(name))
	switch {
	case errors.As(err, &unknown):
		nearest = unknown.Nearest
	case errors.As(err, &foreign):
		nearest = foreign.Nearest
		d.message = "neither x86_64 nor aarch64 has the system call " + quote(name)
		d.note("it is one of other architectures, or of 32-bit programs")
	}
	d.note("expected  %s", expectedSyscall)
	if b.suggesting() {
		if near := nearest(); len(near) > 0 {
			d.advise("did you mean %q?", near[0])
		}
	}
	return "", false
}

// checkExecve refuses to take away the call that starts the program.
func (b *builder) checkExecve(name string, at Position, how string) {
	if name == syscalls.Execve {
		b.addAt(at, "execve cannot be %s", how).
			note("it is what starts the program itself, under its filter").
			advise("name what may be started in [filesystem] exec")
	}
}

// syscallRules reads the array [[syscalls.rule]].
func (b *builder) syscallRules(list *node) {
	const expected = "tables, each under [[syscalls.rule]]"
	if list.kind != kindArray {
		b.wrongType(list, ClauseSyscallsRule, expected).advise("write [[syscalls.rule]], with two brackets")
		return
	}
	seen := map[string]Position{}
	for _, n := range list.items {
		if n.kind != kindTable {
			b.wrongType(n, "an entry of syscalls.rule", expected)
			continue
		}
		rule, ok := b.syscallRule(table{ClauseSyscallsRule, n})
		if !ok {
			continue
		}
		text := ruleText(rule)
		if first, twice := seen[text]; twice {
			b.add(n.at, "the same rule for %s is written twice", rule.Syscall).note("first written at %s", first)
			continue
		}
		seen[text] = rule.At
		b.layer.Syscalls.Rules = append(b.layer.Syscalls.Rules, rule)
	}
	rules := b.layer.Syscalls.Rules
	sort.SliceStable(rules, func(i, j int) bool { return ruleText(rules[i]) < ruleText(rules[j]) })
}

// ruleText orders rules, and is the same for those that say the same.
func ruleText(r SyscallRule) string {
	text := r.Syscall
	for _, c := range r.When {
		text += "\n" + c.String()
	}
	return text
}

func (b *builder) syscallRule(t table) (SyscallRule, bool) {
	before := len(b.found)
	b.checkKeys(t, keysOf[ClauseSyscallsRule])
	rule := SyscallRule{At: b.at(t.node)}
	if m, ok := t.node.member("syscall"); !ok {
		b.add(t.node.at, "a rule without a system call").note("expected  syscall = %s", expectedSyscall)
	} else if name, ok := b.syscallName(m.value, "syscalls.rule.syscall"); ok {
		rule.Syscall, rule.SyscallAt = name, b.at(m.value)
		b.checkExecve(name, rule.SyscallAt, "narrowed")
	}
	const expected = `conditions such as "arg0 == AF_INET"`
	m, ok := t.node.member("when")
	switch {
	case !ok:
		b.add(t.node.at, "a rule without conditions").
			note("expected  when = [...], an array of %s", expected).
			note("a rule allows a call only with the arguments that its conditions hold of")
	case m.value.kind == kindArray && len(m.value.items) == 0:
		b.add(m.value.at, "a rule without conditions").note("expected  %s", expected)
	default:
		b.conditions(m.value, &rule, expected)
	}
	return rule, len(b.found) == before
}

// conditions reads when. Without a valid call only the syntax can be checked.
func (b *builder) conditions(list *node, rule *SyscallRule, expected string) {
	type placed struct {
		syscalls.Condition
		at Position
	}
	var when []placed
	seen := map[string]Position{}
	for _, n := range b.elements(list, "syscalls.rule.when", "an array of "+expected) {
		text, ok := b.text(n, "an entry of syscalls.rule.when", expected)
		if !ok {
			continue
		}
		c, err := syscalls.ParseCondition(text)
		if err == nil && rule.Syscall != "" {
			err = c.Check(rule.Syscall)
		}
		if err != nil {
			b.badCondition(n, text, rule.Syscall, err)
			continue
		}
		if first, twice := seen[c.String()]; twice {
			b.add(n.at, "the same condition is written twice").note("first written at %s", first)
			continue
		}
		seen[c.String()] = b.at(n)
		when = append(when, placed{c, b.at(n)})
	}
	sort.Slice(when, func(i, j int) bool { return when[i].String() < when[j].String() })
	for _, c := range when {
		rule.When, rule.whenAt = append(rule.When, c.Condition), append(rule.whenAt, c.at)
	}
}

// badCondition reports what is wrong with a condition, with the caret under the
// token where the string has no escapes that would move it.
func (b *builder) badCondition(n *node, text, syscall string, err error) {
	at := n.at
	var e *syscalls.TextError
	if !errors.As(err, &e) {
		b.add(at, "%s", err)
		return
	}
	if raw := b.src.slice(n.at); len(raw) == len(text)+2 && raw[1:len(raw)-1] == text {
		at = span{n.at.start + 1 + e.Offset, n.at.start + 1 + e.Offset + max(e.Length, 1)}
	}
	d := b.add(at, "%s", clip(e.Message, 160))
	if e.Expected != "" {
		d.note("expected  %s", e.Expected)
	}
	if b.suggesting() {
		if hint := e.HintFor(syscall); hint != "" {
			d.advise("%s", hint)
		}
	}
}

// suggesting reports whether the latest diagnostic will be shown: seeking a
// suggestion for each of a million wrong names would take minutes.
func (b *builder) suggesting() bool { return len(b.found) <= maxDiagnostics }
