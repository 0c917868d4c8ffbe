package policy

import (
	"fmt"
	"slices"
	"strings"
)

// Entry is one thing that a policy says.
type Entry struct {
	// Clause is its stable name, for example "filesystem.read".
	Clause string `json:"clause"`
	// Subject is what it is about, as the file has it: with ${NAME} for a parameter, and
	// without the value of a variable.
	Subject string   `json:"subject"`
	At      Position `json:"at"`
}

// Unexercised gives the entries of the policy, sorted by place, that could be dropped
// without any case failing that passes now. resolve gives the policy with the values of
// parameters; it is called once for each set of them, and its error is returned behind the
// place of the case.
//
// An entry of a list is taken out of the flattened policy, so that what it replaced in a
// base does not come back. What has one value is given another: a network mode and
// filesystem.proc and dev become "none", or are opened where they are "none", and the base
// list of system calls becomes each of the others that filter.
//
// Left out is what no access can show: the table [process], the bounds of [network] and
// its fronting, on_deny, accept, and networks in private that hold no address of egress,
// which are for what names resolve into. So are defaults, which no file states.
func (t *Tests) Unexercised(resolve func(params map[string]string) (*Policy, error)) ([]Entry, error) {
	exercised := map[Entry]bool{}
	for _, cases := range t.byParams() {
		p, err := resolve(cases[0].Params)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", cases[0].At, err)
		}
		answers := p.answers(cases)
		for _, o := range p.omissions() {
			exercised[o.Entry] = exercised[o.Entry] || o.noticed(p, answers)
		}
	}
	var out []Entry
	for e, ok := range exercised {
		if !ok {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b Entry) int {
		switch {
		case before(a.At, b.At):
			return -1
		case before(b.At, a.At):
			return 1
		}
		return strings.Compare(a.Clause+" "+a.Subject, b.Clause+" "+b.Subject)
	})
	return out, nil
}

// byParams gives the cases in groups that have the same values of parameters.
func (t *Tests) byParams() [][]Case {
	var groups [][]Case
	index := map[string]int{}
	for _, c := range t.Cases {
		key := fmt.Sprintf("%q", c.Params) // maps are printed in the order of their keys
		i, ok := index[key]
		if !ok {
			i = len(groups)
			index[key] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], c)
	}
	return groups
}

// answer is what the whole policy says to an access of a case.
type answer struct {
	access  Access
	of      Case
	allowed bool
	Decision
	// links are those of the policy that the path of the access goes through.
	links []Position
}

// answers are those that the cases expect. What fails already tells nothing about an
// entry.
func (p *Policy) answers(cases []Case) []answer {
	var out []answer
	for _, c := range cases {
		for i, a := range append(c.Allow[:len(c.Allow):len(c.Allow)], c.Deny...) {
			allow := i < len(c.Allow)
			if d := p.Decide(a.Access); c.accepts(d, allow) {
				out = append(out, answer{a.Access, c, allow, d, p.Filesystem.followed(a.Access)})
			}
		}
	}
	return out
}

// followed gives where the links stand that the path of an access goes through.
func (f *Filesystem) followed(a Access) []Position {
	if !a.ofFile() {
		return nil
	}
	var links []Position
	name := a.Target
	for range maxPath { // as in ResolveLinks
		next, link, ok := f.resolveOnce(name)
		if !ok {
			break
		}
		name, links = next, append(links, link.At)
	}
	return links
}

func (a Access) ofFile() bool {
	switch a.Kind {
	case AccessRead, AccessWrite, AccessExec, AccessMap:
		return true
	default:
		return false
	}
}

// noticed reports whether a case fails that passed, whatever stands in place of the entry.
func (o omission) noticed(p *Policy, answers []answer) bool {
	var concerned []answer
	for _, a := range answers {
		if o.concerns(a) {
			concerned = append(concerned, a)
		}
	}
	if len(concerned) == 0 {
		return false // to copy the policy would be in vain
	}
	for _, change := range o.changes {
		changed := *p
		change(&changed)
		if !slices.ContainsFunc(concerned, func(a answer) bool { return !a.of.accepts(changed.Decide(a.access), a.allowed) }) {
			return false
		}
	}
	return true
}
