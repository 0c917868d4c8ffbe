package lint

import (
	"fmt"
	"strings"

	"confine/policy"
)

var loaderVariable = Rule{
	Code:     "CF703",
	Severity: Error,
	Title:    "a variable of the dynamic loader reaches the program",
	Why: `LD_PRELOAD, LD_LIBRARY_PATH and LD_AUDIT name code that ld.so(8) loads into every program that is started.
Whoever sets one outside decides what runs inside. The GLIBC_TUNABLES of some versions were a way to root.`,
	Instead: "Take it out. Libraries belong where the loader finds them by itself; `map` names their directory.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[environment]\npass = [\"LD_LIBRARY_PATH\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nmap = [\"/opt/acme/lib\"]\n"},
	check: func(s *Subject) []Found {
		return foundVariables(s, func(name string) bool { return strings.HasPrefix(name, "LD_") || name == "GLIBC_TUNABLES" },
			[]string{"LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "GLIBC_TUNABLES"}, "%s names code or settings of the dynamic loader")
	},
}

// foundVariables finds what passes or sets variables of a kind. names are some of them,
// for patterns that pass more than one name.
func foundVariables(s *Subject, is func(name string) bool, names []string, message string) []Found {
	var found []Found
	for _, e := range s.Policy.Environment.Pass {
		prefix, wild := strings.CutSuffix(e.Pattern, "*")
		hint := s.takeOut(e.At, "environment", "pass", e.Pattern)
		switch name, ok := passed(e, names); {
		case !wild && is(e.Pattern), wild && prefix != "" && is(prefix):
			found = append(found, Found{At: e.At, Message: fmt.Sprintf(message, e.Pattern), Hint: hint})
		case wild && prefix != "" && ok:
			found = append(found, Found{At: e.At, Message: fmt.Sprintf(message, name), Notes: []string{"passed by  " + e.Pattern}, Hint: hint})
		}
	}
	for _, v := range s.Policy.Environment.Set {
		if is(v.Name) {
			found = append(found, Found{At: v.At, Message: fmt.Sprintf(message, v.Name), Hint: s.takeOut(v.At, "environment", "set", v.Name)})
		}
	}
	return found
}

// passed gives the first of some names that an entry of environment.pass passes.
func passed(e policy.EnvironmentPattern, names []string) (name string, ok bool) {
	prefix, wild := strings.CutSuffix(e.Pattern, "*")
	for _, name := range names {
		if name == e.Pattern || wild && strings.HasPrefix(name, prefix) {
			return name, true
		}
	}
	return "", false
}
