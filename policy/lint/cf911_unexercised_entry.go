package lint

import "fmt"

var unexercisedEntry = Rule{
	Code:     "CF911",
	Severity: Info,
	Title:    "no test exercises an entry",
	Why: `If the entry is taken away, every test still passes: nobody wrote down what it is for, and nobody would notice that
it went, or that another one now says the same.`,
	Instead: "Add a case with an access that this entry alone decides. `confine test --coverage` lists them all.",
	Bad: Example{
		Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/etc/ssl\", \"/etc/hosts\"]\n",
		Tests:  "[[case]]\nname  = \"certificates\"\nallow = [\"read /etc/ssl/certs/ca-certificates.crt\"]\ndeny  = [\"read /etc/shadow\"]\n",
	},
	Good: Example{
		Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/etc/ssl\", \"/etc/hosts\"]\n",
		Tests:  "[[case]]\nname  = \"certificates and names\"\nallow = [\"read /etc/ssl/certs/ca-certificates.crt\", \"read /etc/hosts\"]\ndeny  = [\"read /etc/shadow\"]\n",
	},
	check: func(s *Subject) []Found {
		if s.Tests == nil {
			return nil
		}
		entries, err := s.Tests.Unexercised(s.resolve)
		if err != nil {
			return []Found{{Message: "the tests cannot be asked what they exercise", Notes: []string{err.Error()}}}
		}
		var found []Found
		for _, e := range entries {
			// A base has tests of its own.
			if s.own(e.At) {
				found = append(found, Found{At: e.At, Message: fmt.Sprintf("no test exercises %s %s", e.Clause, e.Subject)})
			}
		}
		return found
	},
}
