package policy

import "sort"

// pathModes are the lists of [filesystem], in the order in which they are read.
var pathModes = []PathMode{ModeRead, ModeExec, ModeMap, ModeWrite, ModeTmp, ModeHide, ModeAbsent}

func (b *builder) filesystem(t table) {
	fs := &b.layer.Filesystem
	if m, ok := t.node.member("links"); ok {
		b.links(m.value)
	}
	placed := map[string]PathEntry{}
	for _, mode := range pathModes {
		m, ok := t.node.member(string(mode))
		if !ok {
			continue
		}
		for _, n := range b.elements(m.value, FilesystemClause(mode), "an array of paths") {
			b.pathEntry(n, mode, placed)
		}
	}
	sort.Slice(fs.Entries, func(i, j int) bool { return fs.Entries[i].Path < fs.Entries[j].Path })
	if m, ok := t.node.member("proc"); ok {
		if v, ok := b.choice(m.value, ClauseFilesystemProc, string(ProcSelf), string(ProcNone)); ok {
			fs.Proc, fs.ProcAt = ProcMode(v), b.at(m.value)
		}
	}
	if m, ok := t.node.member("dev"); ok {
		if v, ok := b.choice(m.value, ClauseFilesystemDev, string(DevMinimal), string(DevNone)); ok {
			fs.Dev, fs.DevAt = DevMode(v), b.at(m.value)
		}
	}
}

// pathEntry reads one item of a list of paths and checks it against those before.
func (b *builder) pathEntry(n *node, mode PathMode, placed map[string]PathEntry) {
	what := "an entry of " + FilesystemClause(mode)
	var entry PathEntry
	var ok bool
	if mode == ModeTmp && n.kind == kindTable {
		entry, ok = b.tmpTable(n)
	} else {
		entry, ok = b.path(n, what, mode != ModeTmp)
	}
	if !ok {
		return
	}
	entry.Mode = mode
	if !b.placeable(n, entry) {
		return
	}
	if was, twice := placed[entry.Path]; twice {
		d := b.add(n.at, "%s is named twice", quote(b.written(entry.At, entry.Path))).
			note("in %s at %s", FilesystemClause(was.Mode), was.At).
			note("in %s at %s", FilesystemClause(mode), entry.At)
		if was.Mode != mode {
			d.note("one path has one mode: read < map < exec, and read < write")
		}
		d.advise("remove one of the two")
		return
	}
	placed[entry.Path] = entry
	b.layer.Filesystem.Entries = append(b.layer.Filesystem.Entries, entry)
}

// tmpTable reads { path = "/scratch", size = "256MiB" }.
func (b *builder) tmpTable(n *node) (PathEntry, bool) {
	const where = "an entry of filesystem.tmp"
	for _, m := range n.members {
		if m.name != "path" && m.name != "size" {
			d := b.add(m.key, "unknown key %s in %s", quote(m.name), where).note("expected  path or size")
			if name, ok := nearest(m.name, []string{"path", "size"}); ok {
				d.advise("did you mean %s?", name)
			}
		}
	}
	m, ok := n.member("path")
	if !ok {
		b.add(n.at, "%s has no path", where).advise(`{ path = "/scratch", size = "256MiB" }`)
		return PathEntry{}, false
	}
	entry, ok := b.path(m.value, "the path of "+where, false)
	if size, has := n.member("size"); has {
		entry.Size = b.size(size.value, "the size of "+where, "size")
	}
	return entry, ok
}

// size reads the size greater than zero of a key.
func (b *builder) size(n *node, what, key string) uint64 {
	expected := "a number of bytes, or " + expectedSize
	var size uint64
	switch n.kind {
	case kindInteger:
		v, err := decodeInteger(b.src.slice(n.at))
		if err != nil || v < 0 {
			b.add(n.at, "%s is out of range", what).note("expected  %s", expected)
			return 0
		}
		size = uint64(v)
	case kindString:
		text, ok := b.text(n, what, expected)
		if !ok {
			return 0
		}
		v, hint, err := parseSize(text)
		if err != nil {
			d := b.add(n.at, "%s: %s", what, err).note("expected  %s", expected)
			if hint != "" {
				d.advise("%s = %s", key, hint)
			}
			return 0
		}
		size = v
	default:
		b.wrongType(n, what, expected)
		return 0
	}
	if size == 0 {
		b.add(n.at, "%s is zero", what).
			note("expected  %s", expected).
			advise("leave %s out for no bound", key)
	}
	return size
}

// placeable refuses paths that other keys govern.
func (b *builder) placeable(n *node, entry PathEntry) bool {
	clause := FilesystemClause(entry.Mode)
	shown := quote(b.written(entry.At, entry.Path))
	switch {
	case below(entry.Path, "/proc"):
		b.add(n.at, "%s cannot be named in %s", shown, clause).
			note("what is seen of /proc is decided by filesystem.proc").
			advise(`proc = "self"`)
	case below(entry.Path, "/dev"):
		b.add(n.at, "%s cannot be named in %s", shown, clause).
			note("which devices there are is decided by filesystem.dev").
			advise(`dev = "minimal"`)
	case below(entry.Path, "/sys") && entry.Mode != ModeRead && entry.Mode != ModeHide && entry.Mode != ModeAbsent:
		d := b.add(n.at, "%s cannot be named in %s", shown, clause).
			note("/sys is the kernel's: it can be read, hidden or absent, and nothing else")
		if entry.Mode != ModeTmp {
			d.advise("read = [%s]", shown)
		}
	default:
		return true
	}
	return false
}

// links reads { "/bin" = "/usr/bin" }.
func (b *builder) links(table *node) {
	if table.kind != kindTable {
		b.wrongType(table, ClauseFilesystemLinks, "a table of links").advise(`links = { "/bin" = "/usr/bin" }`)
		return
	}
	fs := &b.layer.Filesystem
	for _, m := range table.members {
		if hasParameter(m.name) {
			b.misplacedParameter(m.key, "a link")
			continue
		}
		from, okFrom := b.literalPath(m.key, m.name, "a link", false)
		to, okTo := b.path(m.value, "the target of a link", false)
		if !okFrom || !okTo {
			continue
		}
		if dir := reserved(from.Path); dir != "" {
			b.add(m.key, "a link cannot lie in %s", dir).note("filesystem.proc and filesystem.dev decide what is there")
			continue
		}
		fs.Links = append(fs.Links, Link{From: from.Path, To: to.Path, At: b.position(m.key), toAt: b.at(m.value)})
	}
	sort.Slice(fs.Links, func(i, j int) bool { return fs.Links[i].From < fs.Links[j].From })
}

// reserved gives the kernel's directory that a path lies in, or nothing.
func reserved(name string) string {
	for _, dir := range []string{"/proc", "/sys", "/dev"} {
		if below(name, dir) {
			return dir
		}
	}
	return ""
}
