package policy

import (
	"regexp"
	"strings"
)

// ValuesFor gives values for parameters that have none, each set of them such that an entry
// of the policy would name what an access is about. They need not be ones that the
// parameters allow.
func (p *Policy) ValuesFor(a Access) []map[string]string {
	var found []map[string]string
	try := func(entry, target, before, after, label, host string) {
		if values, ok := p.valuesIn(entry, target, before, after, label, host); ok {
			found = append(found, values)
		}
	}
	switch a.Kind {
	case AccessRead, AccessWrite, AccessExec, AccessMap:
		name := p.Filesystem.ResolveLinks(a.Target)
		for _, e := range p.Filesystem.Entries {
			try(e.Path, name, "", "(?:/.*)?", "([A-Za-z0-9_-]+)", "([^/]+)")
		}
	case AccessConnect, AccessResolve:
		for _, e := range p.Network.Egress {
			if a.Kind == AccessConnect && e.Port != a.Port {
				continue
			}
			host, before := e.Host, ""
			if below, wildcard := strings.CutPrefix(host, "*."); wildcard {
				host, before = below, `(?:[^.]+\.)+`
			}
			try(host, a.Target, before, "", "([a-z0-9_-]+)", "(.+)")
		}
	}
	return found
}

// valuesIn reads the values of the parameters of an entry out of a text. label and host are
// what matches a value of each type.
func (p *Policy) valuesIn(entry, target, before, after, label, host string) (map[string]string, bool) {
	if !hasParameter(entry) {
		return nil, false
	}
	types := map[string]ParameterType{}
	for _, param := range p.Params {
		types[param.Name] = param.Type
	}
	var names []string
	pattern, rest := `(?s)\A`+before, entry
	for _, use := range parameterUse.FindAllString(entry, -1) {
		name := use[len("${") : len(use)-len("}")]
		names = append(names, name)
		text, next, _ := strings.Cut(rest, use)
		rest = next
		pattern += regexp.QuoteMeta(text)
		if types[name] == ParameterHost {
			pattern += host
		} else {
			pattern += label
		}
	}
	whole, err := regexp.Compile(pattern + regexp.QuoteMeta(rest) + after + `\z`)
	if err != nil {
		return nil, false
	}
	match := whole.FindStringSubmatch(target)
	if match == nil {
		return nil, false
	}
	values := map[string]string{}
	for i, name := range names {
		if was, twice := values[name]; twice && was != match[i+1] {
			return nil, false
		}
		values[name] = match[i+1]
	}
	return values, true
}
