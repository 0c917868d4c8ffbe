package lint

var unsafeCodeSwitch = Rule{
	Code:     "CF707",
	Severity: Warning,
	Title:    "a manifest may bring Python code",
	Why: `With AIRBYTE_ENABLE_UNSAFE_CODE Airbyte's CDK runs Python components that a manifest carries: code that nobody
reviewed, written by whoever wrote the manifest. It then has everything that this policy allows.`,
	Instead: "Take it out where manifests have no components; otherwise extend `custom-components`, which allows as little as such code needs.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[environment]\nset = { AIRBYTE_ENABLE_UNSAFE_CODE = \"true\" }\n"},
	Good:    Example{Policy: "schema  = 1\nname    = \"acme\"\nextends = [\"custom-components\"]\n"},
	check: func(s *Subject) []Found {
		const name = "AIRBYTE_ENABLE_UNSAFE_CODE"
		return foundVariables(s, func(n string) bool { return n == name }, []string{name}, "%s lets a manifest bring Python code")
	},
}
