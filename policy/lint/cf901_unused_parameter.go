package lint

import "strings"

var unusedParameter = Rule{
	Code:     "CF901",
	Severity: Warning,
	Title:    "a parameter that nothing uses",
	Why: `Every launch has to give it a value, and the value changes nothing. Most likely the host or path that should have
held it is written out, and the same for everybody.`,
	Instead: "Write `${NAME}` where its value belongs, or remove the declaration.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode   = \"egress\"\negress = [\"tenant.acme.com:443\"]\n\n[params.tenant]\ntype = \"label\"\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode   = \"egress\"\negress = [\"${tenant}.acme.com:443\"]\n\n[params.tenant]\ntype = \"label\"\n"},
	check: func(s *Subject) []Found {
		var texts []string
		for _, e := range s.Policy.Network.Egress {
			texts = append(texts, e.Host)
		}
		for _, e := range s.Policy.Filesystem.Entries {
			texts = append(texts, e.Path)
		}
		for _, l := range s.Policy.Filesystem.Links {
			texts = append(texts, l.To)
		}
		used := strings.Join(append(texts, s.Policy.Process.Directory), "\n")
		var found []Found
		for _, p := range s.Policy.Params {
			if !strings.Contains(used, "${"+p.Name+"}") {
				found = append(found, Found{At: p.At, Message: "nothing uses the parameter " + p.Name, Hint: "write ${" + p.Name + "} where its value belongs, or remove it"})
			}
		}
		return found
	},
}
