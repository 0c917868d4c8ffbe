package lint

var unusedSuppression = Rule{
	Code:     "CF921",
	Severity: Warning,
	Title:    "a comment allows what is not found",
	Why: `The rule has nothing to say about that line any more, or the comment stands in the wrong place. It would allow the
next mistake on the line without a word.`,
	Instead: "Remove the comment, or the code that it no longer needs.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\n# confine: allow CF101 until 2027-06-30 -- the API's hosts change daily\nmode = \"none\"\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode = \"none\"\n"},
}
