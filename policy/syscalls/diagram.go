package syscalls

// A diagram holds sets of the arguments of a call as reduced ordered binary decision
// diagrams (Bryant 1986) over the bits of the six registers, the highest bit of arg0
// first. Comparisons, masks and lists all stay small in this order, every question
// about such sets is decided exactly, and two equal sets are the same number.
type diagram struct {
	nodes []decision
	known map[decision]argSet
	done  map[operation]argSet
	// budget is how many more operations are done, for all diagrams that share it.
	budget *int
}

// A decision asks for one bit and goes on at a set for either answer.
type decision struct {
	level    int // 64 * argument + 63 - bit
	off, set argSet
}

// An argSet is a set of arguments: the index of its first decision.
type argSet int32

// The sets without a decision.
const (
	nothing    argSet = 0
	everything argSet = 1
)

type operation struct {
	union bool
	x, y  argSet
}

func newDiagram(budget *int) *diagram {
	const leaf = 6 * 64
	return &diagram{
		nodes: []decision{{level: leaf}, {level: leaf}},
		known: map[decision]argSet{}, done: map[operation]argSet{}, budget: budget,
	}
}

// exhausted reports whether the budget ran out: sets that were made since mean nothing.
func (d *diagram) exhausted() bool { return *d.budget <= 0 }

func (d *diagram) decide(level int, off, set argSet) argSet {
	if off == set {
		return off
	}
	n := decision{level, off, set}
	if known, ok := d.known[n]; ok {
		return known
	}
	d.nodes = append(d.nodes, n)
	made := argSet(len(d.nodes) - 1)
	d.known[n] = made
	return made
}

func (d *diagram) and(x, y argSet) argSet { return d.combine(operation{false, x, y}) }

func (d *diagram) or(x, y argSet) argSet { return d.combine(operation{true, x, y}) }

func (d *diagram) combine(o operation) argSet {
	absorbing, neutral := nothing, everything
	if o.union {
		absorbing, neutral = everything, nothing
	}
	switch {
	case o.x == absorbing || o.y == absorbing || d.exhausted():
		return absorbing
	case o.x == neutral || o.x == o.y:
		return o.y
	case o.y == neutral:
		return o.x
	}
	if o.x > o.y {
		o.x, o.y = o.y, o.x
	}
	if done, ok := d.done[o]; ok {
		return done
	}
	*d.budget--
	x, y := d.nodes[o.x], d.nodes[o.y]
	level := min(x.level, y.level)
	xOff, xSet := x.from(level, o.x)
	yOff, ySet := y.from(level, o.y)
	made := d.decide(level,
		d.combine(operation{o.union, xOff, yOff}), d.combine(operation{o.union, xSet, ySet}))
	d.done[o] = made
	return made
}

// from gives where a set goes on after the bit of a level, which it may not ask for.
func (n decision) from(level int, self argSet) (off, set argSet) {
	if n.level > level {
		return self, self
	}
	return n.off, n.set
}

func (d *diagram) not(x argSet) argSet {
	done := map[argSet]argSet{nothing: everything, everything: nothing}
	var not func(x argSet) argSet
	not = func(x argSet) argSet {
		if known, ok := done[x]; ok {
			return known
		}
		*d.budget--
		n := d.nodes[x]
		made := d.decide(n.level, not(n.off), not(n.set))
		done[x] = made
		return made
	}
	return not(x)
}

// within reports whether every member of x is one of y.
func (d *diagram) within(x, y argSet) bool { return d.and(x, d.not(y)) == nothing }

// equal is the set of calls whose argument has value in the bits of mask.
func (d *diagram) equal(arg int, mask, value uint64) argSet {
	made := everything
	for bit := range 64 {
		level := 64*arg + 63 - bit
		switch {
		case mask>>bit&1 == 0:
		case value>>bit&1 == 0:
			made = d.decide(level, made, nothing)
		default:
			made = d.decide(level, nothing, made)
		}
	}
	return made
}

// atMost is the set of calls whose argument is value or less in its low bits.
func (d *diagram) atMost(arg int, width Width, value uint64) argSet {
	made := everything
	for bit := range int(width) {
		level := 64*arg + 63 - bit
		if value>>bit&1 == 0 {
			made = d.decide(level, made, nothing)
		} else {
			made = d.decide(level, everything, made)
		}
	}
	return made
}

// test is the set of calls for which a test holds.
func (d *diagram) test(t Test) argSet {
	mask := t.Width.Mask()
	if t.Mask != 0 {
		mask &= t.Mask
	}
	first := t.Values[0].Value
	switch t.Op {
	case AnyBit:
		return d.not(d.equal(t.Arg, t.Bits(), 0))
	case Less:
		if first == 0 {
			return nothing
		}
		return d.atMost(t.Arg, t.Width, first-1)
	case LessOrEqual:
		return d.atMost(t.Arg, t.Width, first)
	case Greater:
		return d.not(d.atMost(t.Arg, t.Width, first))
	case GreaterOrEqual:
		if first == 0 {
			return everything
		}
		return d.not(d.atMost(t.Arg, t.Width, first-1))
	}
	listed := nothing
	for _, v := range t.Values {
		if v.Value&^mask == 0 {
			listed = d.or(listed, d.equal(t.Arg, mask, v.Value))
		}
	}
	if t.Op == NoneOf {
		return d.not(listed)
	}
	return listed
}

// tests is the set of calls for which all tests hold.
func (d *diagram) tests(when []Test) argSet {
	all := everything
	for _, t := range when {
		all = d.and(all, d.test(t))
	}
	return all
}

// allowed is the set of calls that a rule allows.
func (d *diagram) allowed(r Rule) argSet {
	made := nothing
	if r.Otherwise == Allow {
		made = everything
	}
	for i := len(r.Cases) - 1; i >= 0; i-- {
		applies := d.tests(r.Cases[i].When)
		if r.Cases[i].Then == Allow {
			made = d.or(applies, made)
		} else {
			made = d.and(d.not(applies), made)
		}
	}
	return made
}
