package lint

import (
	"fmt"

	"confine/policy/syscalls"
)

var droppedGuard = Rule{
	Code:     "CF615",
	Severity: Warning,
	Title:    "allow drops what the base list says of a call's arguments",
	Why: "`allow`" + ` takes a call whole. The base lists allow some calls with certain arguments only, for a reason that the finding shows: open and
chmod without set-user-ID bits, which others could run outside of the sandbox; ioctl without typing into the terminal of whoever
started the program; clone without namespaces. The call already works without the entry, and with it does everything.`,
	Instead: "Remove the entry, or narrow it by a [[syscalls.rule]] to the arguments that are missing.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nbase  = \"default\"\nallow = [\"ioctl\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nbase = \"default\"\n"},
	check: func(s *Subject) []Found {
		base := syscalls.Set{Base: s.Policy.Syscalls.Base}
		var found []Found
		for _, e := range s.Policy.Syscalls.Allow {
			if base.Decide(e.Name, [6]syscalls.Argument{}).Verdict != syscalls.Conditional || len(otherFamilies(s, e.Name)) > 0 {
				continue // the families of sockets have a rule of their own, and so has clone
			}
			if e.Name == "clone" {
				if _, ok := makesNamespaces(s); ok {
					continue
				}
			}
			example, opens := allowOpens(s, e)
			if !opens {
				continue
			}
			found = append(found, Found{
				At: e.At, Message: fmt.Sprintf("%s is taken whole, past what %s says of its arguments", e.Name, s.Policy.Syscalls.Base),
				Notes: []string{"the base says  " + guardOf(s.Policy.Syscalls.Base, e.Name), "now allowed    " + example},
			})
		}
		return found
	},
}

// guardOf is why a base list looks at the arguments of a call.
func guardOf(base, call string) string {
	for _, b := range syscalls.Bases() {
		for _, g := range b.Guards {
			if b.Name == base && g.Syscall == call {
				return g.Reason
			}
		}
	}
	return ""
}

// formatted is a call that a difference newly allows.
func formatted(d syscalls.Difference) string {
	if d.Undecided {
		return "it would take too long to tell"
	}
	return syscalls.FormatCall(d.Call, d.More.Args)
}
