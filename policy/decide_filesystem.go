package policy

import (
	"path"
	"sort"
	"strings"
)

// Allows reports whether an entry of this mode allows a kind of access to files.
func (m PathMode) Allows(kind AccessKind) bool {
	switch m {
	case ModeRead:
		return kind == AccessRead
	case ModeMap:
		return kind == AccessRead || kind == AccessMap
	case ModeExec:
		return kind == AccessRead || kind == AccessMap || kind == AccessExec
	case ModeWrite, ModeTmp:
		return kind == AccessRead || kind == AccessWrite
	default:
		return false
	}
}

// Narrowed reports whether an entry of another mode inside one of this denies something
// that this one allows.
func (m PathMode) Narrowed(inner PathMode) bool {
	for _, kind := range []AccessKind{AccessRead, AccessMap, AccessExec, AccessWrite} {
		if m.Allows(kind) && !inner.Allows(kind) {
			return true
		}
	}
	return false
}

// Visible reports whether an entry of this mode lets anything be seen at its path.
func (m PathMode) Visible() bool { return m != ModeHide && m != ModeAbsent }

// Entry gives the entry that decides a real, clean path: the longest one that it
// equals or lies under. It follows no links and knows nothing of /proc and /dev.
func (f *Filesystem) Entry(name string) (PathEntry, bool) {
	for up := name; ; up = path.Dir(up) {
		i := sort.Search(len(f.Entries), func(i int) bool { return f.Entries[i].Path >= up })
		if i < len(f.Entries) && f.Entries[i].Path == up {
			return f.Entries[i], true
		}
		if up == "/" || up == "." {
			return PathEntry{}, false
		}
	}
}

// Covering gives the nearest of entries, which are sorted by path, that lies strictly above
// a path.
func Covering(entries []PathEntry, name string) (PathEntry, bool) {
	for n := strings.LastIndexByte(name, '/'); n > 0; n = strings.LastIndexByte(name[:n], '/') {
		i := sort.Search(len(entries), func(i int) bool { return entries[i].Path >= name[:n] })
		if i < len(entries) && entries[i].Path == name[:n] {
			return entries[i], true
		}
	}
	return PathEntry{}, false
}

func (p *Policy) decidePath(kind AccessKind, name string) Decision {
	fs := &p.Filesystem
	if message, _ := badPath(name); message != "" {
		return denied(ClauseFilesystem, Position{}, "%s", message)
	}
	name = fs.ResolveLinks(name)
	if below(name, "/dev") {
		if decision, decided := p.decideDev(kind, name); decided {
			return decision
		}
		name = descriptorAlias(name)
	}
	if below(name, "/proc") {
		return p.decideProc(kind, name)
	}
	entry, ok := fs.Entry(name)
	if !ok {
		return denied(ClauseFilesystem, Position{}, "no entry of [filesystem] names %s: it is hidden", quote(name))
	}
	clause := FilesystemClause(entry.Mode)
	switch {
	case entry.Mode.Allows(kind):
		return allowed(clause, entry.At, "%s names %s", clause, quote(entry.Path))
	case entry.Mode == ModeHide:
		return denied(clause, entry.At, "%s names %s", clause, quote(entry.Path))
	case entry.Mode == ModeAbsent:
		return denied(clause, entry.At, "%s names %s: it does not exist", clause, quote(entry.Path))
	default:
		return denied(clause, entry.At, "%s names %s, and does not allow %s", clause, quote(entry.Path), kind)
	}
}

// ownProc are the names in /proc that lead to what is about the program itself:
// mounts and net are links into self.
var ownProc = []string{"self", "thread-self", "mounts", "net"}

// decideProc answers for /proc. Under "self" the program reads what is about
// itself. A process number is allowed: the sandbox shows the program only its
// own processes, and which number it has is not known beforehand. /proc itself
// lists them.
func (p *Policy) decideProc(kind AccessKind, name string) Decision {
	fs := &p.Filesystem
	if fs.Proc != ProcSelf {
		return denied(ClauseFilesystemProc, fs.ProcAt, `filesystem.proc is "none"`)
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(name, "/proc"), "/"), "/")
	own := contains(ownProc, first) || strings.Trim(first, "0123456789") == ""
	switch {
	case !own:
		return denied(ClauseFilesystemProc, fs.ProcAt, `filesystem.proc is "self": only /proc/self and own processes are seen`)
	case kind != AccessRead:
		return denied(ClauseFilesystemProc, fs.ProcAt, `filesystem.proc is "self", which does not allow %s`, kind)
	default:
		return allowed(ClauseFilesystemProc, fs.ProcAt, `filesystem.proc is "self"`)
	}
}

// MinimalDevices gives the device files of dev = "minimal", sorted. /dev/shm, a
// private and empty directory, and the aliases of /proc/self/fd come on top.
func MinimalDevices() []string {
	return []string{"/dev/full", "/dev/null", "/dev/random", "/dev/tty", "/dev/urandom", "/dev/zero"}
}

// decideDev answers for /dev, but for the names that lead to /proc/self/fd.
func (p *Policy) decideDev(kind AccessKind, name string) (Decision, bool) {
	fs := &p.Filesystem
	switch {
	case fs.Dev != DevMinimal:
		return denied(ClauseFilesystemDev, fs.DevAt, `filesystem.dev is "none"`), true
	case descriptorAlias(name) != name:
		return Decision{}, false
	case !contains(MinimalDevices(), name) && !below(name, "/dev/shm"):
		return denied(ClauseFilesystemDev, fs.DevAt, `filesystem.dev is "minimal", which does not have %s`, quote(name)), true
	case kind == AccessMap && name == "/dev/zero":
		// No mechanism of files can deny what is anonymous memory by another name.
		return allowed(ClauseFilesystemDev, fs.DevAt, `filesystem.dev is "minimal"`), true
	case kind != AccessRead && kind != AccessWrite:
		return denied(ClauseFilesystemDev, fs.DevAt, `filesystem.dev is "minimal", which does not allow %s`, kind), true
	default:
		return allowed(ClauseFilesystemDev, fs.DevAt, `filesystem.dev is "minimal"`), true
	}
}

// descriptorAlias gives the path under /proc/self/fd that a name in /dev leads
// to, or the name itself.
func descriptorAlias(name string) string {
	switch name {
	case "/dev/stdin":
		return "/proc/self/fd/0"
	case "/dev/stdout":
		return "/proc/self/fd/1"
	case "/dev/stderr":
		return "/proc/self/fd/2"
	}
	if below(name, "/dev/fd") {
		return path.Join("/proc/self/fd", strings.TrimPrefix(name, "/dev/fd"))
	}
	return name
}
