//go:build linux

package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
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
	wants(t, finish(t, exec.Command(confine, "run", "--policy", policy, "--", "/usr/bin/true")).must(t, 125), "nothing ran", "root")
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
	o = finish(t, grouped(exec.Command(confine, append([]string{"run", "--policy", policy, "--"}, groups...)...))).must(t, 0)
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
	witness := filepath.Join(owned(t, filepath.Join(tree(t), "w")), "alive")
	script := "sleep 0.5; echo yes >" + witness
	launcher := func(words ...string) *exec.Cmd {
		// The shell is the launcher; the death signal is that of its child.
		return asConnector(exec.Command("/usr/bin/sh", append([]string{"-c", `setpriv --pdeathsig KILL "$@" & sleep 60`, "sh"}, words...)...))
	}
	survived := func(cmd *exec.Cmd, limit time.Duration) bool {
		t.Helper()
		cmd.SysProcAttr.Setpgid = true
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(250 * time.Millisecond)
		parents, names := processes(t)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		t.Cleanup(func() {
			// The launcher's own sleep, and whatever lives on.
			for pid := range names {
				for p := pid; p > 1; p = parents[p] {
					if p == cmd.Process.Pid {
						_ = syscall.Kill(pid, syscall.SIGKILL)
					}
				}
			}
		})
		for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			if os.Remove(witness) == nil {
				return true
			}
		}
		return false
	}
	if survived(launcher("/usr/bin/sh", "-c", script), time.Second) {
		t.Error("control: without firejail the signal does not arrive either")
	}
	if !survived(launcher(firejailPath, "--quiet", "--profile="+naive(t, "net none"), "/usr/bin/sh", "-c", script), 10*time.Second) {
		t.Error("the sandbox ended: the trap is gone")
	}
}
