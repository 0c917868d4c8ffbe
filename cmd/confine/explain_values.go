package main

import (
	"maps"
	"slices"
	"strings"

	"confine/policy"
)

// decidingValues gives values of parameters that have none with which an access is decided
// otherwise, and the policy with them; nil where there are no such values.
func decidingValues(p loaded, access policy.Access) (values map[string]string, bound *policy.Policy) {
	d := p.Decide(access)
	for _, values := range p.ValuesFor(access) {
		all := policy.Samples(p.Params)
		maps.Copy(all, values)
		if q, err := p.with(all); err == nil && q.Decide(access).Allowed != d.Allowed {
			return values, q
		}
	}
	return nil, nil
}

// sampled gives the policy with a value for each parameter, for the backends, and what puts
// names in the place of values that were made up. Where none can be found it is the policy
// itself, which they refuse.
func sampled(p loaded) (bound *policy.Policy, hide func(string) string) {
	same := func(text string) string { return text }
	samples := policy.Samples(p.Params)
	if len(samples) == 0 {
		return p.Policy, same
	}
	q, err := p.with(samples)
	if err != nil {
		return p.Policy, same
	}
	var pairs []string
	for name, value := range samples {
		pairs = append(pairs, value, "${"+name+"}")
	}
	return q, strings.NewReplacer(pairs...).Replace
}

// flagsOf gives the flags that give parameters their values.
func flagsOf(values map[string]string) string {
	var flags []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		flags = append(flags, "--param "+name+"="+values[name])
	}
	return strings.Join(flags, " ")
}

// removedReport is an entry of a base that would allow an access, and that was taken out.
type removedReport struct {
	Entry string           `json:"entry"`
	WasAt *policy.Position `json:"was_at,omitempty"`
	At    *policy.Position `json:"at"`
}

// removedFor gives the entry without which an access is denied, if a file takes it out of
// what it extends.
func removedFor(p *policy.Policy, access policy.Access) *removedReport {
	inherited := p.Inherited()
	if inherited == nil || p.Decide(access).Allowed {
		return nil
	}
	d := inherited.Decide(access)
	if !d.Allowed && !d.Conditional {
		return nil
	}
	for _, e := range entriesOf(inherited) {
		if e.At == nil || *e.At != d.At {
			continue
		}
		entry := e.Value
		if e.Table == "filesystem" {
			entry = strings.TrimSuffix(entry, "?")
		}
		if at, ok := p.RemovedAt(d.Clause, entry); ok {
			return &removedReport{entry, e.At, stated(at)}
		}
	}
	return nil
}
