package firejail

import (
	"fmt"
	"path"

	"confine/compiler"
	"confine/policy"
)

// maxUnits stays below the 64 top-level directories that firejail's whitelist
// can hold (fs_whitelist.c).
const maxUnits = 60

// layout is the filesystem table said in firejail's terms.
type layout struct {
	// exempt are the noblacklist lines; they precede the globs.
	exempt set
	// keep are the whitelist lines.
	keep set
	// globs close everything that exempt does not name.
	globs set
	// hide are the blacklist lines for the policy's own entries.
	hide []string
	// restrict are read-only, read-write and noexec lines; parents come first.
	restrict []string
	// lift are writable-etc and writable-var.
	lift set
	// emptied are units that are open for a name in them: one that is absent, or a
	// link of the policy.
	emptied set
	// mounts are left to a root runner.
	mounts []compiler.Mount
}

// layOut translates the table, or says by name what firejail cannot enforce.
func layOut(fs policy.Filesystem, release Release) (layout, compiler.Refusals) {
	var refusals compiler.Refusals
	l := layout{exempt: set{}, keep: set{}, globs: set{}, lift: set{}, emptied: set{}}
	l.globs.add("/*", "/proc/[a-z]*")
	// "blacklist /run" and "blacklist /proc" break the start, so those two are
	// emptied and thinned out instead.
	l.exempt.add("/proc", "/dev", "/run", "/proc/self", "/proc/thread-self", "/proc/mounts", "/proc/net")
	l.empty("/run")
	l.emptied.add("/run")
	for _, link := range fs.Links {
		inside := shownLink(fs.Entries, link)
		if !globbed(link.From) && !inside {
			continue
		}
		if why := inexpressible(link.From); why != "" {
			refusals = append(refusals, refuseSpelling(policy.ClauseFilesystemLinks, link.At, "link "+link.From, why))
			continue
		}
		if inside {
			// Its unit is emptied; the link itself is kept, and its target by an entry.
			l.open(link.From)
			l.keep.add(link.From)
			l.emptied.add(unit(link.From))
			continue
		}
		// blacklist follows links: closing /bin would close /usr/bin.
		l.exempt.add(link.From)
	}
	for _, e := range fs.Entries {
		if refusal, refused := refuseEntry(fs.Entries, e, release); refused {
			refusals = append(refusals, refusal)
			continue
		}
		l.place(fs.Entries, e)
		l.restrictEntry(fs.Entries, e)
	}
	for _, p := range l.hide {
		// Whatever exempts it, a hidden path is not exempt.
		delete(l.exempt, p)
	}
	if n := len(l.units()); n > maxUnits {
		refusals = append(refusals, compiler.Refusal{
			Clause: policy.ClauseFilesystem, Message: "the entries lie in too many directories for one firejail profile",
			Found: fmt.Sprintf("%d top-level directories, those of /usr included", n), Expected: fmt.Sprintf("at most %d", maxUnits),
		})
	}
	return l, refusals
}

// shownLink reports whether a link lies inside a unit, in no entry, and leads to
// what an entry shows: without a line of its own it would be gone with the unit.
func shownLink(entries []policy.PathEntry, link policy.Link) bool {
	if _, covered := policy.Covering(entries, link.From); covered || link.From == unit(link.From) || within(link.From, "/sys") {
		return false
	}
	for _, e := range entries {
		if e.Mode.Visible() && within(link.To, e.Path) {
			return true
		}
	}
	return false
}

// globbed reports whether a glob that closes what is not exempt can match a link.
// Links of policies do not lie in /sys.
func globbed(link string) bool { return path.Dir(link) == "/" || path.Dir(link) == "/usr" }

// place makes an entry visible, hidden or absent.
func (l *layout) place(entries []policy.PathEntry, e policy.PathEntry) {
	if e.Mode == policy.ModeTmp && (e.Size != 0 || !ownTmp(e.Path)) {
		l.mounts = append(l.mounts, compiler.Mount{
			Path: e.Path, Size: e.Size, Clause: policy.ClauseFilesystemTmp, At: e.At,
		})
	}
	_, nested := policy.Covering(entries, e.Path)
	switch {
	case e.Mode == policy.ModeHide:
		l.hide = append(l.hide, e.Path)
	case e.Mode == policy.ModeAbsent:
		l.open(e.Path)
		l.empty(unit(e.Path))
		l.emptied.add(unit(e.Path))
	case nested:
		// An entry above, which is never a closed one, makes it visible.
	case within(e.Path, "/sys"):
		l.openSysfs(e.Path)
	case e.Mode == policy.ModeTmp && e.Path == "/tmp" && e.Size == 0:
		// private-tmp would do too, if it did not let in whatever anybody on the
		// host names /tmp/pulse-* (fs.c, fs_private_tmp).
		l.open(e.Path)
		l.empty("/tmp")
	default:
		l.open(e.Path)
		if u := unit(e.Path); e.Path != u {
			l.keep.add(e.Path)
			// A path in the caller's home directory empties that directory only.
			l.empty(u)
		}
	}
}

// empty leaves a unit with nothing but what else is kept in it.
func (l *layout) empty(unit string) { l.keep.add(unit + "/" + missing) }

// open exempts the directories on the way to a path from the globs, and closes
// their other children. /usr given as a whole stays open as a whole.
func (l *layout) open(p string) {
	l.exempt.add("/" + firstComponent(p))
	if u := unit(p); path.Dir(u) == "/usr" {
		l.exempt.add(u)
		l.globs.add("/usr/*")
	}
}

// openSysfs closes the siblings of a path: firejail refuses to whitelist in /sys.
func (l *layout) openSysfs(p string) {
	l.exempt.add(p)
	// Those two firejail closes by itself, unless they are exempt.
	for _, dir := range []string{"/sys/fs", "/sys/module"} {
		if within(dir, p) {
			l.exempt.add(dir)
		}
	}
	for _, dir := range ancestors(p) {
		l.exempt.add(dir)
		l.globs.add(dir + "/*")
	}
}

// restrictEntry adds the mount flags of an entry.
func (l *layout) restrictEntry(entries []policy.PathEntry, e policy.PathEntry) {
	if directive, closed := liftReadOnly(e.Path); closed && e.Mode.Visible() && e.Mode != policy.ModeRead {
		l.lift.add(directive)
	}
	switch e.Mode {
	case policy.ModeRead:
		l.restrict = append(l.restrict, "read-only "+e.Path, "noexec "+e.Path)
	case policy.ModeMap, policy.ModeExec:
		l.restrict = append(l.restrict, "read-only "+e.Path)
	case policy.ModeWrite:
		if insideReadOnly(entries, e) {
			// For paths that are not the user's own firejail ignores the line; the
			// attestation then finds a read-only mount and refuses.
			l.restrict = append(l.restrict, "read-write "+e.Path)
		}
		l.restrict = append(l.restrict, "noexec "+e.Path)
	case policy.ModeTmp:
		l.restrict = append(l.restrict, "noexec "+e.Path)
	}
}

// insideReadOnly reports whether a mount above an entry is read-only.
func insideReadOnly(entries []policy.PathEntry, e policy.PathEntry) bool {
	if parent, nested := policy.Covering(entries, e.Path); nested {
		return parent.Mode != policy.ModeWrite
	}
	_, ok := readOnlyAbove(e.Path)
	return ok
}

// units are the directories that whitelist lines empty.
func (l *layout) units() set {
	units := set{}
	for p := range l.keep {
		units.add(unit(p))
	}
	return units
}
