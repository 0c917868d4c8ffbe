//go:build linux

package stage

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
)

// submounts lists the mount points below the entries that show the host's own
// files, less those that are entries themselves.
func submounts(e compiler.Expectation) []string {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil
	}
	var points []string
	for _, m := range parseMounts(string(data)) {
		entry, ok := entryOf(e.Paths, m.point)
		if ok && entry.Path != m.point && entry.Mode.Visible() && entry.Mode != policy.ModeTmp && !entry.Replaced {
			points = append(points, m.point)
		}
	}
	slices.Sort(points)
	return slices.Compact(points)
}

// checkRest looks at every mount that is no entry's: a file of an entry can have other paths,
// by mounts of the machine's, and there it is read-only and noexec too.
func checkRest(e compiler.Expectation) Check {
	const closed = "read-only noexec"
	found := closed
	if data, err := os.ReadFile("/proc/self/mountinfo"); err != nil {
		found = unix.ErrnoName(errno(err))
	} else if open := openRest(e, string(data)); len(open) > 0 {
		found = fmt.Sprintf("not so: %s", strings.Join(open, " "))
	}
	return equal(policy.ClauseFilesystem, "mounts that are of no entry", policy.Position{}, closed, found)
}

// openRest lists the mount points outside of all entries whose mounts let anything be written
// or executed, less those of the launch's own.
func openRest(e compiler.Expectation, mountinfo string) []string {
	var open []string
	for _, m := range parseMounts(mountinfo) {
		own := m.point == "/proc" || m.point == SharedMemory && e.Dev == policy.DevMinimal
		if own || covered(m.point, e.Paths) || m.has("ro") && m.has("noexec") {
			continue
		}
		open = append(open, m.point)
	}
	return open
}

// checkTwice looks whether what may be written is mounted a second time where it may be
// mapped or executed: Landlock knows it there as well.
func checkTwice(e compiler.Expectation) Check {
	const none = "nothing that may be written"
	found := none
	if data, err := os.ReadFile("/proc/self/mountinfo"); err != nil {
		found = unix.ErrnoName(errno(err))
	} else if twice := mountedTwice(e, string(data)); len(twice) > 0 {
		found = strings.Join(twice, ", ")
	}
	return equal(policy.ClauseFilesystem, "mounts that may be mapped or executed", policy.Position{}, none, found)
}

// mountedTwice words what lies both below an entry to write and below one to map or execute.
func mountedTwice(e compiler.Expectation, mountinfo string) []string {
	var written, mapped []mount
	for _, m := range parseMounts(mountinfo) {
		entry, _ := entryOf(e.Paths, m.point)
		switch {
		case entry.Mode == policy.ModeWrite && !m.has("ro"):
			written = append(written, m)
		case (entry.Mode == policy.ModeMap || entry.Mode == policy.ModeExec) && !m.has("noexec"):
			mapped = append(mapped, m)
		}
	}
	var twice []string
	for _, w := range written {
		for _, m := range mapped {
			below, holds := cutPath(w.root, m.root)
			_, held := cutPath(m.root, w.root)
			// A directory that holds the entry's own shows it by the entry's own path.
			if w.device == m.device && (holds && filepath.Join(m.point, below) != w.point || held && !holds) {
				twice = append(twice, w.point+" in "+m.point)
			}
		}
	}
	slices.Sort(twice)
	return slices.Compact(twice)
}

// cutPath gives the part of a path below another one, if it is that or lies there.
func cutPath(path, above string) (below string, ok bool) {
	if above == "/" || path == above {
		return strings.TrimPrefix(path, above), true
	}
	return strings.CutPrefix(path, above+"/")
}

// checkSubmounts shows that what is mounted below an entry is what is mounted
// there outside, and no less restricted than the entry.
func checkSubmounts(e compiler.Expectation, controls map[string]PathControl) []Check {
	points := append(submounts(e), slices.Collect(maps.Keys(controls))...)
	slices.Sort(points)
	var checks []Check
	for _, point := range slices.Compact(points) {
		entry, ok := entryOf(e.Paths, point)
		if !ok || !openable(point) {
			continue // closed or gone is no more than the policy allows
		}
		control, outside := controls[point]
		expected := "as outside, and " + mountFlags(entry)
		checks = append(checks, equal(clauseOf(entry), point+" mount", entry.At, expected,
			describeSubmount(point, entry, control, outside, expected)))
	}
	return checks
}

func describeSubmount(point string, entry compiler.PathExpectation, control PathControl, outside bool, expected string) string {
	var st unix.Stat_t
	var fs unix.Statfs_t
	if err := unix.Stat(point, &st); err != nil {
		return unix.ErrnoName(errno(err))
	}
	if err := unix.Statfs(point, &fs); err != nil {
		return unix.ErrnoName(errno(err))
	}
	switch {
	case entry.Mode != policy.ModeWrite && fs.Flags&unix.ST_RDONLY == 0:
		return "writable"
	case (entry.Mode == policy.ModeRead || entry.Mode == policy.ModeWrite) && fs.Flags&unix.ST_NOEXEC == 0:
		return "executable"
	case fs.Type == unix.TMPFS_MAGIC:
		return expected // the wrapper hides things behind empty ones of its own
	case !outside:
		return "not mounted outside"
	case uint64(st.Dev) != control.Device || st.Ino != control.Inode: //nolint:unconvert // see controlPath
		return "another file than outside"
	}
	return expected
}
