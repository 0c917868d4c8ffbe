package policy

import (
	"fmt"
	"strings"
)

// environment asks for names that tell all patterns apart: every name and prefix of
// both policies, and for a prefix a name that nothing else matches.
func (c *comparison) environment() {
	stem := "X"
	for _, p := range []*Policy{c.older, c.newer} {
		for _, e := range p.Environment.Pass {
			for strings.Contains(e.Pattern, stem) {
				stem += "X"
			}
		}
		for _, v := range p.Environment.Set {
			for strings.Contains(v.Name, stem) {
				stem += "X"
			}
		}
	}
	points := map[string]bool{}
	for _, p := range []*Policy{c.older, c.newer} {
		for _, e := range p.Environment.Pass {
			if prefix, ok := strings.CutSuffix(e.Pattern, "*"); ok {
				points[prefix] = true
				points[prefix+stem] = true
			} else {
				points[e.Pattern] = true
			}
		}
		for _, v := range p.Environment.Set {
			points[v.Name] = true
		}
	}
	for _, name := range sorted(points) {
		c.variable(name)
	}
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
	for _, v := range p.Environment.Set {
		if v.Name == name {
			return fmt.Sprintf("=%s", v.Value)
		}
	}
	return ""
}
