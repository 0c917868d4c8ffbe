package lint

import (
	"slices"

	"confine/policy/syscalls"
)

var namespaces = Rule{
	Code:     "CF610",
	Severity: Error,
	Title:    "calls that make namespaces",
	Why: `In a user namespace of its own any program has all capabilities (user_namespaces(7)). They do not reach outside, but open much code
of the kernel that is otherwise closed, mounts, firewall rules and packet sockets among it; many ways from a user to root begin
there. And with a mount namespace go the bounds of ` + "`tmp`" + `.`,
	Instead: "Take it out. clone needs no entry: the base lists have it, without the flags for namespaces.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nallow = [\"unshare\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nbase = \"default\"\n"},
	check: func(s *Subject) []Found {
		found := openedCalls(s, []opening{
			{"unshare", "it makes namespaces, and has all capabilities in them"},
			{"setns", "it enters namespaces of others"},
		})
		if example, ok := makesNamespaces(s); ok {
			e, _ := entryOf(s.Policy.Syscalls.Allow, "clone")
			found = append(found, Found{
				At: e.At, Message: "clone is allowed whole, namespaces included",
				Notes: []string{"for example  " + example},
				Hint:  s.takeOut(e.At, "syscalls", "allow", "clone"),
			})
		}
		return found
	},
}

// withoutNamespaces is what clone(2) may be called with: none of the flags CLONE_NEWNS,
// CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET.
const withoutNamespaces = "arg0 & 0x7e020000 == 0"

// makesNamespaces reports whether allow lets clone make namespaces, with a call that does.
func makesNamespaces(s *Subject) (example string, ok bool) {
	set := about(s.Policy.Syscalls.Set(), "clone")
	if !slices.Contains(set.Allow, "clone") {
		return "", false
	}
	safe, err := syscalls.ParseCondition(withoutNamespaces)
	if err != nil {
		return "", false
	}
	narrowed := set
	narrowed.Rules = nil
	for _, rule := range set.Rules {
		narrowed.Rules = append(narrowed.Rules, syscalls.SetRule{Syscall: "clone", When: append(slices.Clone(rule.When), safe)})
	}
	if len(set.Rules) == 0 {
		narrowed.Rules = []syscalls.SetRule{{Syscall: "clone", When: []syscalls.Condition{safe}}}
	}
	d, ok := difference(narrowed, set, "clone")
	return syscalls.FormatCall("clone", d.More.Args), ok
}
