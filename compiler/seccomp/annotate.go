package seccomp

import (
	"fmt"
	"slices"
	"strings"

	"confine/policy/syscalls"
)

// Annotate lists p as [Program.String] does, with what each instruction is for behind
// it. name says which entry of the policy, or of a base list, an origin is.
func (p Program) Annotate(sources []Source, name func(syscalls.Origin) string) string {
	texts := make([]string, len(p))
	width := 0
	for i, in := range p {
		texts[i] = fmt.Sprintf("%4d  %s", i, in.describe(i))
		width = max(width, len(texts[i]))
	}
	var out strings.Builder
	for i, text := range texts {
		fmt.Fprintf(&out, "%-*s  ; %s\n", width, text, sources[i].describe(name))
	}
	return out.String()
}

// describe says it on one line: an answer or a comparison of numbers may serve any
// number of entries, of which the first are named.
func (s Source) describe(name func(syscalls.Origin) string) string {
	text := string(s.Step)
	if s.Step == StepArguments {
		if call, one := s.oneCall(); one {
			text += " of " + call
		}
	}
	var names []string
	for _, o := range s.Origins {
		if n := name(o); !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	const most = 2
	if more := len(names) - most; more > 0 {
		names = append(names[:most:most], fmt.Sprintf("%d more", more))
	}
	switch {
	case len(names) > 0:
		return text + ": " + strings.Join(names, ", ")
	case s.Step == StepAnswer:
		return text + " to other architectures"
	}
	return text
}

// oneCall gives the only call whose arguments an instruction looks at.
func (s Source) oneCall() (call string, one bool) {
	for i, o := range s.Origins {
		if i > 0 && o.Call != call {
			return "", false
		}
		call = o.Call
	}
	return call, call != ""
}
