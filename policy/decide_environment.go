package policy

import "strings"

// decideEnvironment: a variable that is set has the value of the policy, also
// where a pattern of pass names it; of the patterns the longest decides.
func (p *Policy) decideEnvironment(name string) Decision {
	for _, v := range p.Environment.Set {
		if v.Name == name {
			return allowed(ClauseEnvironmentSet, v.At, "environment.set gives it a value")
		}
	}
	var best EnvironmentPattern
	for _, e := range p.Environment.Pass {
		if e.Matches(name) && (best.Pattern == "" || e.narrower(best)) {
			best = e
		}
	}
	if best.Pattern != "" {
		return allowed(ClauseEnvironmentPass, best.At, "environment.pass names %s", best.Pattern)
	}
	return denied(ClauseEnvironment, Position{}, "neither environment.pass nor environment.set names it: it is removed")
}

// Matches reports whether a variable is passed by this entry.
func (e EnvironmentPattern) Matches(name string) bool {
	if prefix, ok := strings.CutSuffix(e.Pattern, "*"); ok {
		return strings.HasPrefix(name, prefix)
	}
	return name == e.Pattern
}

// narrower reports whether e says more of a name than other, when both match it.
func (e EnvironmentPattern) narrower(other EnvironmentPattern) bool {
	exact := !strings.HasSuffix(e.Pattern, "*")
	if otherExact := !strings.HasSuffix(other.Pattern, "*"); exact != otherExact {
		return exact
	}
	return len(e.Pattern) > len(other.Pattern)
}
