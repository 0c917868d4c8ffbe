package lint

import "confine/policy"

var noResolver = Rule{
	Code:     "CF117",
	Severity: Error,
	Title:    "hosts are named, and nothing leads to a name server",
	Why: `In mode "egress" the gateway answers for names, and the program learns where from /etc/resolv.conf, which confine shows
with its own content. It does so where ` + "`filesystem.read`" + ` names that very file; a directory above would show the host's.
No backend takes the policy without it.`,
	Instead: "Name the file in `read`.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode   = \"egress\"\negress = [\"api.acme.com:443\"]\n"},
	Good: Example{Policy: `schema = 1
name   = "acme"

[network]
mode   = "egress"
egress = ["api.acme.com:443"]

[filesystem]
read = ["/etc/resolv.conf"]
`},
	check: func(s *Subject) []Found {
		for _, e := range reached(s) {
			if _, literal := e.Address(); literal {
				continue
			}
			file := s.Policy.Filesystem.ResolveLinks("/etc/resolv.conf")
			if entry, ok := s.Policy.Filesystem.Entry(file); ok && entry.Path == file && entry.Mode == policy.ModeRead {
				return nil
			}
			return []Found{{
				At: e.At, Message: e.Host + " cannot be looked up without /etc/resolv.conf",
				Hint: "[filesystem]\nread = [\"/etc/resolv.conf\"]",
			}}
		}
		return nil
	},
}
