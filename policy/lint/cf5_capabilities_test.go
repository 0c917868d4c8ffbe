package lint_test

import (
	"fmt"
	"strings"
	"testing"

	"confine/policy"
	"confine/policy/lint"
)

// Every capability of the language is found by exactly one rule, which says what it gives.
func TestEveryCapabilityIsFound(t *testing.T) {
	for _, name := range policy.CapabilityNames() {
		found := findings(t, lint.Linter{}, fmt.Sprintf("schema = 1\nname = \"acme\"\n[capabilities]\nkeep = [%q]\n", name))
		var messages []string
		for _, f := range found {
			if strings.HasPrefix(f.Rule.Code, "CF5") {
				messages = append(messages, f.Message, f.Notes[0])
			}
		}
		const gives = "with it the program "
		if len(messages) != 2 || messages[0] != "the program keeps "+name || !strings.HasPrefix(messages[1], gives) || messages[1] == gives {
			t.Errorf("%s: %q", name, messages)
		}
	}
}
