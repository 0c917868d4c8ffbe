//go:build linux

package stage

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
)

func entry(mode policy.PathMode, path string, size uint64) compiler.PathExpectation {
	return compiler.PathExpectation{PathEntry: policy.PathEntry{Path: path, Mode: mode, Size: size}}
}

func TestMountFlags(t *testing.T) {
	page := uint64(os.Getpagesize())
	for _, tc := range []struct {
		mode policy.PathMode
		size uint64
		want string
	}{
		{policy.ModeRead, 0, "read-only noexec"},
		{policy.ModeMap, 0, "read-only"},
		{policy.ModeExec, 0, "read-only"},
		{policy.ModeWrite, 0, "writable noexec"},
		{policy.ModeTmp, 0, "writable noexec tmpfs"},
		{policy.ModeTmp, page, fmt.Sprintf("writable noexec tmpfs %d bytes", page)},
		// The kernel rounds up to whole pages.
		{policy.ModeTmp, page + 1, fmt.Sprintf("writable noexec tmpfs %d bytes", 2*page)},
		{policy.ModeTmp, 1, fmt.Sprintf("writable noexec tmpfs %d bytes", page)},
	} {
		if got := mountFlags(entry(tc.mode, "/x", tc.size)); got != tc.want {
			t.Errorf("%s, %d bytes: got %q, want %q", tc.mode, tc.size, got, tc.want)
		}
	}
}

// mountPoints are tmpfs mounts with the flags that a wrapper gives entries.
func mountPoints(t *testing.T, dir string) func(name string) string {
	t.Helper()
	for name, m := range map[string]struct {
		flags uintptr
		data  string
	}{
		"ro-noexec": {unix.MS_RDONLY | unix.MS_NOEXEC, ""},
		"ro":        {unix.MS_RDONLY, ""},
		"noexec":    {unix.MS_NOEXEC, ""},
		"plain":     {0, ""},
		"sized":     {unix.MS_NOEXEC, "size=1m"},
	} {
		path := filepath.Join(dir, name)
		must(t, os.Mkdir(path, 0o755), unix.Mount("none", path, "tmpfs", m.flags, m.data))
	}
	return func(name string) string { return filepath.Join(dir, name) }
}

