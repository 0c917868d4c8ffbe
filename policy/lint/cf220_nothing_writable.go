package lint

import "confine/policy"

var nothingWritable = Rule{
	Code:     "CF220",
	Severity: Info,
	Title:    "no directory can be written",
	Why: `Most programs need a temporary directory, if only for a moment: Python's tempfile, sort(1) and SQLite fail without one.
A ` + "`tmp`" + ` gives nothing away: it is private, empty and gone afterwards.`,
	Instead: "Add `tmp = [\"/tmp\"]`, unless the program was seen to run without.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nexec = [\"/usr/bin/python3.11\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nexec = [\"/usr/bin/python3.11\"]\ntmp  = [{ path = \"/tmp\", size = \"256MiB\" }]\n"},
	check: func(s *Subject) []Found {
		// Without a program it is the base of others.
		if len(s.entries(policy.ModeWrite, policy.ModeTmp)) > 0 || len(s.entries(policy.ModeExec)) == 0 {
			return nil
		}
		return []Found{{Hint: tableHint("filesystem", `tmp = ["/tmp"]`)}}
	},
}
