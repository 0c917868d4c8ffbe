//go:build linux

package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTrapRootCaller: what root starts stays root, noroot is refused with a warning,
// and firejail's own directories can be written (main.c, noroot). confine starts no
// program as root.
func TestTrapRootCaller(t *testing.T) {
	o := finish(t, exec.Command(firejailPath, "--quiet", "--profile="+naive(t, "noroot", "net none"), "/usr/bin/sh", "-c",
		"id -u; cat /proc/self/uid_map; test -w /run/firejail && echo writable"))
	if got := strings.Join(strings.Fields(o.stdout), " "); got != "0 0 0 4294967295 writable" {
		t.Errorf("%q: the trap is gone\n%s", got, o.stderr)
	}
	policy := writePolicy(t, "proc = \"self\"", "")
	wants(t, finish(t, exec.Command(confine, "run", "--backend", "firejail", "--policy", policy, "--", "/usr/bin/true")).must(t, 125), "nothing ran", "root")
	o = finish(t, confined(policy, "/usr/bin/sh", "-c", "id -u; test -w /run/firejail || echo closed")).must(t, 0)
	if fields := strings.Fields(o.stdout); len(fields) != 2 || fields[0] == "0" || fields[1] != "closed" {
		t.Errorf("%q under confine", o.stdout)
	}
}

// TestTrapGroupsStay: nogroups is ignored where /run/systemd/seats is missing, and by
// itself leaves the groups of a desktop (util.c, drop_privs).
func TestTrapGroupsStay(t *testing.T) {
	groups := []string{"/usr/bin/grep", "^Groups:", "/proc/self/status"}
	grouped := func(cmd *exec.Cmd) *exec.Cmd {
		// firejail asks the group database, not the process.
		script := `if [ -d /run/systemd ]; then mount -t tmpfs none /run/systemd; fi
mount -t tmpfs none /media
sed -E "s/^(audio|video|tty|games):.*/&,$0/; s/:,/:/" /etc/group >/media/group
mount --bind /media/group /etc/group
exec setpriv --reuid "$0" --regid "$0" --init-groups --inh-caps=-all -- "$@"`
		wrapped := exec.Command("/usr/bin/unshare", append([]string{"--mount", "--", "/usr/bin/sh", "-c", script, connectorUser}, cmd.Args...)...)
		wrapped.Dir = "/usr/bin"
		return wrapped
	}
	count := func(o outcome) int { return len(strings.Fields(o.stdout)) - 1 }
	o := finish(t, grouped(exec.Command(firejailPath, append([]string{"--quiet", "--profile=" + naive(t, "nogroups")}, groups...)...))).must(t, 0)
	if count(o) == 0 {
		t.Errorf("%q with nogroups: the trap is gone", o.stdout)
	}
	policy := writePolicy(t, "proc = \"self\"", "")
	o = finish(t, grouped(exec.Command(confine, append([]string{"run", "--backend", "firejail", "--policy", policy, "--"}, groups...)...))).must(t, 0)
	if count(o) != 0 {
		t.Errorf("%q under confine", o.stdout)
	}
}

// TestTrapCommandLineIsShown: PID 1 of a sandbox is firejail, with all of its
// arguments, until 0.9.80 hides them. Those of confine say nothing, and its program
// is started by the stage.
func TestTrapCommandLineIsShown(t *testing.T) {
	const secret = "hunter2-in-the-arguments"
	script := []string{"/usr/bin/sh", "-c", "cat /proc/1/cmdline", secret}
	o := finish(t, standaloneWorld{}.command(naive(t, "net none"), script...)).must(t, 0)
	if !strings.Contains(o.stdout, secret) {
		t.Errorf("%q: the trap is gone", o.stdout)
	}
	o = finish(t, confined(writePolicy(t, "proc = \"self\"", ""), script...))
	if strings.Contains(o.stdout, secret) || strings.Contains(o.stdout, "policy.toml") {
		t.Errorf("the program sees %q", o.stdout)
	}
	if o.code == 0 && !strings.Contains(o.stdout, "firejail") {
		t.Errorf("control: PID 1 is %q", o.stdout)
	}
}

// TestTrapDeathSignalIsLost: execve(2) of a set-user-ID program clears PR_SET_PDEATHSIG,
// so that a sandbox survives the launcher that asked to be outlived by nothing. confine
// has a guard (TestKilledRunnerLeavesNothing).
func TestTrapDeathSignalIsLost(t *testing.T) {
	profile := naive(t, "net none")
	for _, c := range []struct {
		name     string
		words    []string
		survives bool
	}{
		{"without firejail", nil, false},
		{"with firejail", []string{firejailPath, "--quiet", "--profile=" + profile}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := owned(t, filepath.Join(tree(t), "w"))
			script := "echo >" + dir + "/ready; until [ -e " + dir + "/killed ]; do sleep 0.01; done; echo >" + dir + "/survived"
			// The shell is the launcher, and the death signal is that of its child.
			launcher := asConnector(exec.Command("/usr/bin/sh", append([]string{"-c", `setpriv --pdeathsig KILL "$@" & wait`, "sh"},
				append(c.words, "/usr/bin/sh", "-c", script)...)...))
			if err := launcher.Start(); err != nil {
				t.Fatal(err)
			}
			until(t, func() bool { return exists(dir + "/ready") })
			if err := launcher.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = launcher.Wait()
			file(t, dir+"/killed", "", 0o644)
			until(t, func() bool {
				_, names := processes(t)
				for _, name := range names {
					if strings.Contains(name, dir) {
						return false
					}
				}
				return true
			})
			if exists(dir+"/survived") != c.survives {
				t.Errorf("it survived its launcher: %t, expected %t", !c.survives, c.survives)
			}
		})
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// until waits for something that must happen.
func until(t *testing.T, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !happened(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("nothing happened within %s", patience)
		}
	}
}
