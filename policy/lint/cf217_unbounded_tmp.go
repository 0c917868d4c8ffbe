package lint

import (
	"fmt"

	"confine/policy"
)

var unboundedTmp = Rule{
	Code:     "CF217",
	Severity: Info,
	Title:    "a temporary directory without a size",
	Why: `What is written to a ` + "`tmp`" + ` is kept in memory. Without a size the bound is the engine's: Linux takes half of the machine's memory for each.
` + "`rlimits.as`" + ` does not count it, and ` + "`rlimits.fsize`" + ` bounds one file only. A few runaway connectors at a time leave the
machine without memory.`,
	Instead: "Give it the size that the longest run needs, or bound the memory of the whole run with `process.memory`, which\ntakes a root caller, as a size does under firejail. Where another one launches, allow the finding with a comment that says what bounds it.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\ntmp = [\"/tmp\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\ntmp = [{ path = \"/tmp\", size = \"2GiB\" }]\n"},
	check: func(s *Subject) []Found {
		if s.Policy.Process.Memory > 0 {
			return nil // the pages are counted there
		}
		var found []Found
		for _, e := range s.entries(policy.ModeTmp) {
			if e.Size == 0 {
				found = append(found, Found{
					At: e.At, Message: fmt.Sprintf("tmp %s has no size: it is kept in the machine's memory", quote(e.Path)),
					Notes: []string{"under firejail a size takes a root caller, and under any backend process.memory does"},
					Hint:  tableHint("filesystem", fmt.Sprintf("tmp = [{ path = %s, size = \"2GiB\" }]", quote(e.Path))),
				})
			}
		}
		return found
	},
}
