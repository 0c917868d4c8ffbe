//go:build linux

package integration

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// hostileHome gives the connector's user a home directory with profiles in it.
var hostileHome = standaloneWorld{`
fill /opt 755; fill /media 755
mkdir -p /opt/home/.config/firejail /opt/here
for name in default env true; do echo "noblacklist /opt/home
env HOSTILE=yes" >/opt/home/.config/firejail/$name.profile; done
echo "env HOSTILE=yes" >/opt/here/some.inc
cp /opt/here/some.inc /opt/home/.config/firejail/globals.local
chown -R "$USER_ID:$GROUP_ID" /opt/home /opt/here
sed 's,^\(` + connectorUser + `:.*\):/[^:]*:,\1:/opt/home:,' /etc/passwd >/media/passwd
mount --bind /media/passwd /etc/passwd
cd /opt/here
`}

// TestTrapProfileOfTheUsersOwn: without --profile, and for a profile or an include by
// name, firejail looks into the user's home first, and then into the working directory
// (profile.c, profile_find). confine gives the one profile by its descriptor, and no
// profile of ours includes anything.
func TestTrapProfileOfTheUsersOwn(t *testing.T) {
	for name, options := range map[string][]string{
		"no profile":        {},
		"a profile by name": {"--profile=default"},
		"an include":        {"--profile=" + naive(t, "include some.inc")},
	} {
		cmd := hostileHome.command("", append(append([]string{firejailPath, "--quiet"}, options...), "/usr/bin/env")...)
		if o := finish(t, cmd).must(t, 0); !strings.Contains(o.stdout, "HOSTILE=yes") {
			t.Errorf("%s: the trap is gone: %q", name, o.stdout)
		}
	}
	policy := writePolicy(t, "", "[environment]\npass = [\"HOSTILE\", \"NOTHING\"]\n")
	for _, cmd := range []*exec.Cmd{
		hostileHome.launch(confined(policy, "/usr/bin/env")),
		hostileHome.command("", confine, "run", "--backend", "firejail", "--policy", policy, "--", "/usr/bin/env"),
	} {
		if o := finish(t, cmd).must(t, 0); o.stdout != "" {
			t.Errorf("%q under confine", o.stdout)
		}
	}
	for _, line := range profileOf(t) {
		if strings.HasPrefix(line, "include") || strings.HasPrefix(line, "ignore") || strings.HasPrefix(line, "?") {
			t.Errorf("our profile has %q", line)
		}
	}
}

// TestTrapParsingHasEffects: mkdir and mkfile are done on the host while the profile is
// read, also when the start fails afterwards (profile.c). No profile of ours has them.
func TestTrapParsingHasEffects(t *testing.T) {
	w := standaloneWorld{"fill /tmp 1777\n"}
	profile := naive(t, "mkdir /tmp/made", "nosuchdirective")
	// firejail of Debian is where it is: --profile names a file outside /tmp.
	cmd := w.command("", "/usr/bin/sh", "-c", firejailPath+" --quiet --profile="+profile+" /usr/bin/true; ls /tmp")
	if o := finish(t, cmd).must(t, 0); o.stdout != "made\n" {
		t.Errorf("%q: the trap is gone\n%s", o.stdout, o.stderr)
	}
	policy := writePolicy(t, "tmp = [\"/tmp\"]", "")
	script := exec.Command("/usr/bin/sh", append([]string{"-c", `"$@"; ls -A /tmp`, "sh"}, confined(policy, "/usr/bin/touch", "/tmp/inside").Args...)...)
	if o := finish(t, w.launch(script)).must(t, 0); o.stdout != "" {
		t.Errorf("%q on the host after a launch", o.stdout)
	}
}

// TestTrapSandboxIsJoined: --join-or-start runs the program in a sandbox of that name if
// there is one, whatever that allows, instead of under the default profile (main.c).
// No command line and no profile of ours names a sandbox.
func TestTrapSandboxIsJoined(t *testing.T) {
	first := standaloneWorld{}.command(naive(t, "name confine-trap"), "/usr/bin/sh", "-c", "echo ready; exec sleep 60")
	out, err := first.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = first.Process.Kill()
		_ = first.Wait()
	})
	if _, err := out.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"confine-trap": "Seccomp: 0", "confine-trap-2": "Seccomp: 2"} {
		o := finish(t, standaloneWorld{}.command("", firejailPath, "--quiet", "--join-or-start="+name, "/usr/bin/grep", "^Seccomp:", "/proc/self/status"))
		if got := strings.Join(strings.Fields(o.stdout), " "); got != want {
			t.Errorf("%s: %q, expected %q: the trap is gone\n%s", name, got, want, o.stderr)
		}
	}
	for _, line := range profileOf(t) {
		if strings.HasPrefix(line, "name") || strings.HasPrefix(line, "join") {
			t.Errorf("our profile has %q", line)
		}
	}
}

// TestTrapShellOfTheUser: after "--" firejail starts the program by the user's shell,
// which for a system user is nologin (sandbox.c, start_application). confine leaves the
// word out, and its program is one like any other.
func TestTrapShellOfTheUser(t *testing.T) {
	o := finish(t, standaloneWorld{}.command(naive(t, "net none"), "--", "/usr/bin/echo", "ran"))
	if strings.Contains(o.stdout, "ran") {
		t.Errorf("%q: the trap is gone", o.stdout)
	}
	word := filepath.Join("/usr/bin", "echo")
	if o := finish(t, confined(writePolicy(t, "", ""), word, "--", "-n", "--quiet")).must(t, 0); o.stdout != "-- -n --quiet\n" {
		t.Errorf("%q under confine", o.stdout)
	}
}

// TestTrapPrivateEtc: in 0.9.72 private-etc keeps what is named and nothing else, names
// of groups are files that are missing, and a blank after a comma loses the name; from
// 0.9.74 on groups exist and some are always added. whitelist means the same in all.
func TestTrapPrivateEtc(t *testing.T) {
	const hosts = "read /etc/hosts"
	trapped(t, standaloneWorld{}, naive(t, "private-etc passwd,@network"), map[string]string{hosts: "ENOENT"})
	trapped(t, standaloneWorld{}, naive(t, "private-etc passwd, hosts"), map[string]string{hosts: "ENOENT"})
	trapped(t, standaloneWorld{}, naive(t, "private-etc passwd,hosts"), map[string]string{hosts: "ok"})
	held(t, standaloneWorld{}, writePolicy(t, `read = ["/etc/hosts"]`, ""), map[string]string{hosts: "ok", "read /etc/fstab": "ENOENT"})
}
