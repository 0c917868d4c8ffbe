package lint

import "fmt"

var nameServerPort = Rule{
	Code:     "CF120",
	Severity: Warning,
	Title:    "a name server is reached directly",
	Why: `The gateway answers for names by itself, and for allowed ones only. A name server that the program reaches at port 53
or 853 passes on whatever it is asked, and what stands in the question reaches whoever owns the name: data leaves in
it, a few dozen bytes at a time.`,
	Instead: "Take it out: names are looked up without it.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode   = \"egress\"\negress = [\"api.acme.com:443\", \"ns.acme.com:53\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode   = \"egress\"\negress = [\"api.acme.com:443\"]\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, e := range reached(s) {
			if e.Port == 53 || e.Port == 853 {
				found = append(found, Found{At: e.At, Message: fmt.Sprintf("port %d of %s is a name server's", e.Port, e.Host), Hint: s.takeOut(e.At, "network", "egress", e.String())})
			}
		}
		return found
	},
}
