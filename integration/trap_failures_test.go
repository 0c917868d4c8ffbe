//go:build linux

package integration

import (
	"os/exec"
	"strings"
	"testing"
)

// underOuter puts a command under a filter of the host's.
func underOuter(cmd *exec.Cmd, filter string) *exec.Cmd {
	cmd.Args = append([]string{probe, "under", filter, cmd.Path}, cmd.Args[1:]...)
	cmd.Path = probe
	return cmd
}

// TestTrapFailureIsAWarning: where the kernel refuses a filter or a user namespace,
// firejail warns and runs the program without (seccomp.c, seccomp_install_filters;
// sandbox.c, noroot). The attestation counts the filters and compares the namespaces.
func TestTrapFailureIsAWarning(t *testing.T) {
	for _, c := range []struct{ filter, line, script, shows, names string }{
		// One filter is the host's own.
		{"seccomp", "seccomp", "grep ^Seccomp_filters: /proc/self/status", "Seccomp_filters: 1", "seccomp filters"},
		{"user-namespace", "noroot", "cat /proc/self/uid_map", "0 0 4294967295", "user namespace"},
	} {
		t.Run(c.filter, func(t *testing.T) {
			cmd := standaloneWorld{}.command(naive(t, c.line), "/usr/bin/sh", "-c", c.script)
			o := finish(t, underOuter(cmd, c.filter)).must(t, 0)
			if got := strings.Join(strings.Fields(o.stdout), " "); got != c.shows {
				t.Errorf("%q, expected %q: the trap is gone", got, c.shows)
			}
			o = finish(t, underOuter(confined(writePolicy(t, "", ""), "/usr/bin/true"), c.filter)).must(t, 125)
			wants(t, o, "nothing ran", c.names)
		})
	}
}

// TestTrapDirectiveIsAWarning: these do nothing here, and the program runs: a profile of
// AppArmor without AppArmor, a processor that is not there, and for an ordinary user
// every directive of the network but "net none", with restricted-network as Debian has
// it. No profile of ours has them (TestNoForbiddenDirective).
func TestTrapDirectiveIsAWarning(t *testing.T) {
	status := []string{"/usr/bin/grep", "-E", "^(Cpus_allowed_list|NoNewPrivs):", "/proc/self/status"}
	bare := finish(t, standaloneWorld{}.command("", status...)).must(t, 0).stdout
	for _, line := range []string{"apparmor confine-none", "cpu 31", "netns confine-none", "net confine-none", "netfilter /etc/firejail/nolocal.net"} {
		o := finish(t, standaloneWorld{}.command(naive(t, line), status...))
		if o.code != 0 || o.stdout != bare {
			t.Errorf("%s: exit code %d, %q, expected %q: the trap is gone", line, o.code, o.stdout, bare)
		}
	}
}
