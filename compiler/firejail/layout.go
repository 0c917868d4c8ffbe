package firejail

import (
	"fmt"
	"strings"

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
	globs []string
	// hide are the blacklist lines for the policy's own entries.
	hide []string
	// restrict are read-only, read-write and noexec lines; parents come first.
	restrict []string
	// privateTmp says that /tmp is firejail's own, without a size.
	privateTmp bool
	// writableVar lifts the read-only remount of /var.
	writableVar bool
	// mounts are left to a root runner.
	mounts []compiler.Mount
}

// layOut translates the table, or says by name what firejail cannot enforce.
func layOut(fs policy.Filesystem) (layout, compiler.Refusals) {
	var refusals compiler.Refusals
	l := layout{exempt: set{}, keep: set{}, globs: []string{"/*"}}
	// "blacklist /run" and "blacklist /proc" break the start, so those two are
	// emptied and thinned out instead.
	l.exempt.add("/proc", "/dev", "/run", "/proc/self", "/proc/thread-self", "/proc/mounts", "/proc/net")
	l.keep.add("/run/" + missing)
	for _, link := range fs.Links {
		// blacklist follows links: closing /bin would close /usr/bin.
		l.exempt.add(link.From)
	}
	for _, e := range fs.Entries {
		if refusal, refused := refuseEntry(fs.Entries, e); refused {
			refusals = append(refusals, refusal)
			continue
		}
		l.place(fs.Entries, e)
		l.restrictEntry(fs.Entries, e)
	}
	for path := range l.exempt {
		if strings.HasPrefix(path, "/usr/") && !l.exempt["/usr/"] {
			l.globs = append(l.globs, "/usr/*")
			break
		}
	}
	l.globs = append(l.globs, "/proc/[a-z]*")
	if n := len(l.keep); n > maxUnits {
		refusals = append(refusals, compiler.Refusal{
			Clause: "filesystem", Message: "too many directories for one firejail profile",
			Found: fmt.Sprintf("%d paths to keep", n), Expected: fmt.Sprintf("at most %d", maxUnits),
		})
	}
	return l, refusals
}

// place makes an entry visible, hidden or absent.
func (l *layout) place(entries []policy.PathEntry, e policy.PathEntry) {
	parent, nested := covering(entries, e.Path)
	switch {
	case e.Mode == policy.ModeHide:
		l.hide = append(l.hide, e.Path)
	case e.Mode == policy.ModeAbsent:
		l.open(e.Path)
		l.keep.add(unit(e.Path) + "/" + missing)
	case e.Mode == policy.ModeTmp && e.Path == "/tmp" && e.Size == 0:
		l.exempt.add("/tmp")
		l.privateTmp = true
	default:
		if e.Mode == policy.ModeTmp {
			l.mounts = append(l.mounts, compiler.Mount{
				Path: e.Path, Size: e.Size, Clause: "filesystem.tmp", At: e.At,
			})
		}
		l.open(e.Path)
		switch {
		case nested && granted(parent.Mode):
		case strings.HasPrefix(e.Path, "/sys/"):
			// firejail refuses to whitelist in /sys: its siblings are closed instead.
			l.exempt.add(e.Path)
			for _, dir := range ancestors(e.Path) {
				l.exempt.add(dir)
				l.globs = append(l.globs, dir+"/*")
			}
		case e.Path != unit(e.Path) && e.Path != "/usr":
			l.keep.add(e.Path)
		}
	}
}

// open exempts the directories on the way to a path from the globs.
func (l *layout) open(path string) {
	first := "/" + strings.SplitN(path, "/", 3)[1]
	l.exempt.add(first)
	switch {
	case path == "/usr":
		l.exempt.add("/usr/")
	case first == "/usr":
		l.exempt.add(unit(path))
	}
}

// restrictEntry adds the mount flags of an entry.
func (l *layout) restrictEntry(entries []policy.PathEntry, e policy.PathEntry) {
	parent, nested := covering(entries, e.Path)
	switch e.Mode {
	case policy.ModeRead:
		l.restrict = append(l.restrict, "read-only "+e.Path, "noexec "+e.Path)
	case policy.ModeMap, policy.ModeExec:
		l.restrict = append(l.restrict, "read-only "+e.Path)
	case policy.ModeWrite:
		if nested && parent.Mode != policy.ModeWrite {
			// For paths that are not the user's own firejail ignores the line; the
			// attestation then finds a read-only mount and refuses.
			l.restrict = append(l.restrict, "read-write "+e.Path)
		}
		if strings.HasPrefix(e.Path, "/var/") {
			l.writableVar = true
		}
		l.restrict = append(l.restrict, "noexec "+e.Path)
	case policy.ModeTmp:
		l.restrict = append(l.restrict, "noexec "+e.Path)
	}
}

// emptied are the directories of which whitelist keeps nothing but the name.
func (l *layout) emptied() []string {
	var dirs []string
	for _, path := range l.keep.sorted() {
		if dir, ok := strings.CutSuffix(path, "/"+missing); ok {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}
