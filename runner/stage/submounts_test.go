//go:build linux

package stage

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
)

func TestParseMountPoints(t *testing.T) {
	text := "22 1 8:1 / / rw - ext4 /dev/sda rw\n" +
		"23 22 0:5 / /a\\040b rw,noexec shared:2 - tmpfs none rw\n" +
		"24 22 0:5 /sub /tab\\011back\\134slash\\134040 ro - tmpfs none rw\n\nshort line\n"
	var got []string
	for _, m := range parseMounts(text) {
		got = append(got, m.point)
	}
	if want := []string{"/", "/a b", "/tab\tback\\slash\\040"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEntryOf(t *testing.T) {
	paths := []compiler.PathExpectation{
		entry(policy.ModeRead, "/a", 0), entry(policy.ModeHide, "/a/b", 0), entry(policy.ModeWrite, "/a/b/c", 0),
	}
	for path, want := range map[string]string{
		"/a": "/a", "/a/x/y": "/a", "/a/b": "/a/b", "/a/b/cc": "/a/b", "/a/b/c/d": "/a/b/c", "/ab": "", "/": "",
	} {
		if got, ok := entryOf(paths, path); got.Path != want || ok != (want != "") {
			t.Errorf("%s: %q, %t, want %q", path, got.Path, ok, want)
		}
	}
}

func TestCheckSubmounts(t *testing.T) {
	dir, inside := apart(t, syscall.CLONE_NEWNS)
	if !inside {
		return
	}
	for _, sub := range []string{"read/below", "read/secret", "write/below", "other"} {
		must(t, os.MkdirAll(filepath.Join(dir, sub), 0o755))
	}
	read, write, other := filepath.Join(dir, "read"), filepath.Join(dir, "write"), filepath.Join(dir, "other")
	below, secret := filepath.Join(read, "below"), filepath.Join(read, "secret")
	e := compiler.Expectation{Paths: []compiler.PathExpectation{
		entry(policy.ModeRead, read, 0), entry(policy.ModeHide, secret, 0), entry(policy.ModeWrite, write, 0),
	}}
	bind := func(from, to string, flags uintptr) {
		t.Helper()
		must(t, unix.Mount(from, to, "", unix.MS_BIND, ""))
		must(t, unix.Mount("", to, "", unix.MS_BIND|unix.MS_REMOUNT|flags, ""))
	}
	if checks := checkSubmounts(e, nil); len(checks) != 0 {
		t.Errorf("nothing is mounted, and %+v", checks)
	}
	// An entry that is mounted answers for itself.
	bind(other, secret, 0)
	if checks := checkSubmounts(e, nil); len(checks) != 0 {
		t.Errorf("an entry: %+v", checks)
	}
	check := func(controls map[string]PathControl) Check {
		t.Helper()
		checks := checkSubmounts(e, controls)
		if len(checks) != 1 {
			t.Fatalf("%d checks: %+v", len(checks), checks)
		}
		return checks[0]
	}
	const strict = unix.MS_RDONLY | unix.MS_NOEXEC
	bind(other, below, strict)
	expectCheck(t, check(nil), Failed, "not mounted outside")
	expectCheck(t, check(map[string]PathControl{below: controlPath(below)}), Proven, "")
	expectCheck(t, check(map[string]PathControl{below: controlPath(read)}), Failed, "another file than outside")
	bind(other, below, unix.MS_NOEXEC)
	expectCheck(t, check(map[string]PathControl{below: controlPath(below)}), Failed, "writable")
	bind(other, below, unix.MS_RDONLY)
	expectCheck(t, check(map[string]PathControl{below: controlPath(below)}), Failed, "executable")
	// The host mounts something there, and inside is what lies below it.
	outside := controlPath(below)
	for range 3 {
		must(t, unix.Unmount(below, unix.MNT_DETACH))
	}
	must(t, unix.Mount(read, read, "", unix.MS_BIND|unix.MS_REC, ""), unix.Mount("", read, "", unix.MS_BIND|unix.MS_REMOUNT|strict, ""))
	expectCheck(t, check(map[string]PathControl{below: outside}), Failed, "another file than outside")
	must(t, unix.Unmount(read, unix.MNT_DETACH))
	below = filepath.Join(write, "below")
	bind(other, below, unix.MS_NOEXEC)
	expectCheck(t, check(map[string]PathControl{below: controlPath(below)}), Proven, "")
}

// TestOpenRest: of the mounts outside of all entries none may be written to or executed.
func TestOpenRest(t *testing.T) {
	const text = "22 1 8:1 / / ro,nosuid,noexec - ext4 /dev/sda rw\n" +
		"23 22 8:1 /kept /other\\040work ro,nosuid - ext4 /dev/sda rw\n" +
		"24 22 8:1 /kept /second rw,noexec - ext4 /dev/sda rw\n" +
		"25 22 8:1 /kept /kept rw,noexec - ext4 /dev/sda rw\n" +
		"26 22 8:1 /bin /bin ro - ext4 /dev/sda rw\n" +
		"27 26 8:1 /secret /bin/secret ro - ext4 /dev/sda rw\n" +
		"28 22 0:5 / /tmp rw,noexec - tmpfs confine rw\n" +
		"29 22 0:6 / /dev/shm rw,noexec - tmpfs confine rw\n" +
		"30 22 0:7 / /proc rw,noexec - proc proc rw\n"
	e := compiler.Expectation{Dev: policy.DevMinimal, Paths: []compiler.PathExpectation{
		entry(policy.ModeWrite, "/kept", 0), entry(policy.ModeExec, "/bin", 0), entry(policy.ModeHide, "/bin/secret", 0),
		entry(policy.ModeTmp, "/tmp", 0),
	}}
	if got, want := openRest(e, text), []string{"/other work", "/second"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	e.Dev = policy.DevNone
	if got := openRest(e, text); !slices.Contains(got, "/dev/shm") {
		t.Errorf("got %q: nobody asked for it", got)
	}
}

// TestMountedTwice: what may be written is shown by its own path alone where anything may be
// mapped or executed.
func TestMountedTwice(t *testing.T) {
	e := compiler.Expectation{Paths: []compiler.PathExpectation{
		entry(policy.ModeExec, "/app", 0), entry(policy.ModeWrite, "/app/data", 0),
		entry(policy.ModeMap, "/lib", 0), entry(policy.ModeWrite, "/kept", 0), entry(policy.ModeRead, "/read", 0),
	}}
	const own = "1 0 8:1 /app /app ro - ext4 a rw\n2 1 8:1 /app/data /app/data rw - ext4 a rw\n" +
		"3 0 8:1 /lib /lib ro - ext4 a rw\n4 0 8:1 /srv/kept /kept rw - ext4 a rw\n"
	for more, want := range map[string][]string{
		"":                                     nil,
		"5 3 8:1 /srv /lib/srv ro - ext4 a rw": {"/kept in /lib/srv"},
		"5 3 8:1 / /lib/all ro - ext4 a rw":    {"/app/data in /lib/all", "/kept in /lib/all"},
		"5 3 8:1 /srv/kept /lib/same ro - ext4 a rw":          {"/kept in /lib/same"},
		"5 3 8:1 /srv/kept/part /lib/part ro - ext4 a rw":     {"/kept in /lib/part"},
		"5 3 8:1 /srv/kept /lib/noexec ro,noexec - ext4 a rw": nil,
		"5 4 8:1 /lib /kept/lib rw - ext4 a rw":               {"/kept/lib in /lib"},
		"5 4 8:1 /lib /kept/lib ro - ext4 a rw":               nil,
		"5 3 8:2 /srv/kept /lib/other ro - ext4 b rw":         nil,
		"5 3 8:1 /srv/kepts /lib/kepts ro - ext4 a rw":        nil,
		"5 3 8:1 /srv/kept /read/same ro - ext4 a rw":         nil,
	} {
		if got := mountedTwice(e, own+more); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", more, got, want)
		}
	}
}
