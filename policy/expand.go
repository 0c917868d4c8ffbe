package policy

import (
	"regexp"
	"strings"
)

// hasParameter reports whether a text has a parameter in it, well formed or not.
func hasParameter(text string) bool { return strings.Contains(text, "${") }

// parameterUse finds the uses of parameters in a text.
var parameterUse = regexp.MustCompile(`\$\{[^}]*\}`)

// parameterPlaces says which values may hold parameters.
const parameterPlaces = "network.egress, the paths of [filesystem] and process.directory"

// expand puts the values of parameters into a text. Of those without a value
// ${NAME} is left, which Resolve allows only where it was asked to. ok is false
// where something was wrong, and was reported.
func (b *builder) expand(at span, text string, allowed ...ParameterType) (expanded string, ok bool) {
	if !hasParameter(text) {
		return text, true
	}
	var out strings.Builder
	ok = true
	for {
		before, rest, found := strings.Cut(text, "${")
		out.WriteString(before)
		if !found {
			return out.String(), ok
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed || !parameterName.MatchString(name) {
			b.add(at, "%s is not a parameter", quote("${"+name)).note("expected  ${NAME}, with a name of letters, digits and _")
			return "", false
		}
		p, known := b.params[name]
		switch {
		case !known && !b.whole:
			return "", false // it may be declared in a file that is missing
		case !known:
			r := b.add(at, "parameter %s is declared nowhere", name).note("expected  a table [params.%s]", name)
			if !b.worthSaying() {
				ok = false
				break
			}
			if near, ok := nearest(name, sorted(b.params)); ok {
				r.advise("did you mean ${%s}?", near)
			} else {
				r.advise("[params.%s] with type = \"label\" and pattern = \"[a-z0-9-]+\"", name)
			}
			ok = false
		case p.Type != "" && !contains(typeNames(allowed), string(p.Type)):
			b.add(at, "parameter %s is a %s, which cannot stand here", name, p.Type).
				note("expected  a parameter of type %s", orList(typeNames(allowed))).
				note("declared at %s", p.At)
			ok = false
		case !p.sound:
			ok = false // reported where it is declared, or where its value was checked
		case p.Bound:
			out.WriteString(p.Value)
		default:
			out.WriteString("${" + name + "}")
		}
		text = after
	}
}

func typeNames(types []ParameterType) []string {
	out := make([]string, len(types))
	for i, t := range types {
		out[i] = string(t)
	}
	return out
}
