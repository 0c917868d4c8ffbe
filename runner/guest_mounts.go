//go:build linux

package runner

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
	"confine/runner/stage"
)

// mountOf is a line of proc_pid_mountinfo(5).
type mountOf struct {
	device, point, options, kind string
}

func mountsOf(pid int) ([]mountOf, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/mountinfo")
	if err != nil {
		return nil, err
	}
	var mounts []mountOf
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		dash := slices.Index(fields, "-")
		if dash < 6 || len(fields) < dash+2 {
			return nil, fmt.Errorf("mounts of process %d: %q", pid, line)
		}
		mounts = append(mounts, mountOf{fields[2], stage.UnescapeMount(fields[4]), fields[5], fields[dash+1]})
	}
	return mounts, nil
}

// checkMounts shows that nothing else of the host's is in the gofer's mounts than what
// the policy shows, under whatever name: everything is the skeleton's, which the keeper
// made, or at an entry, where checkFiles looks, or below one as on the host.
func (g *guest) checkMounts(gofer, inside, outside int, e compiler.Expectation) []stage.Check {
	mounts, err := mountsOf(gofer)
	if errors.Is(err, os.ErrPermission) {
		return []stage.Check{unreadable("mounts of the gofer")}
	}
	const expected = "the policy's, in a root that cannot be written"
	found := expected
	switch {
	case err != nil:
		found = err.Error()
	case len(mounts) == 0 || mounts[0].point != "/":
		found = "no root"
	case !slices.Contains(strings.Split(mounts[0].options, ","), "ro"):
		found = "a root that can be written"
	}
	for _, m := range mounts {
		if m.device != mounts[0].device && !shownAt(m.point, e) && !sameBelow(m.point, inside, outside, e) {
			found = m.point + ", which is not the policy's"
		}
	}
	return []stage.Check{seen(policy.ClauseFilesystem, "mounts of the gofer", expected, found)}
}

// shownAt reports whether the policy shows something of the host's at a path.
func shownAt(path string, e compiler.Expectation) bool {
	if e.Dev == policy.DevMinimal && slices.Contains(policy.MinimalDevices(), path) {
		return true
	}
	return slices.ContainsFunc(e.Paths, func(p compiler.PathExpectation) bool {
		return p.Path == path && p.Mode.Visible() && p.Mode != policy.ModeTmp && !p.Replaced
	})
}

// sameBelow reports whether a mount below an entry is what the host has there.
func sameBelow(path string, inside, outside int, e compiler.Expectation) bool {
	for up := filepath.Dir(path); ; up = filepath.Dir(up) {
		if shownAt(up, e) {
			break
		}
		if up == "/" {
			return false
		}
	}
	own, _, err := lookAt(inside, path)
	hosts, _, hostErr := lookAt(outside, path)
	// What this caller may not reach, its guest may not either.
	closed := os.Getuid() != 0 && errors.Is(err, unix.EACCES) && errors.Is(hostErr, unix.EACCES)
	return closed || err == nil && hostErr == nil && own == hosts
}

// checkSentry shows that the sentry can open nothing of the host by itself: it has a root
// without any file system of the host's, and holds no directory.
func (g *guest) checkSentry(sentry int) []stage.Check {
	mounts, err := mountsOf(sentry)
	if errors.Is(err, os.ErrPermission) {
		return []stage.Check{unreadable("mounts of the sentry")}
	}
	const expected = "none of the host's"
	found := expected
	if err != nil {
		found = err.Error()
	}
	hosts, err := mountsOf(os.Getpid())
	if err != nil {
		found = err.Error()
	}
	for _, m := range mounts {
		hostsOwn := slices.ContainsFunc(hosts, func(h mountOf) bool { return h.device == m.device })
		if m.kind != "tmpfs" && m.kind != "proc" || hostsOwn {
			found = fmt.Sprintf("%s at %s", m.kind, m.point)
		}
	}
	checks := []stage.Check{seen(sandboxed, "mounts of the sentry", expected, found)}
	dir := "/proc/" + strconv.Itoa(sentry) + "/fd"
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrPermission) {
		return append(checks, unreadable("descriptors of the sentry"))
	}
	held := 0
	for _, entry := range entries {
		var st unix.Stat_t
		if unix.Stat(filepath.Join(dir, entry.Name()), &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR {
			held++
		}
	}
	found = strconv.Itoa(held)
	if err != nil {
		found = err.Error()
	}
	return append(checks, seen(sandboxed, "directories that the sentry holds open", "0", found))
}
