package policy

import (
	"slices"
	"strings"
)

// family says where a policy names itself, and which files it is made from.
type family struct {
	nameAt Position
	// brought is, for every file but the policy's own, the entry of its extends that
	// brings it: the first one, where there are several.
	brought map[string]Position
	texts   map[string]*source
	// repeated are the bases that another base extends.
	repeated []NamedBase
	// removals are what the policy's own file takes out of its bases.
	removals []removal
	// removed are the entries that a file takes out of what it extends.
	removed map[removedEntry]Position
	// inherited is what the bases give, if it was asked for.
	inherited *Policy
}

// removedEntry is an entry as remove names it.
type removedEntry struct{ clause, entry string }

func familyOf(loaded []*document) family {
	root := loaded[len(loaded)-1]
	f := family{
		nameAt: root.layer.family.nameAt, brought: map[string]Position{}, texts: map[string]*source{},
		removals: root.layer.removals, removed: map[removedEntry]Position{},
	}
	for _, d := range loaded {
		f.texts[d.source.File] = d.src
		for _, rm := range d.layer.removals {
			f.removed[removedEntry{rm.clause, rm.entry}] = rm.at
		}
	}
	for i, base := range root.bases {
		for j, other := range root.bases {
			if i != j && slices.Contains(other.closure(), base) {
				f.repeated = append(f.repeated, NamedBase{base.layer.Name, root.extendsAt[i]})
				break
			}
		}
		for _, d := range base.closure() {
			if _, ok := f.brought[d.source.File]; !ok {
				f.brought[d.source.File] = root.extendsAt[i]
			}
		}
	}
	return f
}

// NameAt is where the policy states its name: the place of what concerns all of it.
func (p *Policy) NameAt() Position { return p.family.nameAt }

// BroughtBy gives the entry of the policy's extends that brings a file which the policy
// is made from; the zero Position for its own file and for any other.
func (p *Policy) BroughtBy(file string) Position { return p.family.brought[file] }

// Text gives the text of a file that the policy was made from.
func (p *Policy) Text(file string) (text string, ok bool) {
	src, ok := p.family.texts[file]
	if !ok {
		return "", false
	}
	return src.text, true
}

// Comment is one comment of a file.
type Comment struct {
	// Text goes from "#" to the end of the line, without a line break.
	Text string
	At   Position
	// Alone says that nothing else is on the line.
	Alone bool
}

// Comments gives the comments of a file that the policy was made from, in their order.
func (p *Policy) Comments(file string) []Comment {
	src, ok := p.family.texts[file]
	if !ok {
		return nil
	}
	var out []Comment
	for _, at := range src.comments {
		pos := src.position(at.start)
		p.places[pos] = place{src, at}
		before := src.text[src.line(at.start).start:at.start]
		out = append(out, Comment{strings.TrimRight(src.slice(at), "\r"), pos, strings.Trim(before, " \t") == ""})
	}
	return out
}

// NamedBase is a policy that extends names.
type NamedBase struct {
	Name string
	At   Position
}

// RepeatedBases gives the bases that the policy extends and another of its bases extends
// too: to name them changes nothing but their order.
func (p *Policy) RepeatedBases() []NamedBase { return p.family.repeated }

// Inherited gives what the bases of the policy say without it; nil where it extends
// nothing, or [Options] did not ask for it.
func (p *Policy) Inherited() *Policy { return p.family.inherited }

// TakesOut reports whether the policy itself takes an entry of a list, such as
// "filesystem.read", out of what it inherits. A path is without its "?".
func (p *Policy) TakesOut(clause, entry string) bool {
	return slices.ContainsFunc(p.family.removals, func(r removal) bool { return r.clause == clause && r.entry == entry })
}

// RemovedAt gives the place where the policy or one of its bases takes an entry of a list out
// of what it extends; the entry is as remove names it.
func (p *Policy) RemovedAt(clause, entry string) (at Position, ok bool) {
	at, ok = p.family.removed[removedEntry{clause, entry}]
	return at, ok
}

// Token gives the bytes of its file that the token at a position takes; ok is false where
// the policy gave no such position out.
func (p *Policy) Token(at Position) (start, end int, ok bool) {
	place, ok := p.places[at]
	return place.at.start, place.at.end, ok
}
