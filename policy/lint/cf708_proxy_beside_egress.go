package lint

import (
	"fmt"
	"slices"

	"confine/policy"
)

var proxyBesideEgress = Rule{
	Code:     "CF708",
	Severity: Warning,
	Title:    "a proxy goes around the names of egress",
	Why: `Under mode "egress" confine sees the names that the program connects to. A program that uses a proxy connects to the
proxy alone, and tells the proxy what it wants: if the policy allows the proxy's name, it allows all that the proxy
does, and if not, the program fails.`,
	Instead: "Take the variables away, as below, and let the gateway decide. A proxy that has to be used needs rules of its own.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode   = \"egress\"\negress = [\"api.acme.com:443\"]\n\n[environment]\npass = [\"HTTPS_PROXY\"]\n"},
	Good: Example{Policy: `schema  = 1
name    = "acme"
extends = ["source-declarative-manifest"]

[network]
mode   = "egress"
egress = ["api.acme.com:443"]

[environment]
remove = { pass = ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"] }
`},
	check: func(s *Subject) []Found {
		if s.Policy.Network.Mode != policy.NetworkEgress {
			return nil
		}
		proxies := []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"}
		found := foundVariables(s, func(name string) bool { return slices.Contains(proxies, name) }, proxies,
			"%s leads around the names that egress allows")
		// One finding for what bases pass: its lines have one cure.
		var own []Found
		var inherited []string
		for _, e := range s.Policy.Environment.Pass {
			if _, leads := passed(e, proxies); leads && !s.own(e.At) {
				inherited = append(inherited, e.Pattern)
			}
		}
		for _, f := range found {
			if s.own(f.At) || !slices.ContainsFunc(s.Policy.Environment.Pass, func(e policy.EnvironmentPattern) bool { return e.At == f.At }) {
				own = append(own, f)
			}
		}
		if len(inherited) > 0 {
			own = append(own, Found{
				At: s.Policy.Network.At, Message: fmt.Sprintf("%d variables of a proxy are inherited beside mode \"egress\"", len(inherited)),
				Hint: s.takeOut(policy.Position{}, "environment", "pass", inherited...),
			})
		}
		return own
	},
}
