package lint

import "regexp"

// nameOfPolicy is what the language takes for a name.
var nameOfPolicy = regexp.MustCompile(`^[a-z0-9-]{1,63}$`)

var otherName = Rule{
	Code:     "CF903",
	Severity: Warning,
	Title:    "the policy and its file have different names",
	Why: "`extends` finds a policy by the name of its file; receipts, messages and bundles show the `name` in it. Two names for\n" +
		"one policy are two policies to whoever reads a log.",
	Instead: "Give both the same name.",
	Bad:     Example{Policy: "schema = 1\nname   = \"other\"\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n"},
	check: func(s *Subject) []Found {
		want := stem(s.Policy.File)
		if s.Policy.Name == want {
			return nil
		}
		f := Found{Message: "the policy is called " + s.Policy.Name + ", and its file " + want + ".toml", Hint: "rename the file to " + s.Policy.Name + ".toml"}
		if nameOfPolicy.MatchString(want) {
			f.Hint = "name = " + quote(want)
		}
		return []Found{f}
	},
}
