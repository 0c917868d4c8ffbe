//go:build linux

package runner

import (
	"slices"
	"sort"
	"strings"

	"confine/policy"
)

// composeEnvironment gives the program what [environment] passes and sets, and
// nothing else; set wins. The result is sorted.
func composeEnvironment(e policy.Environment, caller []string) []string {
	values := map[string]string{}
	for _, variable := range caller {
		name, value, ok := strings.Cut(variable, "=")
		if ok && name != "" && passes(e.Pass, name) {
			values[name] = value
		}
	}
	for _, variable := range e.Set {
		values[variable.Name] = variable.Value
	}
	out := make([]string, 0, len(values))
	for name, value := range values {
		out = append(out, name+"="+value)
	}
	sort.Strings(out)
	return out
}

func passes(patterns []policy.EnvironmentPattern, name string) bool {
	return slices.ContainsFunc(patterns, func(p policy.EnvironmentPattern) bool { return p.Matches(name) })
}
