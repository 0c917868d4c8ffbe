package lint

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"confine/policy"
)

var freeDirectory = Rule{
	Code:     "CF224",
	Severity: Warning,
	Title:    "the value of a parameter can name a part of the system",
	Why: `Whoever gives the value chooses which directory the program sees. Where a parameter stands for a name right below / or
in a directory of the system, a value such as "etc" or "root" opens what nobody meant, and no ` + "`hide`" + ` elsewhere in the policy
was written with it in mind.`,
	Instead: "Put the parameter below a directory that holds nothing else, or give it a `pattern` that allows the names that are meant.",
	Bad: Example{Policy: `schema = 1
name   = "acme"

[filesystem]
read = ["/${tenant}"]

[params.tenant]
type = "label"
`},
	Good: Example{Policy: `schema = 1
name   = "acme"

[filesystem]
read = ["/srv/acme/${tenant}"]

[params.tenant]
type = "label"
`},
	check: func(s *Subject) []Found {
		var found []Found
		for _, e := range visible(s) {
			for dir := e.Path; dir != "/"; dir = path.Dir(dir) {
				name, free := strings.CutPrefix(path.Base(dir), "${")
				name, whole := strings.CutSuffix(name, "}")
				if !free || !whole || strings.Contains(name, "}") {
					continue
				}
				if value, ok := systemValue(s.Policy.Params, name, path.Dir(dir)); ok {
					found = append(found, Found{
						At:      e.At,
						Message: fmt.Sprintf("the value %q of parameter %s would show %s", value, name, path.Join(path.Dir(dir), value)),
						Hint:    tableHint("params."+name, `pattern = "acme-[a-z0-9]+"`),
					})
				}
			}
		}
		return found
	},
}

// systemValues are names in directories of the system that no value should stand for.
var systemValues = map[string][]string{
	"/":        {"etc", "root", "home", "run", "var", "usr", "sys"},
	"/etc":     {"shadow", "ssh", "kubernetes"},
	"/run":     {"secrets", "docker", "systemd"},
	"/var":     {"lib", "run", "log"},
	"/var/lib": {"docker", "kubelet", "postgresql"},
}

// systemValue gives the first of [systemValues] in a directory that a parameter allows.
func systemValue(params []policy.Parameter, name, dir string) (value string, ok bool) {
	for _, p := range params {
		if p.Name != name || p.Type != policy.ParameterLabel {
			continue
		}
		pattern, err := regexp.Compile(`\A(?:` + p.Pattern + `)\z`)
		for _, value := range systemValues[dir] {
			if p.Pattern == "" || err == nil && pattern.MatchString(value) {
				return value, true
			}
		}
	}
	return "", false
}