func TestCheckMount(t *testing.T) {
	dir, inside := apart(t, syscall.CLONE_NEWNS)
	if !inside {
		return
	}
	at := mountPoints(t, dir)
	for _, tc := range []struct {
		mode   policy.PathMode
		mount  string
		size   uint64
		status Status
		found  string
	}{
		{policy.ModeRead, "ro-noexec", 0, Proven, "read-only noexec"},
		{policy.ModeRead, "ro", 0, Failed, "read-only"},
		{policy.ModeRead, "noexec", 0, Failed, "writable noexec"},
		{policy.ModeExec, "ro", 0, Proven, "read-only"},
		{policy.ModeExec, "plain", 0, Failed, "writable"},
		{policy.ModeMap, "ro", 0, Proven, "read-only"},
		{policy.ModeMap, "ro-noexec", 0, Failed, "read-only noexec"},
		{policy.ModeWrite, "noexec", 0, Proven, "writable noexec"},
		{policy.ModeWrite, "plain", 0, Failed, "writable"},
		{policy.ModeWrite, "ro-noexec", 0, Failed, "read-only noexec"},
		{policy.ModeTmp, "noexec", 0, Proven, "writable noexec tmpfs"},
		{policy.ModeTmp, "plain", 0, Failed, "writable tmpfs"},
		{policy.ModeTmp, "sized", 1 << 20, Proven, "writable noexec tmpfs 1048576 bytes"},
		{policy.ModeTmp, "sized", 1 << 19, Failed, "writable noexec tmpfs 1048576 bytes"},
		{policy.ModeTmp, "gone", 0, Failed, "ENOENT"},
	} {
		expectCheck(t, checkMount(entry(tc.mode, at(tc.mount), tc.size), PathControl{}), tc.status, tc.found)
	}
	// What the host has read-only has to be that here too, and only what is to be written may.
	readOnly := PathControl{ReadOnly: true}
	expectCheck(t, checkMount(entry(policy.ModeWrite, at("ro-noexec"), 0), readOnly), Proven, "read-only noexec")
	expectCheck(t, checkMount(entry(policy.ModeWrite, at("ro"), 0), readOnly), Failed, "read-only")
	expectCheck(t, checkMount(entry(policy.ModeWrite, at("noexec"), 0), readOnly), Failed, "writable noexec")
	expectCheck(t, checkMount(entry(policy.ModeTmp, at("ro-noexec"), 0), readOnly), Failed, "read-only noexec tmpfs")
	expectCheck(t, checkMount(entry(policy.ModeMap, at("ro-noexec"), 0), readOnly), Failed, "read-only noexec")
	// With the right flags, but a directory of the host's disk.
	must(t, os.Mkdir(at("disk"), 0o755), unix.Mount("/usr/share", at("disk"), "", unix.MS_BIND, ""),
		unix.Mount("", at("disk"), "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_NOEXEC, ""))
	expectCheck(t, checkMount(entry(policy.ModeTmp, at("disk"), 0), PathControl{}), Failed, "writable noexec")
}

func TestCheckPrivate(t *testing.T) {
	dir, inside := apart(t, syscall.CLONE_NEWNS)
	if !inside {
		return
	}
	at := mountPoints(t, dir)
	host := controlPath(dir).Device
	check := func(name string, host uint64) Check {
		return checkPrivate(entry(policy.ModeTmp, at(name), 0), &Order{HostDevices: map[string]uint64{at(name): host}})
	}
	expectCheck(t, check("noexec", host), Proven, "")
	// Nothing was there on the host.
	expectCheck(t, check("noexec", 0), Proven, "")
	expectCheck(t, check("noexec", controlPath(at("noexec")).Device), Failed, "the host's own")
	expectCheck(t, check("ro", host), Failed, "not writable")
	expectCheck(t, check("gone", host), Failed, "ENOENT")
	must(t, os.WriteFile(at("noexec/left"), nil, 0o600))
	expectCheck(t, check("noexec", host), Failed, `1 entries, the first is "left"`)
}

func TestCheckSame(t *testing.T) {
	dir, inside := apart(t, syscall.CLONE_NEWNS)
	if !inside {
		return
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	must(t, os.Mkdir(at("data"), 0o755), os.Mkdir(at("other"), 0o755))
	control := controlPath(at("data"))
	if !control.Exists || !control.Openable || !control.Writable || control.ReadOnly {
		t.Fatalf("control %+v", control)
	}
	check := func(mode policy.PathMode, c PathControl) Check {
		return checkSame(entry(mode, at("data"), 0), c, false)
	}

	// As it is, it is writable: right for write only.
	expectCheck(t, check(policy.ModeWrite, control), Proven, "the host's own")
	expectCheck(t, check(policy.ModeRead, control), Failed, "writable")

	// Read-only, as a wrapper leaves it: right for all but write.
	must(t, unix.Mount(at("data"), at("data"), "", unix.MS_BIND, ""),
		unix.Mount("", at("data"), "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""))
	for _, mode := range []policy.PathMode{policy.ModeRead, policy.ModeMap, policy.ModeExec} {
		expectCheck(t, check(mode, control), Proven, "the host's own")
	}
	expectCheck(t, check(policy.ModeWrite, control), Failed, "not writable")
	readOnlyOutside := control
	readOnlyOutside.Writable = false
	expectCheck(t, check(policy.ModeWrite, readOnlyOutside), Proven, "the host's own")

	expectCheck(t, checkSame(entry(policy.ModeWrite, at("other"), 0), readOnlyOutside, true), Failed, "writable, and not outside")

	// Something else in its place.
	must(t, unix.Mount(at("other"), at("data"), "", unix.MS_BIND, ""),
		unix.Mount("", at("data"), "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""))
	expectCheck(t, check(policy.ModeRead, control), Failed, "another file")
	replaced := entry(policy.ModeRead, at("data"), 0)
	replaced.Replaced = true
	expectCheck(t, checkSame(replaced, control, false), Proven, "the wrapper's own in its place")
	expectCheck(t, checkSame(entry(policy.ModeRead, at("gone"), 0), control, false), Failed, "ENOENT")

	// There, but closed to the user that could open it outside.
	must(t, os.Mkdir(at("closed"), 0o700))
	control = controlPath(at("closed"))
	asDaemon(t)
	expectCheck(t, checkSame(entry(policy.ModeRead, at("closed"), 0), control, false), Failed, "closed")
}

func TestCheckPath(t *testing.T) {
	dir, inside := apart(t, syscall.CLONE_NEWNS)
	if !inside {
		return
	}
	at := mountPoints(t, dir)
	control := controlPath(at("ro-noexec"))
	for _, tc := range []struct {
		name    string
		p       compiler.PathExpectation
		control PathControl
		want    []Status
	}{
		{"read", entry(policy.ModeRead, at("ro-noexec"), 0), control, []Status{Proven, Proven}},
		{"optional, missing on both sides", entry(policy.ModeRead, at("gone"), 0), PathControl{}, []Status{Proven}},
		{"optional, there only inside", entry(policy.ModeRead, at("ro-noexec"), 0), PathControl{}, []Status{Failed}},
		{"tmp, missing outside", entry(policy.ModeTmp, at("noexec"), 0), PathControl{}, []Status{Proven, Proven}},
		{"absent", entry(policy.ModeAbsent, at("gone"), 0), PathControl{}, []Status{Proven}},
		{"absent, but there", entry(policy.ModeAbsent, at("ro"), 0), PathControl{}, []Status{Failed}},
		{"hidden, but open", entry(policy.ModeHide, at("ro"), 0), control, []Status{Failed}},
		{"hidden and gone", entry(policy.ModeHide, at("gone"), 0), control, []Status{Proven}},
	} {
		checks := checkPath(tc.p, tc.control, &Order{})
		if len(checks) != len(tc.want) {
			t.Fatalf("%s: got %+v", tc.name, checks)
		}
		for i, c := range checks {
			if c.Status != tc.want[i] {
				t.Errorf("%s: got %+v, want %s", tc.name, c, tc.want[i])
			}
		}
	}
}

func TestCheckAbsent(t *testing.T) {
	dir := t.TempDir()
	dangling, file := filepath.Join(dir, "dangling"), filepath.Join(dir, "file")
	must(t, os.Symlink("gone", dangling), os.WriteFile(file, nil, 0o600))
	expectCheck(t, checkAbsent(entry(policy.ModeAbsent, filepath.Join(dir, "gone"), 0)), Proven, "ENOENT")
	expectCheck(t, checkAbsent(entry(policy.ModeAbsent, file, 0)), Failed, "there")
	// A link that leads nowhere is a name that is there.
	expectCheck(t, checkAbsent(entry(policy.ModeAbsent, dangling, 0)), Failed, "there")
	expectCheck(t, checkAbsent(entry(policy.ModeAbsent, file+"/below", 0)), Failed, "ENOTDIR")
}

func TestCheckHidden(t *testing.T) {
	dir, inside := apart(t, syscall.CLONE_NEWNS)
	if !inside {
		return
	}
	secret := filepath.Join(dir, "secret")
	must(t, os.Mkdir(secret, 0o700))
	passage := filepath.Join(dir, "passage")
	must(t, os.Mkdir(passage, 0o711))
	open := PathControl{Exists: true, Reachable: true}
	expectCheck(t, checkHidden(entry(policy.ModeHide, secret, 0), open, false), Failed, "opened")
	asDaemon(t)
	// It cannot be listed, and what is in it can be opened.
	expectCheck(t, checkHidden(entry(policy.ModeHide, passage, 0), open, false), Failed, "opened")
	expectCheck(t, checkHidden(entry(policy.ModeHide, passage, 0), open, true), Proven, "closed")
	expectCheck(t, checkHidden(entry(policy.ModeHide, secret, 0), open, false), Proven, "closed")
	// What could not be opened outside either proves nothing.
	expectCheck(t, checkHidden(entry(policy.ModeHide, secret, 0), PathControl{Exists: true}, false), Unproven, "closed")
}

// asDaemon gives up root in the whole process.
func asDaemon(t *testing.T) {
	t.Helper()
	const daemon = 1
	must(t, syscall.Setgroups(nil), syscall.Setresgid(daemon, daemon, daemon), syscall.Setresuid(daemon, daemon, daemon))
}
