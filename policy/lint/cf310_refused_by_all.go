package lint

import "strings"

var refusedByAll = Rule{
	Code:     "CF310",
	Severity: Error,
	Title:    "no backend enforces the whole policy",
	Why: `Every backend refuses the policy, so nothing can be run under it: confine never drops a clause that a backend
cannot enforce.`,
	Instead: "Change what the backend of your choice refuses, or sign for it with a dated `[[accept]]`.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[capabilities]\nkeep = [\"CAP_NET_RAW\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[capabilities]\nkeep = []\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, e := range s.Enforcement {
			if len(e.Refusals) == 0 {
				return nil
			}
			for _, r := range e.Refusals {
				found = append(found, r.found(e.Backend))
			}
		}
		return found
	},
}

// found says of one refusal which backend it is of.
func (r Refusal) found(backend string) Found {
	f := Found{At: r.At, Message: backend + " refuses this: " + r.Message, Hint: r.Hint}
	if strings.HasPrefix(r.Message, backend+" ") {
		f.Message = "refused: " + r.Message
	}
	if r.Found != "" {
		f.Notes = append(f.Notes, "found     "+r.Found)
	}
	if r.Expected != "" {
		f.Notes = append(f.Notes, "expected  "+r.Expected)
	}
	return f
}
