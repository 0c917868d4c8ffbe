package lint

import (
	"fmt"
	"slices"

	"confine/policy"
)

var repeatedEntry = Rule{
	Code:     "CF904",
	Severity: Info,
	Title:    "an entry repeats what a base says",
	Why: `The entry changes nothing today. When the base takes it back, because it turned out to be too much, it stays in
force here, and nobody will know why.`,
	Instead: "Remove it, unless the policy has to keep it whatever the base says.",
	Bad: Example{
		Policy: "schema  = 1\nname    = \"acme\"\nextends = [\"connector\"]\n\n[filesystem]\nread = [\n    \"/etc/hosts?\",  # names\n    \"/srv/acme\",\n]\n",
		Fixed:  "schema  = 1\nname    = \"acme\"\nextends = [\"connector\"]\n\n[filesystem]\nread = [\n    # names\n    \"/srv/acme\",\n]\n",
	},
	Good: Example{Policy: "schema  = 1\nname    = \"acme\"\nextends = [\"connector\"]\n\n[filesystem]\nread = [\"/srv/acme\"]\n"},
	check: func(s *Subject) []Found {
		base := s.Inherited
		if base == nil {
			return nil
		}
		var found []Found
		repeats := func(clause, entry, what string, at, was policy.Position) {
			// Beside a remove of the same it is all that is left of it.
			if s.own(at) && !was.IsZero() && !s.Policy.TakesOut(clause, entry) {
				found = append(found, Found{
					At: at, Message: what + " is what a base says already",
					Notes: []string{"stated at  " + was.String()}, Remove: true,
				})
			}
		}
		for _, e := range s.Policy.Filesystem.Entries {
			was, ok := base.Filesystem.Entry(e.Path)
			if ok && was.Path == e.Path && was.Mode == e.Mode && was.Optional == e.Optional && was.Size == e.Size {
				repeats(policy.FilesystemClause(e.Mode), e.Path, fmt.Sprintf("%s %s", e.Mode, quote(e.Path)), e.At, was.At)
			}
		}
		for _, e := range s.Policy.Network.Egress {
			if i := slices.IndexFunc(base.Network.Egress, func(b policy.EgressEntry) bool { return b.String() == e.String() }); i >= 0 {
				repeats(policy.ClauseNetworkEgress, e.String(), e.String(), e.At, base.Network.Egress[i].At)
			}
		}
		for _, e := range s.Policy.Environment.Pass {
			if i := slices.IndexFunc(base.Environment.Pass, func(b policy.EnvironmentPattern) bool { return b.Pattern == e.Pattern }); i >= 0 {
				repeats(policy.ClauseEnvironmentPass, e.Pattern, "pass "+e.Pattern, e.At, base.Environment.Pass[i].At)
			}
		}
		for word, lists := range map[string][2][]policy.SyscallEntry{
			"allow": {s.Policy.Syscalls.Allow, base.Syscalls.Allow}, "deny": {s.Policy.Syscalls.Deny, base.Syscalls.Deny},
		} {
			for _, e := range lists[0] {
				if i := slices.IndexFunc(lists[1], func(b policy.SyscallEntry) bool { return b.Name == e.Name }); i >= 0 {
					repeats("syscalls."+word, e.Name, word+" "+e.Name, e.At, lists[1][i].At)
				}
			}
		}
		return found
	},
}

// quote puts a name in double quotes, as policies write it.
func quote(name string) string { return fmt.Sprintf("%q", name) }
