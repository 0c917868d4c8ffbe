package policy

import (
	"sort"
	"strings"
)

// environment asks for names that tell all patterns apart: every name and prefix of
// both policies, and for a prefix a name that nothing longer matches.
func (c *comparison) environment() {
	v := variables{named: map[string]bool{}, prefixes: map[string]bool{}}
	for _, p := range []*Policy{c.older, c.newer} {
		for _, e := range p.Environment.Pass {
			prefix, ok := strings.CutSuffix(e.Pattern, "*")
			v.named[prefix] = true
			if ok {
				v.prefixes[prefix] = true
			}
		}
		for _, e := range p.Environment.Set {
			v.named[e.Name] = true
		}
	}
	for _, name := range sorted(v.named) {
		c.variable(name)
		if longer, ok := v.unnamed(name); ok && v.prefixes[name] {
			c.variable(longer)
		}
	}
}

// variables are what two policies say of names of variables.
type variables struct {
	// named holds every name and prefix, prefixes the latter.
	named, prefixes map[string]bool
}

const variableCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz0123456789"

// unnamed gives a name that begins with prefix, and that nothing longer than it
// matches; ok is false where there is none.
func (v variables) unnamed(prefix string) (name string, ok bool) {
	for _, c := range variableCharacters {
		if name = prefix + string(c); !v.named[name] {
			return name, true
		}
	}
	for _, c := range variableCharacters {
		if next := prefix + string(c); !v.prefixes[next] {
			if name, ok = v.unnamed(next); ok {
				return name, true
			}
		}
	}
	return "", false
}

func (c *comparison) variable(name string) {
	access := Access{Kind: AccessEnv, Target: name}
	was, now := c.older.Decide(access), c.newer.Decide(access)
	change := Change{
		Clause: now.Clause, Subject: name, Was: was.Because, Now: now.Because,
		WasAt: was.At, NowAt: now.At, Example: access,
	}
	if !now.Allowed {
		change.Clause = was.Clause
	}
	switch {
	case was.Allowed != now.Allowed:
		change.Loosened = now.Allowed
		c.add(change)
	case was.Allowed && (was.Clause != now.Clause || c.older.valueOf(name) != c.newer.valueOf(name)):
		// What a variable does to a program is its own: LD_PRELOAD and PATH are values.
		change.Loosened, change.Undecided, change.Example = true, true, Access{}
		c.add(change)
	}
}

// valueOf gives the value that environment.set gives to a name, marked as given.
func (p *Policy) valueOf(name string) string {
	set := p.Environment.Set
	if i := sort.Search(len(set), func(i int) bool { return set[i].Name >= name }); i < len(set) && set[i].Name == name {
		return "=" + set[i].Value
	}
	return ""
}
