package main

import (
	"fmt"
	"slices"
	"strings"

	"confine/compiler/seccomp"
	"confine/policy"
	"confine/policy/syscalls"
)

// syscallsReport is the whole table of system calls.
type syscallsReport struct {
	identity
	Base     string           `json:"base"`
	Purpose  string           `json:"purpose"`
	At       *policy.Position `json:"at,omitempty"`
	Groups   []groupReport    `json:"groups"`
	Guards   []guardReport    `json:"guards"`
	Allow    []callEntry      `json:"allow"`
	Deny     []callEntry      `json:"deny"`
	Rules    []ruleReport     `json:"rules"`
	Answers  answersReport    `json:"answers"`
	Programs []programReport  `json:"programs"`
}

type groupReport struct {
	Name     string   `json:"name"`
	Reason   string   `json:"reason"`
	Syscalls []string `json:"syscalls"`
}

type guardReport struct {
	Syscall string `json:"syscall"`
	Reason  string `json:"reason"`
	Answers string `json:"answers"`
}

type callEntry struct {
	Name string           `json:"name"`
	At   *policy.Position `json:"at,omitempty"`
}

type ruleReport struct {
	Syscall string           `json:"syscall"`
	When    []string         `json:"when"`
	At      *policy.Position `json:"at,omitempty"`
}

type answersReport struct {
	Denied  string `json:"denied"`
	Unnamed string `json:"unnamed"`
	Foreign string `json:"foreign"`
}

type programReport struct {
	Arch         string `json:"arch"`
	Instructions int    `json:"instructions"`
	Longest      int    `json:"longest"`
	LongestCall  string `json:"longest_call"`
}

func explainSyscalls(p *policy.Policy) (explanation, error) {
	calls := &p.Syscalls
	r := syscallsReport{
		identity: identityOf(p), Base: calls.Base, At: stated(calls.At),
		Groups: []groupReport{}, Guards: []guardReport{}, Allow: []callEntry{}, Deny: []callEntry{}, Rules: []ruleReport{},
	}
	r.fromBase(p)
	for _, e := range calls.Allow {
		r.Allow = append(r.Allow, callEntry{e.Name, stated(e.At)})
	}
	for _, e := range calls.Deny {
		r.Deny = append(r.Deny, callEntry{e.Name, stated(e.At)})
	}
	for _, rule := range calls.Rules {
		report := ruleReport{Syscall: rule.Syscall, At: stated(rule.At)}
		for _, c := range rule.When {
			report.When = append(report.When, c.String())
		}
		r.Rules = append(r.Rules, report)
	}
	for _, arch := range syscalls.Arches() {
		filter, program, err := filterOf(p, arch)
		if err != nil {
			return nil, err
		}
		call, longest, err := seccomp.WorstPath(filter, program)
		if err != nil {
			return nil, err
		}
		r.Answers = answersReport{filter.Default.String(), filter.Unknown.String(), filter.Foreign.String()}
		r.Programs = append(r.Programs, programReport{arch.String(), len(program), longest, call})
	}
	return r, nil
}

// fromBase adds what the base list decides: a call that deny or allow names is theirs.
func (r *syscallsReport) fromBase(p *policy.Policy) {
	bases := syscalls.Bases()
	i := slices.IndexFunc(bases, func(b syscalls.Base) bool { return b.Name == r.Base })
	if i < 0 {
		return
	}
	r.Purpose = bases[i].Purpose
	own := func(call string) bool {
		d := p.Decide(policy.Access{Kind: policy.AccessSyscall, Target: call})
		return d.Clause == policy.ClauseSyscallsAllow || d.Clause == policy.ClauseSyscallsDeny
	}
	for _, group := range bases[i].Groups {
		kept := slices.DeleteFunc(slices.Clone(group.Syscalls), own)
		r.Groups = append(r.Groups, groupReport{group.Name, group.Reason, append([]string{}, kept...)})
	}
	for _, guard := range bases[i].Guards {
		if own(guard.Syscall) {
			continue
		}
		rule := syscalls.Rule{Name: guard.Syscall, Cases: guard.Cases, Otherwise: guard.Otherwise}
		r.Guards = append(r.Guards, guardReport{guard.Syscall, guard.Reason, strings.TrimPrefix(rule.String(), guard.Syscall+": ")})
	}
}

func (r syscallsReport) text() string {
	var out strings.Builder
	at := "default"
	if r.At != nil {
		at = r.At.String()
	}
	out.WriteString(paragraph("", fmt.Sprintf("policy %s %.8s", r.Policy, r.Digest)))
	out.WriteString(paragraph("base ", fmt.Sprintf("%s, %s", r.Base, at)))
	out.WriteString(paragraph("     ", r.Purpose))
	for _, group := range r.Groups {
		out.WriteString("\n" + paragraph("", group.Name+": "+group.Reason))
		if len(group.Syscalls) > 0 {
			out.WriteString(paragraph("  ", strings.Join(group.Syscalls, " ")))
		}
	}
	if len(r.Guards) > 0 {
		out.WriteString("\nby their arguments, or answered with an error of their own\n")
	}
	for _, guard := range r.Guards {
		out.WriteString(paragraph("  ", guard.Syscall+": "+guard.Reason))
		for _, answer := range strings.Split(guard.Answers, "; ") {
			out.WriteString(paragraph("    ", answer))
		}
	}
	for _, list := range []struct {
		title   string
		entries []callEntry
	}{{"allow", r.Allow}, {"deny", r.Deny}} {
		if len(list.entries) > 0 {
			fmt.Fprintf(&out, "\n%s\n", list.title)
		}
		for _, e := range list.entries {
			fmt.Fprintf(&out, "  %-24s  %s\n", e.Name, visible(e.At.String()))
		}
	}
	if len(r.Rules) > 0 {
		out.WriteString("\nrules: the call is allowed only with arguments that one of them matches\n")
	}
	for _, rule := range r.Rules {
		fmt.Fprintf(&out, "  %-24s  %s\n", rule.Syscall, visible(rule.At.String()))
		out.WriteString(paragraph("    ", strings.Join(rule.When, ", ")))
	}
	out.WriteString("\nanswers\n")
	for _, answer := range [][2]string{
		{"any other call", r.Answers.Denied}, {"numbers without a name", r.Answers.Unnamed}, {"other architectures", r.Answers.Foreign},
	} {
		fmt.Fprintf(&out, "  %-24s  %s\n", answer[0], answer[1])
	}
	out.WriteString("\nprograms\n")
	for _, program := range r.Programs {
		fmt.Fprintf(&out, "  %-24s  %d instructions, at most %d for one call (%s)\n",
			program.Arch, program.Instructions, program.Longest, program.LongestCall)
	}
	return out.String()
}
