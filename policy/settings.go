package policy

// Settings are the contents of a confine.toml file: how the policies of a repository are
// linted.
type Settings struct {
	File string
	// Select are the rules that are asked for, by code or by the first characters of
	// codes; empty is all. Ignore are those of them that are not.
	Select, Ignore []Stated
	// Exclude are the files and directories that a search for policies leaves out.
	Exclude []Stated
	// FailOn is the least severity that fails a run; empty is the command's default.
	FailOn Stated
	// Paths are the settings of parts of the repository.
	Paths []PathSettings

	places places
}

// PathSettings is one [[lint.path]] table.
type PathSettings struct {
	// Path is a file, a directory or a pattern of path.Match, relative to confine.toml.
	Path   Stated
	Ignore []Stated
}

// Stated is a string and where it stands.
type Stated struct {
	Text string
	At   Position
}

const (
	tableSettings = "settings"
	tableLint     = "lint"
	tableLintPath = "lint.path"
)

// ParseSettings reads a confine.toml. The error is a [Diagnostics]. Whether the codes in
// it are those of rules is not known here.
func ParseSettings(file string, src []byte) (*Settings, error) {
	r := &reports{}
	b := &builder{reporter: r.file(file, string(src)), whole: true}
	s := &Settings{File: file}
	if b.readable(src) {
		if doc := scan(b.src.text); b.wellFormed(doc) {
			b.settings(doc.root, s)
		}
	}
	if len(r.found) > 0 {
		return nil, r.diagnostics()
	}
	s.places = r.places
	return s, nil
}

// Diagnose makes a diagnostic about a line of the settings.
func (s *Settings) Diagnose(at Position, message string, notes []string, hint string) Diagnostic {
	return (&Policy{places: s.places}).Diagnose(at, message, notes, hint)
}

func (b *builder) settings(root *node, s *Settings) {
	b.checkKeys(table{"", root}, keysOf[tableSettings])
	m, ok := root.member(tableLint)
	if !ok {
		return
	}
	if m.value.kind != kindTable {
		b.wrongType(m.value, tableLint, "a table").advise("write [lint] on a line of its own")
		return
	}
	t := table{tableLint, m.value}
	b.checkKeys(t, keysOf[tableLint])
	s.Select = b.stated(t, "select", `codes such as "CF204", or their first characters`)
	s.Ignore = b.stated(t, "ignore", `codes such as "CF204", or their first characters`)
	s.Exclude = b.stated(t, "exclude", `files or directories such as "vendor"`)
	if m, ok := t.node.member("fail_on"); ok {
		if text, ok := b.choice(m.value, "lint.fail_on", "error", "warning", "info", "never"); ok {
			s.FailOn = Stated{text, b.at(m.value)}
		}
	}
	m, ok = t.node.member("path")
	switch {
	case !ok:
	case m.value.kind != kindArray || !m.value.tables:
		b.wrongType(m.value, tableLintPath, "tables [[lint.path]]").advise("write [[lint.path]] on a line of its own")
	default:
		for _, item := range m.value.items {
			b.pathSettings(table{tableLintPath, item}, s)
		}
	}
}

func (b *builder) pathSettings(t table, s *Settings) {
	b.checkKeys(t, keysOf[tableLintPath])
	m, ok := t.node.member("path")
	if !ok {
		b.add(t.node.at, "[[lint.path]] has no path").advise(`path = "policies/legacy"`)
		return
	}
	const expected = `a file or directory such as "policies/legacy"`
	path, ok := b.text(m.value, "lint.path.path", expected)
	if !ok {
		return
	}
	if path == "" || path[0] == '/' {
		b.add(m.value.at, "path %s is not one below this file", quote(path)).note("expected  %s", expected)
		return
	}
	ignore := b.stated(t, "ignore", `codes such as "CF204", or their first characters`)
	if len(ignore) == 0 {
		b.add(t.node.at, "[[lint.path]] ignores nothing").advise(`ignore = ["CF204"]`)
	}
	s.Paths = append(s.Paths, PathSettings{Stated{path, b.at(m.value)}, ignore})
}

// stated reads a list of strings.
func (b *builder) stated(t table, key, expected string) []Stated {
	m, ok := t.node.member(key)
	if !ok {
		return nil
	}
	var out []Stated
	for _, n := range b.elements(m.value, t.dotted(key), "an array of "+expected) {
		if text, ok := b.text(n, "an entry of "+t.dotted(key), expected); ok {
			out = append(out, Stated{text, b.at(n)})
		}
	}
	return out
}
