package lint

var expiredSuppression = Rule{
	Code:     "CF922",
	Severity: Warning,
	Title:    "a comment that allowed something is past its date",
	Why:      "What it allowed is reported again. The date is there so that somebody looks at the reason once more.",
	Instead:  "Renew the date if the reason still holds, or cure what is found and remove the comment.",
	Bad:      Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\n# confine: allow CF101 until 2025-01-31 -- the API's hosts change daily\nmode = \"host\"\n"},
	Good:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\n# confine: allow CF101 until 2027-06-30 -- the API's hosts change daily; asked for a list\nmode = \"host\"\n"},
}
