package lint

var notAsked = Rule{
	Code:     "CF313",
	Severity: Warning,
	Title:    "the backends could not be asked about the policy",
	Why: `How well a policy is enforced can be told only of one whose parameters have values. confine takes those of the first
test case that fits, or makes some up; here neither is allowed by what the parameters declare. So no rule of
backends has looked at this policy. Often no value is allowed at all: a pattern of dots or slashes is one of no label.`,
	Instead: "Let the pattern allow a label, or add a test case with values that the parameters allow.",
	Bad: Example{Policy: `schema = 1
name   = "acme"

[network]
mode   = "egress"
egress = ["${region}.acme.com:443"]

[params.region]
type    = "label"
pattern = "v1\\.[0-9]+"
`},
	Good: Example{
		Policy: `schema = 1
name   = "acme"

[network]
mode   = "egress"
egress = ["${region}.acme.com:443"]

[params.region]
type    = "label"
pattern = "eu|us"
`,
		Tests: `[[case]]
name   = "its region"
params = { region = "eu" }
allow  = ["connect eu.acme.com:443"]
deny   = ["connect us.acme.com:443"]
`,
	},
	check: func(s *Subject) []Found {
		if s.Unenforced == "" {
			return nil
		}
		return []Found{{Notes: []string{s.Unenforced}, Hint: "add a [[case]] to the tests, with params that are allowed"}}
	},
}
