package lint

import "confine/policy"

var idleDeny = Rule{
	Code:     "CF616",
	Severity: Info,
	Title:    "deny names a call that nothing allows",
	Why: `The entry changes nothing in this policy: the base list does not have the call, and ` + "`allow`" + ` does not name it. It does hold for what
extends the policy, and against a base list that gains the call; taking it away counts as loosening, so --fix leaves it.`,
	Instead: "Keep it where it is meant for those who extend the policy; otherwise remove it, and trust the list.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\ndeny = [\"ptrace\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nbase = \"default\"\ndeny = [\"mknodat\"]\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, e := range idleDenials(s) {
			found = append(found, Found{
				At: e.At, Message: "nothing allows " + e.Name + ", which is not in the base list " + s.Policy.Syscalls.Base,
				Hint: s.takeOut(e.At, "syscalls", "deny", e.Name),
			})
		}
		return found
	},
}

// idleDenials gives the own entries of deny that change nothing in the policy.
func idleDenials(s *Subject) []policy.SyscallEntry {
	set := s.Policy.Syscalls.Set()
	var out []policy.SyscallEntry
	for _, e := range s.Policy.Syscalls.Deny {
		before := set
		before.Deny = without(set.Deny, e.Name)
		if _, closes := difference(before, set, e.Name); !closes && s.own(e.At) {
			out = append(out, e)
		}
	}
	return out
}
