package lint

import (
	"errors"
	"fmt"

	"confine/policy"
)

var unfitParameters = Rule{
	Code:     "CF913",
	Severity: Error,
	Title:    "a test gives values that the policy does not take",
	Why: `The policy has no meaning with these values, so the case asks nothing: ` + "`confine test`" + ` fails, and what the tests exercise
cannot be told.`,
	Instead: "Give every parameter of the policy a value that it allows, in each case.",
	Bad: Example{
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
params = { region = "mars" }
allow  = ["connect mars.acme.com:443"]
`,
	},
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
		if s.Tests == nil {
			return nil
		}
		for _, c := range s.Tests.Cases {
			if len(c.Params) == 0 && len(s.Policy.Params) == 0 {
				continue
			}
			_, err := s.resolve(c.Params)
			if err == nil {
				continue
			}
			f := Found{
				Message: fmt.Sprintf("the policy does not take the params of case %q", c.Name),
				Notes:   []string{"case at  " + c.At.String()},
				Hint:    "give each parameter a value that the policy allows",
			}
			var wrong policy.Diagnostics
			if errors.As(err, &wrong) {
				f.Notes = append(f.Notes, wrong[0].Message)
			}
			return []Found{f}
		}
		return nil
	},
}
