package lint

var noDescription = Rule{
	Code:     "CF902",
	Severity: Info,
	Title:    "the policy has no description",
	Why:      "Who reviews a change wants to know what the policy is for, and what the program under it is meant to reach.",
	Instead:  "One sentence: which program, what it reaches, what it writes.",
	Bad:      Example{Policy: "schema = 1\nname   = \"acme\"\n"},
	Good:     Example{Policy: "schema      = 1\nname        = \"acme\"\ndescription = \"The Acme connector: HTTPS to its API, writes /tmp.\"\n"},
	check: func(s *Subject) []Found {
		if s.Policy.Description != "" {
			return nil
		}
		return []Found{{Hint: `description = "The Acme connector: HTTPS to its API, writes /tmp."`}}
	},
}
