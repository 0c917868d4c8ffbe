package lint

import (
	"fmt"
	"slices"

	"golang.org/x/net/publicsuffix"
)

var sharedSuffix = Rule{
	Code:     "CF114",
	Severity: Error,
	Title:    "a parameter can be a host that a stranger has",
	Why: `The suffix belongs to a cloud that gives names below it to whoever asks. Whoever gives the value can rent such a name
and receive what the program reads; a value that comes from a customer's configuration is one that strangers write.`,
	Instead: `Name the domain of the product. Where the product is one host per customer of such a cloud, use a parameter of type
"label" with a ` + "`pattern`" + ` for the part that differs.`,
	Bad: Example{Policy: `schema = 1
name   = "acme"

[network]
mode   = "egress"
egress = ["${host}:443"]

[params.host]
type   = "host"
suffix = ["amazonaws.com"]
`},
	Good: Example{Policy: `schema = 1
name   = "acme"

[network]
mode   = "egress"
egress = ["${bucket}.s3.amazonaws.com:443"]

[params.bucket]
type    = "label"
pattern = "acme-[a-z]+"
`},
	check: func(s *Subject) []Found {
		var found []Found
		for _, p := range s.Policy.Params {
			for _, suffix := range p.Suffix {
				example, shared := strangerUnder(suffix)
				if of, icann := publicsuffix.PublicSuffix(suffix); of == suffix && !icann && !slices.Contains(tenants, suffix) {
					example, shared = "stranger."+suffix, true
				}
				if shared {
					found = append(found, Found{
						At:      p.At,
						Message: fmt.Sprintf("parameter %s can be a stranger's host", p.Name),
						Notes:   []string{fmt.Sprintf("for example  %s, by suffix %q", example, suffix)},
						Hint:    "name in suffix the domain of the product",
					})
				}
			}
		}
		return found
	},
}
