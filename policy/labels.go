package policy

import (
	"regexp/syntax"
	"sort"
	"strings"
)

// labels are the values that a parameter of type "label" may have, as an automaton.
type labels struct {
	// prog is nil where there is no pattern.
	prog *syntax.Prog
}

const (
	// labelCharacters are those of labelValue.
	labelCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	maxLabel        = 63
	// maxLabelProg is the largest pattern, in instructions, and maxLabelStates how many
	// pairs of states are looked at before the question is given up.
	maxLabelProg   = 1000
	maxLabelStates = 2000
)

// labelsOf gives the values of a parameter; ok is false where its pattern says what an
// automaton of characters does not decide.
func labelsOf(p Parameter) (l labels, ok bool) {
	if p.Pattern == "" {
		return labels{}, true
	}
	// As regexp.Compile reads it.
	parsed, err := syntax.Parse(p.Pattern, syntax.Perl)
	if err != nil {
		return labels{}, false
	}
	prog, err := syntax.Compile(parsed.Simplify())
	if err != nil || len(prog.Inst) > maxLabelProg {
		return labels{}, false
	}
	for _, inst := range prog.Inst {
		if inst.Op == syntax.InstEmptyWidth && syntax.EmptyOp(inst.Arg)&(syntax.EmptyWordBoundary|syntax.EmptyNoWordBoundary) != 0 {
			return labels{}, false
		}
	}
	return labels{prog}, true
}

// labelState is a set of instructions of a pattern, in order, one a character.
type labelState string

func (l labels) start() labelState {
	if l.prog == nil {
		return ""
	}
	return labelState(rune(l.prog.Start))
}

// next gives the state after one more character.
func (l labels) next(s labelState, first bool, r rune) labelState {
	var out []rune
	seen := map[rune]bool{}
	l.reach(s, first, false, func(inst *syntax.Inst) {
		if to := rune(inst.Out); inst.MatchRune(r) && !seen[to] {
			seen[to] = true
			out = append(out, to)
		}
	})
	sort.Slice(out, func(i, j int) bool { return out[i] < out[j] })
	return labelState(out)
}

// ends reports whether a text that led to a state is a value.
func (l labels) ends(s labelState, first bool) bool {
	if l.prog == nil {
		return true
	}
	matched := false
	l.reach(s, first, true, func(inst *syntax.Inst) { matched = matched || inst.Op == syntax.InstMatch })
	return matched
}

// reach visits what follows from a state without a character: the instructions that take
// one, and the end of the pattern.
func (l labels) reach(s labelState, first, last bool, visit func(*syntax.Inst)) {
	seen := map[uint32]bool{}
	var todo []uint32
	for _, pc := range s {
		todo = append(todo, uint32(pc))
	}
	for len(todo) > 0 {
		pc := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[pc] {
			continue
		}
		seen[pc] = true
		inst := &l.prog.Inst[pc]
		switch inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			todo = append(todo, inst.Out, inst.Arg)
		case syntax.InstNop, syntax.InstCapture:
			todo = append(todo, inst.Out)
		case syntax.InstEmptyWidth:
			// No label has a line break: a line is the whole text.
			op := syntax.EmptyOp(inst.Arg)
			begins, ends := op&(syntax.EmptyBeginLine|syntax.EmptyBeginText) != 0, op&(syntax.EmptyEndLine|syntax.EmptyEndText) != 0
			if (!begins || first) && (!ends || last) {
				todo = append(todo, inst.Out)
			}
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL, syntax.InstMatch:
			if inst.Op != syntax.InstMatch || last {
				visit(inst)
			}
		case syntax.InstFail:
		}
	}
}

// valueOutside gives the shortest value that l has and other, where there is one, has not;
// decided is false where that takes too long to find out.
func (l labels) valueOutside(other *labels) (value string, found, decided bool) {
	type pair struct {
		own, other labelState
		// closed says that a label may end here.
		closed bool
	}
	type walk struct {
		pair
		text string
	}
	first := walk{pair: pair{own: l.start()}}
	if other != nil {
		first.other = other.start()
	}
	seen := map[pair]bool{}
	for todo := []walk{first}; len(todo) > 0; todo = todo[1:] {
		at := todo[0]
		if at.closed && l.ends(at.own, false) && (other == nil || !other.ends(at.pair.other, false)) {
			return at.text, true, true
		}
		if len(at.text) == maxLabel {
			continue
		}
		for _, r := range labelCharacters {
			inner := r == '-' || r == '_'
			if inner && at.text == "" {
				continue
			}
			to := pair{closed: !inner}
			if l.prog != nil {
				if to.own = l.next(at.own, at.text == "", r); to.own == "" {
					continue
				}
			}
			if other != nil && other.prog != nil {
				to.other = other.next(at.pair.other, at.text == "", r)
			}
			if seen[to] {
				continue
			}
			if len(seen) == maxLabelStates {
				return "", false, false
			}
			seen[to] = true
			todo = append(todo, walk{to, at.text + string(r)})
		}
	}
	return "", false, true
}

// sample gives a value that a parameter allows: one that begins with a name, where it can.
func (p Parameter) sample(name string) (value string, ok bool) {
	if p.Type == ParameterHost {
		domain := "example.com"
		if len(p.Suffix) > 0 && !contains(p.Suffix, anySuffix) {
			domain = p.Suffix[0]
		}
		return name + "." + domain, true
	}
	if p.matches(name) {
		return name, true
	}
	l, ok := labelsOf(p)
	if !ok {
		return "", false
	}
	value, found, _ := l.valueOutside(nil)
	return value, found && p.matches(value)
}

// Samples makes up values of the parameters that have none, each one that its declaration
// allows; one for which none is found is left out.
func Samples(params []Parameter) map[string]string {
	values := map[string]string{}
	for _, p := range params {
		if p.Bound {
			continue
		}
		if value, ok := p.sample("sample" + strings.ToLower(strings.ReplaceAll(p.Name, "_", ""))); ok {
			values[p.Name] = value
		}
	}
	return values
}
