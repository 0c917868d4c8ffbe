package policy

import (
	"sort"
	"strings"
)

// decideEnvironment: a variable that is set has the value of the policy, also
// where a pattern of pass names it; of the patterns the longest decides.
func (p *Policy) decideEnvironment(name string) Decision {
	set := p.Environment.Set
	if i := sort.Search(len(set), func(i int) bool { return set[i].Name >= name }); i < len(set) && set[i].Name == name {
		return allowed(ClauseEnvironmentSet, set[i].At, "environment.set gives it a value")
	}
	if e, ok := p.Environment.passing(name); ok {
		return allowed(ClauseEnvironmentPass, e.At, "environment.pass names %s", e.Pattern)
	}
	return denied(ClauseEnvironment, Position{}, "neither environment.pass nor environment.set names it: it is removed")
}

// passing gives the entry that passes a variable: its name, or else the longest prefix.
func (e Environment) passing(name string) (EnvironmentPattern, bool) {
	at := func(pattern string) int {
		return sort.Search(len(e.Pass), func(i int) bool { return e.Pass[i].Pattern >= pattern })
	}
	if i := at(name); i < len(e.Pass) && e.Pass[i].Pattern == name {
		return e.Pass[i], true
	}
	// "*" sorts before everything that a name can go on with. So the prefixes of a name
	// come before name*, and whatever stands between shares them.
	for prefix := name; prefix != ""; {
		i := at(prefix + "*")
		if i < len(e.Pass) && e.Pass[i].Pattern == prefix+"*" {
			return e.Pass[i], true
		}
		if i == 0 {
			return EnvironmentPattern{}, false
		}
		before := e.Pass[i-1]
		if before.Matches(name) {
			return before, true
		}
		// Where prefix itself stands before, a name that is passed, only shorter ones are left.
		prefix = prefix[:min(shared(prefix, before.Pattern), len(prefix)-1)]
	}
	return EnvironmentPattern{}, false
}

// shared gives the length of what two texts begin with.
func shared(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// Matches reports whether a variable is passed by this entry.
func (e EnvironmentPattern) Matches(name string) bool {
	if prefix, ok := strings.CutSuffix(e.Pattern, "*"); ok {
		return strings.HasPrefix(name, prefix)
	}
	return name == e.Pattern
}
