package policy

// parameters compares what the values may be. Another value where the two were bound is
// not decided, nor is a value in place of a declaration.
func (c *comparison) parameters() {
	was := map[string]Parameter{}
	for _, a := range c.older.Params {
		was[a.Name] = a
	}
	for _, b := range c.newer.Params {
		a, had := was[b.Name]
		switch {
		case !had || a.Bound && b.Bound && a.Value == b.Value:
		case a.Bound && b.Bound:
			c.undecided("params", b.Name, "a value", "another value", a.At, b.At)
		case a.Bound != b.Bound:
			c.undecided("params", b.Name, a.shown(), b.shown(), a.At, b.At)
		default:
			c.declarations(a, b)
		}
	}
}

// declarations compares two declarations of one parameter by the values that they allow.
func (c *comparison) declarations(a, b Parameter) {
	more, found, decided := b.valueBeyond(a)
	switch {
	case !decided:
		c.undecided("params", b.Name, a.shown(), b.shown(), a.At, b.At)
		return
	case found:
		c.add(Change{
			Clause: "params", Subject: b.Name, Loosened: true, Was: a.shown(), Now: b.shown() + ", such as " + quote(more),
			WasAt: a.At, NowAt: b.At,
		})
		return
	}
	if _, less, known := a.valueBeyond(b); less || !known {
		c.add(Change{Clause: "params", Subject: b.Name, Was: a.shown(), Now: b.shown(), WasAt: a.At, NowAt: b.At})
	}
}

// valueBeyond gives a value that a parameter allows and another one does not; decided is
// false where that is not known.
func (p Parameter) valueBeyond(other Parameter) (value string, found, decided bool) {
	if p.Type != other.Type {
		return "", false, false
	}
	if p.Type == ParameterHost {
		for _, suffix := range p.Suffix {
			if inSuffix(suffix, other.Suffix) {
				continue
			}
			if suffix == anySuffix {
				suffix = "any host"
			}
			return suffix, true, true
		}
		return "", false, true
	}
	if p.Pattern == other.Pattern {
		return "", false, true
	}
	own, ok := labelsOf(p)
	others, known := labelsOf(other)
	if !ok || !known {
		return "", false, false
	}
	return own.valueOutside(&others)
}

// shown says which values a parameter allows, and of the one that it has nothing: it can
// come from a connector's configuration.
func (p Parameter) shown() string {
	if p.Bound {
		return "a value"
	}
	return p.expected()
}
