//go:build linux

package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const firejailConfig = "/etc/firejail/firejail.config"

// configuredWorld has lines at the end of firejail.config, and the files of
// whitelistWorld.
func configuredWorld(t *testing.T, lines ...string) standaloneWorld {
	t.Helper()
	original, err := os.ReadFile(firejailConfig)
	if err != nil {
		t.Fatal(err)
	}
	changed := file(t, filepath.Join(tree(t), "firejail.config"), string(original)+"\n"+strings.Join(lines, "\n")+"\n", 0o644)
	return standaloneWorld{whitelistWorld.prepare + "mount --bind " + changed + " " + firejailConfig + "\n"}
}

// TestTrapFeatureOffInConfiguration: a directive whose feature is off is ignored in a
// profile with a warning (profile.c, warning_feature_disabled), which --quiet hides,
// and the program runs; only on the command line firejail ends. confine refuses, and
// names the switch and what needs it.
func TestTrapFeatureOffInConfiguration(t *testing.T) {
	for _, c := range []struct {
		setting, line string
		// shows is what a program sees with the feature off.
		script, shows string
		clause        string
	}{
		{"seccomp no", "seccomp", "grep ^Seccomp: /proc/self/status", "Seccomp: 0", "syscalls.base"},
		{"seccomp no", "protocol unix", "grep ^Seccomp: /proc/self/status", "Seccomp: 0", "syscalls.base"},
		{"seccomp no", "restrict-namespaces", "grep ^Seccomp: /proc/self/status", "Seccomp: 0", "syscalls.base"},
		{"userns no", "noroot", "cat /proc/self/uid_map", "0 0 4294967295", "capabilities.keep"},
		{"dbus no", "nodbus", "echo ${DBUS_SESSION_BUS_ADDRESS-open}", "open", "filesystem"},
		{"whitelist-disable-topdir /opt", "whitelist /opt/given", "cat /opt/secret/file", "text", "filesystem"},
		{"seccomp-filter-add !chroot,-mkdir", "seccomp mkdir", "mkdir /opt/given/made && echo made", "made", "syscalls.base"},
	} {
		t.Run(c.setting+"/"+c.line, func(t *testing.T) {
			w := configuredWorld(t, c.setting)
			shows := func(w standaloneWorld) string {
				o := finish(t, w.command(naive(t, c.line), "/usr/bin/sh", "-c", c.script))
				return strings.Join(strings.Fields(o.stdout), " ")
			}
			if got := shows(w); got != c.shows {
				t.Errorf("%q, expected %q: the trap is gone", got, c.shows)
			}
			if got := shows(whitelistWorld); got == c.shows {
				t.Errorf("control: %q with the machine's own configuration", got)
			}
			o := finish(t, w.launch(confined(writePolicy(t, "", ""), "/usr/bin/true"))).must(t, 125)
			wants(t, o, "nothing ran", firejailConfig+":", c.setting, c.clause)
		})
	}
}

// TestTrapFeaturesOffThatNothingNeeds: the other switches change nothing of what a
// policy says, so that they refuse no launch.
func TestTrapFeaturesOffThatNothingNeeds(t *testing.T) {
	w := configuredWorld(
		t, "allow-tray yes", "apparmor no", "bind no", "browser-allow-drm yes", "browser-disable-u2f no", "chroot yes",
		"file-transfer no", "firejail-prompt yes", "force-nonewprivs yes", "join no", "name-change no", "network no",
		"overlayfs no", "private-bin no", "private-cache no", "private-etc no", "private-home no", "private-lib no",
		"private-opt no", "private-srv no", "quiet-by-default yes", "restricted-network no", "seccomp-log yes",
		"tracelog yes", "x11 no", "xephyr-window-title no", "file-copy-limit 0", "seccomp no", "seccomp yes",
		// It changes a directive that no profile of ours has.
		"seccomp-error-action log",
	)
	trapped(t, w, naive(t, "seccomp-error-action EPERM", "seccomp"), map[string]string{"syscall userfaultfd": "ok"})
	policy := writePolicy(t, "read = [\"/opt/given\", \"/media/other\"]\nproc = \"self\"", "[network]\nmode = \"none\"\n")
	held(t, w, policy, map[string]string{
		"read /opt/given/file": "ok", "read /opt/secret/file": "ENOENT", "write /opt/given/own": "EROFS",
		"read /media/other/file": "ok", "syscall io_uring_setup": "EPERM", "syscall userfaultfd": "EPERM",
	})
}

// TestTrapConfigurationThatIsNotUnderstood: a line of the configuration that firejail
// does not know ends it with code 1, as a program could; confine says which.
func TestTrapConfigurationThatIsNotUnderstood(t *testing.T) {
	for _, line := range []string{"whitelist no", "seccomp off", "seccomp no # for now", "  # a comment"} {
		w := configuredWorld(t, line)
		finish(t, w.command(naive(t, "net none"), "/usr/bin/true")).must(t, 1)
		o := finish(t, w.launch(confined(writePolicy(t, "", ""), "/usr/bin/true"))).must(t, 125)
		wants(t, o, "nothing ran", "Error: invalid line")
	}
}

// TestTrapFeaturesThatCloseMore: disable-mnt closes /media whatever a profile says, and
// etc-hide-blacklisted makes another /etc; the attestation decides.
func TestTrapFeaturesThatCloseMore(t *testing.T) {
	closed := configuredWorld(t, "disable-mnt yes")
	policy := writePolicy(t, `read = ["/media/other"]`, "")
	wants(t, finish(t, closed.launch(confined(policy, "/usr/bin/true"))).must(t, 125), "nothing ran", "/media/other", "policy.toml:7:")
	held(t, closed, writePolicy(t, `read = ["/opt/given"]`, ""), map[string]string{"read /opt/given/file": "ok", "read /media/other/file": "EACCES"})

	rebuilt := configuredWorld(t, "etc-hide-blacklisted yes")
	policy = writePolicy(t, "read = [\"/etc/ssl\", \"/etc/passwd\"]\nhide = [\"/etc/ssl/certs\"]", "")
	held(t, rebuilt, policy, map[string]string{"read /etc/passwd": "ok", "read /etc/ssl": "ok", "read /etc/ssl/certs": "EACCES", "read /etc/hosts": "ENOENT"})
}
