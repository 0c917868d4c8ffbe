package lint

import "slices"

var anyHost = Rule{
	Code:     "CF113",
	Severity: Warning,
	Title:    "a parameter can be any host",
	Why: `Whoever gives the value decides what the program may reach. The value often comes from the configuration of a
connector, which a customer writes: then the customer decides, and the policy says nothing.`,
	Instead: "Name the domains of the product in `suffix`. Keep \"*\" for products that customers host themselves.",
	Bad: Example{Policy: `schema = 1
name   = "acme"

[network]
mode   = "egress"
egress = ["${host}:443"]

[params.host]
type   = "host"
suffix = ["*"]
`},
	Good: Example{Policy: `schema = 1
name   = "acme"

[network]
mode   = "egress"
egress = ["${host}:443"]

[params.host]
type   = "host"
suffix = ["acme.com"]
`},
	check: func(s *Subject) []Found {
		var found []Found
		for _, p := range s.Policy.Params {
			if slices.Contains(p.Suffix, "*") {
				found = append(found, Found{
					At: p.At, Message: "parameter " + p.Name + " can be any host", Hint: `suffix = ["example.com"]`,
				})
			}
		}
		return found
	},
}
