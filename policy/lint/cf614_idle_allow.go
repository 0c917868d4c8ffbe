package lint

import "confine/policy"

var idleAllow = Rule{
	Code:     "CF614",
	Severity: Info,
	Title:    "allow names a call that is allowed already",
	Why: `The entry changes nothing today. When the base list takes the call back, or guards its arguments, because it turned out to be too much,
the entry opens it again.`,
	Instead: "Remove it.",
	Bad: Example{
		Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nbase  = \"default\"\nallow = [\"getppid\", \"chroot\"]\n",
		Fixed:  "schema = 1\nname   = \"acme\"\n\n[syscalls]\nbase  = \"default\"\nallow = [\"chroot\"]\n",
	},
	Good: Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nallow = [\"getppid\"]\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, e := range s.Policy.Syscalls.Allow {
			if !s.own(e.At) {
				continue // a base may have been right to name it
			}
			if _, opens := allowOpens(s, e); !opens {
				found = append(found, Found{
					At: e.At, Message: e.Name + " is allowed by the base list " + s.Policy.Syscalls.Base + " already", Remove: true,
				})
			}
		}
		return found
	},
}

// allowOpens reports whether an entry of allow opens anything, with a call that it opens.
func allowOpens(s *Subject, e policy.SyscallEntry) (example string, ok bool) {
	set := s.Policy.Syscalls.Set()
	before := set
	before.Allow = without(set.Allow, e.Name)
	d, ok := difference(before, set, e.Name)
	return formatted(d), ok
}
