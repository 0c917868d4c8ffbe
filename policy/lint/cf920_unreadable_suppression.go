package lint

// The three rules about suppressions have no check of their own: what reads the comments
// knows what is wrong with them.

var unreadableSuppression = Rule{
	Code:     "CF920",
	Severity: Error,
	Title:    "a comment that is addressed to confine cannot be read",
	Why: `The comment begins with "confine:", and is not in the form of a suppression: it allows nothing, whatever its author
meant.`,
	Instead: "Codes, the last day on which it holds, and a reason behind two hyphens.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\n# confine: ignore CF101\nmode = \"host\"\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\n# confine: allow CF101 until 2027-06-30 -- the API's hosts change daily; asked for a list\nmode = \"host\"\n"},
}
