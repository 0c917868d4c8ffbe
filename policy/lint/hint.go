package lint

import (
	"fmt"
	"strings"

	"confine/policy"
)

// tableHint is a table of a policy with some of its keys, to be pasted.
func tableHint(table string, keys ...string) string {
	return "[" + table + "]\n" + strings.Join(keys, "\n")
}

// takeOut is how entries of a list are taken out: of the policy's own by hand, of those of
// a base by a key that can be pasted. at is where one of them stands.
func (s *Subject) takeOut(at policy.Position, table, list string, entries ...string) string {
	quoted := make([]string, len(entries))
	for i, entry := range entries {
		quoted[i] = quote(entry)
	}
	names := strings.Join(quoted, ", ")
	if s.own(at) {
		return fmt.Sprintf("remove %s from %s", names, list)
	}
	return tableHint(table, fmt.Sprintf("remove = { %s = [%s] }", list, names))
}

// testsHint is a case to be pasted into the tests of the policy, after the words that say
// what to do with their file.
func (s *Subject) testsHint(do string, keys ...string) string {
	return fmt.Sprintf("%s %s.test.toml\n[[case]]\n%s", do, stem(s.Policy.File), strings.Join(keys, "\n"))
}
