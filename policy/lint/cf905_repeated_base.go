package lint

var repeatedBase = Rule{
	Code:     "CF905",
	Severity: Info,
	Title:    "a base is extended twice over",
	Why: `Another base of the list extends it already, and each file counts once: the entry changes nothing. It reads as if the
policy had a choice to make there.`,
	Instead: "Remove it.",
	Bad: Example{
		Policy: "schema  = 1\nname    = \"acme\"\nextends = [\"connector\", \"python-connector\"]\n",
		Fixed:  "schema  = 1\nname    = \"acme\"\nextends = [\"python-connector\"]\n",
	},
	Good: Example{Policy: "schema  = 1\nname    = \"acme\"\nextends = [\"python-connector\"]\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, b := range s.Policy.RepeatedBases() {
			found = append(found, Found{At: b.At, Message: b.Name + " is extended by another base of the list already", Remove: true})
		}
		return found
	},
}
