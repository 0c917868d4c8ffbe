package lint

// invalidFile carries what package policy says of a file; it has no check of its own.
var invalidFile = Rule{
	Code:     "CF001",
	Severity: Error,
	Title:    "the policy or its tests are not valid",
	Why: `The file is not TOML, or says something that the language does not have: an unknown key, a value out of
range, a base that is not there. confine refuses to compile or run such a policy, and no other rule has been
asked about it. This one can be neither ignored nor allowed by a comment.`,
	Instead: "The message says what was expected. `confine schema` prints a schema with which editors show it while you type.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nreed = [\"/etc/ssl\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/etc/ssl\"]\n"},
}
