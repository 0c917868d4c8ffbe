//go:build linux

package integration

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestStandaloneTmpIsNobodysDoor: private-tmp lets in /tmp/sndio, which any user
// of the machine can make, and shows the names of /tmp/pulse-* and /tmp/.X11-unix;
// our profile has an empty /tmp instead.
func TestStandaloneTmpIsNobodysDoor(t *testing.T) {
	world := standaloneWorld{"fill /tmp 1777; mkdir -m 777 /tmp/sndio /tmp/pulse-x /tmp/.X11-unix; note /tmp/sndio/file\n"}
	s := standalonePolicy{rest: "tmp = ['/tmp']\n"}
	const door, name = "fill /tmp/sndio/made=1", "stat /tmp/pulse-x"
	standaloneAnswers(t, world, s.profile(t), map[string]string{
		door: "ENOENT", name: "ENOENT", "read /tmp/sndio/file": "ENOENT", "stat /tmp/.X11-unix": "ENOENT", "write /tmp": "ok",
	})
	open := s.profile(t, "whitelist /tmp/.confine-none\n", "private-tmp\n")
	got := world.probe(t, open, door, name)
	for _, access := range []string{door, name} {
		if got[access] != "ok" {
			t.Errorf("%s: %s with private-tmp, expected ok: the trap is gone", access, got[access])
		}
	}
}

// TestStandaloneSharedMemory: a name that starts with jack in the host's /dev/shm
// makes private-dev show that directory instead of an empty one. Coverage says so;
// only the runner can tell.
func TestStandaloneSharedMemory(t *testing.T) {
	s := standalonePolicy{rest: "dev = 'minimal'\n"}
	profile := s.profile(t)
	const access = "read /dev/shm/outside"
	for prepare, expected := range map[string]string{
		"fill /dev/shm 1777; note /dev/shm/outside\n":                          "ENOENT",
		"fill /dev/shm 1777; note /dev/shm/outside; note /dev/shm/jack-door\n": "ok",
	} {
		standaloneAnswers(t, standaloneWorld{prepare}, profile, map[string]string{access: expected})
	}
}

// TestStandaloneHomeOutsideHome: firejail counts the caller's home directory as a
// unit of its own, so that a path in it leaves what surrounds it as it is; and it
// brings a home directory back into a unit that was emptied.
func TestStandaloneHomeOutsideHome(t *testing.T) {
	world := standaloneWorld{`
fill /opt 755; note /opt/other/file; note /opt/home/app/file; note /opt/home/rest
chown -R $USER_ID:$GROUP_ID /opt/home
fill /media 755
sed 's,^\(` + connectorUser + `:.*\):/[^:]*:,\1:/opt/home:,' /etc/passwd >/media/passwd
mount --bind /media/passwd /etc/passwd
`}
	inHome := standalonePolicy{rest: "read = ['/opt/home/app']\n"}
	want := map[string]string{
		"read /opt/home/app/file": "ok", "read /opt/home/rest": "ENOENT", "read /opt/other/file": "ENOENT",
	}
	standaloneAnswers(t, world, inHome.profile(t), want)
	const other = "read /opt/other/file"
	if got := world.probe(t, inHome.profile(t, "whitelist /opt/.confine-none\n", ""), other)[other]; got != "ok" {
		t.Errorf("%s: %s without the line that empties /opt, expected ok: the trap is gone", other, got)
	}
	beside := standalonePolicy{rest: "read = ['/opt/other']\n"}
	standaloneAnswers(t, world, beside.profile(t), map[string]string{
		"read /opt/other/file": "ok", "read /opt/home/rest": "ok",
	})
}

// TestStandaloneBuiltins holds the list in compiler/firejail/builtin.go against
// the tool: under a profile that says nothing of files, these are not the host's.
func TestStandaloneBuiltins(t *testing.T) {
	var prepare strings.Builder
	want := map[string]string{}
	for _, dir := range []string{
		"/var/lib", "/var/cache", "/var/log", "/var/tmp", "/run/lock", "/usr/src", "/boot", "/home",
	} {
		prepare.WriteString("fill " + dir + " 755\n")
	}
	for _, path := range []string{
		"/var/lib/dhcp", "/var/lib/nginx", "/var/lib/snmp", "/var/lib/sudo", "/var/cache/apache2", "/var/cache/lighttpd",
		"/var/log", "/var/tmp", "/run/lock", "/usr/src/linux", "/boot", "/home/somebody",
	} {
		prepare.WriteString("note " + path + "/file\n")
		want["read "+path+"/file"] = "ENOENT"
	}
	for _, path := range []string{"/usr/src/linux", "/boot"} {
		want["read "+path+"/file"] = "EACCES"
	}
	// What the list does not have stays the host's.
	for _, path := range []string{"/var/lib/other", "/var/cache/other", "/usr/src/other"} {
		prepare.WriteString("note " + path + "/file\n")
		want["read "+path+"/file"] = "ok"
	}
	profile := file(t, filepath.Join(tree(t), "nothing.profile"), "net none\n", 0o644)
	standaloneAnswers(t, standaloneWorld{prepare.String()}, profile, want)
}

// TestStandaloneNeverHidden: firejail ignores a blacklist of its own program, so
// that the compiler has to refuse one.
func TestStandaloneNeverHidden(t *testing.T) {
	profile := file(t, filepath.Join(tree(t), "itself.profile"), "blacklist /usr/bin/firejail\nblacklist /usr/bin/env\n", 0o644)
	standaloneAnswers(t, standaloneWorld{}, profile, map[string]string{
		"read /usr/bin/firejail": "ok", "read /usr/bin/env": "EACCES",
	})
}
