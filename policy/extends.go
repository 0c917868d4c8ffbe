package policy

import (
	"fmt"
	"strings"
)

// maxSources bounds how many files one policy is made from.
const maxSources = 64

// maxText bounds the size in bytes of these files together: every sealed base is compared
// with the whole.
const maxText = 4 * MaxSource

// document is one file, read and not yet understood.
type document struct {
	*reporter
	source Source
	// root is empty where the text is not TOML.
	root *node
	// understood is false where that is so, or a base is missing.
	understood bool
	// bases are what it extends, in its order, and extendsAt is where it says so.
	bases     []*document
	extendsAt []Position
	layer     *layer
}

// loader reads a policy and what it extends.
type loader struct {
	*reports
	library Library
	// byName finds what was read before, so that a base of two bases is one.
	byName map[string]*document
	// open are the files that are being read: to meet one again is a cycle.
	open []*document
	// size of what was read, in bytes.
	size int
	// done has every base before what extends it.
	done []*document
}

// load reads root and its bases. What it gives ends with root; whole is false where
// a file could not be read or understood, and is missing or empty.
func load(root Source, library Library, r *reports) (loaded []*document, whole bool) {
	l := &loader{reports: r, library: library, byName: map[string]*document{}}
	l.read(root)
	whole = true
	for _, d := range l.done {
		whole = whole && d.understood
	}
	return l.done, whole
}

func (l *loader) read(s Source) *document {
	d := &document{reporter: l.file(s.File, string(s.Text)), source: s, root: &node{kind: kindTable}}
	l.byName[s.File] = d
	l.size += len(s.Text)
	l.open = append(l.open, d)
	defer func() {
		l.open = l.open[:len(l.open)-1]
		l.done = append(l.done, d)
	}()
	if !d.readable(s.Text) {
		return d
	}
	doc := scan(d.src.text)
	d.src.secrets, d.src.comments = secretsOf(doc, d.src.text), doc.comments
	if !d.wellFormed(doc) {
		return d
	}
	d.root, d.understood = doc.root, true
	before := len(l.found)
	l.extend(d)
	d.understood = len(l.found) == before
	return d
}

// extend reads the bases of d.
func (l *loader) extend(d *document) {
	m, ok := d.root.member("extends")
	if !ok {
		return
	}
	const expected = `the name of a policy such as "connector"`
	b := &builder{reporter: d.reporter}
	named := map[string]Position{}
	items := b.elements(m.value, "extends", "an array of policy names")
	if len(items) > maxSources {
		b.add(m.key, "extends names %d policies", len(items)).note("expected  at most %d", maxSources)
		return
	}
	for _, n := range items {
		name, ok := b.text(n, "an entry of extends", expected)
		if !ok {
			continue
		}
		if !policyName.MatchString(name) {
			r := b.add(n.at, "%s is not the name of a policy", quote(name)).note("expected  %s", expected)
			bare := strings.TrimSuffix(name[strings.LastIndexByte(name, '/')+1:], ".toml")
			if policyName.MatchString(bare) {
				r.note("a base is a file of the same directory, or one of confine's own").advise("write %q", bare)
			}
			continue
		}
		if first, twice := named[name]; twice {
			b.add(n.at, "%q is extended twice", name).note("first named at %s", first).advise("remove one of the two")
			continue
		}
		named[name] = b.at(n)
		if base, ok := l.base(b, n, d, name); ok {
			d.bases = append(d.bases, base)
			d.extendsAt = append(d.extendsAt, b.at(n))
		}
	}
}

// base finds and reads one base of d.
func (l *loader) base(b *builder, n *node, d *document, name string) (*document, bool) {
	source, ok, err := Source{}, false, error(nil)
	if l.library != nil {
		source, ok, err = l.library.Find(d.source, name)
	}
	switch {
	case err != nil:
		b.add(n.at, "base %q cannot be read", name).note("%v", err)
		return nil, false
	case !ok:
		r := b.add(n.at, "there is no policy %q to extend", name).
			note("expected  %s.toml in the directory of this policy, or one of confine's own", name)
		if l.library != nil {
			if near, ok := nearest(name, l.library.Names(d.source)); ok {
				r.advise("did you mean %q?", near)
			}
		}
		return nil, false
	}
	known, again := l.byName[source.File]
	switch {
	case !again && len(l.byName) >= maxSources:
		b.add(n.at, "policy is made from more than %d files", maxSources)
		return nil, false
	case !again && l.size+len(source.Text) > maxText:
		b.add(n.at, "policy and what it extends are larger than %d MiB together", maxText>>20)
		return nil, false
	case !again:
		return l.read(source), true
	case string(known.source.Text) != string(source.Text):
		b.add(n.at, "base %q is another file than this policy, and both are called %s", name, source.File).
			note("positions in messages could mean either").
			advise("rename this policy, or name it with its directory: ./%s", source.File)
		return nil, false
	}
	for i, open := range l.open {
		if open == known {
			b.add(n.at, "policies extend each other in a circle").note("%s", circle(l.open[i:], known))
			return nil, false
		}
	}
	return known, true
}

// circle says how a file extends itself.
func circle(open []*document, again *document) string {
	if len(open) == 1 {
		return fmt.Sprintf("%s extends itself", again.source.File)
	}
	var names []string
	for _, d := range open {
		names = append(names, d.source.File)
	}
	return strings.Join(append(names, again.source.File), " extends ")
}

// closure gives d and everything that it extends, every base before what extends
// it.
func (d *document) closure() []*document {
	var out []*document
	seen := map[*document]bool{}
	var visit func(*document)
	visit = func(d *document) {
		if seen[d] {
			return
		}
		seen[d] = true
		for _, base := range d.bases {
			visit(base)
		}
		out = append(out, d)
	}
	visit(d)
	return out
}
