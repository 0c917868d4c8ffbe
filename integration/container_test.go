//go:build linux

package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// statusProgram prints what tells a sandbox from none.
var statusProgram = []string{"/usr/bin/grep", "-E", "^(NoNewPrivs|Seccomp|CapBnd):", "/proc/self/status"}

const bareStatus = "NoNewPrivs: 0 Seccomp: 0"

func statusOf(o outcome) string {
	f := strings.Fields(o.stdout)
	if len(f) != 6 {
		return o.stdout
	}
	return strings.Join(f[2:], " ")
}

// inContainer runs a command in a PID namespace with a /proc of its own, where
// firejail sees no kernel thread.
func inContainer(cmd *exec.Cmd) *exec.Cmd {
	args := append([]string{"--pid", "--fork", "--mount-proc", "--kill-child"}, cmd.Args...)
	wrapped := exec.Command("/usr/bin/unshare", args...)
	wrapped.Dir, wrapped.Env = cmd.Dir, cmd.Env
	return wrapped
}

// The trap itself: if this fails, firejail has changed and the probe with it.
func TestFirejailConfinesNothingInContainer(t *testing.T) {
	user := exec.Command("/usr/bin/setpriv", "--reuid", connectorUser, "--regid", connectorUser, "--clear-groups", "--inh-caps=-all")
	user.Args = append(user.Args, append([]string{"/usr/bin/firejail", "--quiet", "--noprofile", "--seccomp", "--nonewprivs"}, statusProgram...)...)
	o := finish(t, inContainer(user)).must(t, 0)
	if got := statusOf(o); got != bareStatus {
		t.Errorf("firejail in a container: %s, expected the trap %s", got, bareStatus)
	}
	outside := finish(t, exec.Command(user.Path, user.Args[1:]...)).must(t, 0)
	if got := statusOf(outside); got == bareStatus {
		t.Errorf("control: firejail on the host: %s", got)
	}
}

func TestContainer(t *testing.T) {
	policy := writePolicy(t, "proc = \"self\"", "")
	t.Run("confines", func(t *testing.T) {
		o := finish(t, inContainer(confined(policy, statusProgram...)))
		if o.code != 0 && o.code != 125 {
			t.Errorf("exit code %d", o.code)
		}
		if o.code == 0 && statusOf(o) != "NoNewPrivs: 1 Seccomp: 2" {
			t.Errorf("the program ran with %s\n%s", statusOf(o), o.stderr)
		}
	})
	t.Run("refuses without capabilities", func(t *testing.T) {
		cmd := exec.Command("/usr/bin/setpriv", append([]string{"--bounding-set=-sys_admin"}, confined(policy, statusProgram...).Args...)...)
		o := finish(t, inContainer(cmd)).must(t, 125)
		wants(t, o, "nothing ran", "without any sandbox", "no kernel thread", "--cap-add SYS_ADMIN")
	})
}

func TestCallerWithoutPrivilege(t *testing.T) {
	policy := writePolicy(t, "proc = \"self\"", "")
	for _, launch := range launches {
		t.Run(launch.name+"/SYS_ADMIN", func(t *testing.T) {
			cmd := launch.cmd(policy, statusProgram...)
			bounded := exec.Command("/usr/bin/setpriv", append([]string{"--bounding-set=-sys_admin"}, cmd.Args...)...)
			if launch.name == "user" {
				bounded = exec.Command("/usr/bin/setpriv", append([]string{
					"--bounding-set=-sys_admin", "--reuid", connectorUser, "--regid", connectorUser, "--clear-groups",
				}, cmd.Args...)...)
			}
			wants(t, finish(t, bounded).must(t, 125), "nothing ran", "CAP_SYS_ADMIN")
		})
	}
	t.Run("no_new_privs", func(t *testing.T) {
		cmd := exec.Command("/usr/bin/setpriv", append([]string{"--no-new-privs"}, confinedByUser(policy, statusProgram...).Args...)...)
		wants(t, finish(t, asConnector(cmd)).must(t, 125), "nothing ran", "no_new_privs")
	})
}

// TestCallerWithoutName: only firejail has to look the caller up.
func TestCallerWithoutName(t *testing.T) {
	const number = "54321"
	caller := func(backend, gid string) *exec.Cmd {
		cmd := exec.Command("/usr/bin/setpriv", "--reuid", number, "--regid", gid, "--clear-groups", "--inh-caps=-all",
			confine, "run", "--backend", backend, "--policy", "python-connector", "--", "/usr/bin/id", "-u")
		cmd.Dir = "/usr/bin"
		return cmd
	}
	for backend, uid := range map[string]string{"native": number, "gvisor": "0"} {
		for _, gid := range []string{number, "0"} {
			t.Run(backend+" "+gid, func(t *testing.T) {
				if got := finish(t, caller(backend, gid)).must(t, 0).stdout; got != uid+"\n" {
					t.Errorf("the program's uid is %q, expected %s", got, uid)
				}
			})
		}
	}
	t.Run("firejail", func(t *testing.T) {
		wants(t, finish(t, caller("firejail", number)).must(t, 125), "nothing ran", "cannot look up", "uid "+number)
	})
}

func wants(t *testing.T, o outcome, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(o.stderr, text) {
			t.Errorf("stderr lacks %q:\n%s", text, o.stderr)
		}
	}
	if o.stdout != "" {
		t.Errorf("stdout: %q", o.stdout)
	}
}

// replacing runs a command in a mount namespace in which other files lie at some
// paths; the host's own stay as they are.
func replacing(t *testing.T, cmd *exec.Cmd, files map[string]string) outcome {
	t.Helper()
	var script strings.Builder
	script.WriteString("set -e\n")
	for target, source := range files {
		script.WriteString("mount --bind '" + source + "' '" + target + "'\n")
	}
	script.WriteString("exec \"$@\"\n")
	wrapped := exec.Command("/usr/bin/unshare", append([]string{"--mount", "--", "/usr/bin/sh", "-c", script.String(), "sh"}, cmd.Args...)...)
	return finish(t, wrapped)
}

const firejailPath = "/usr/bin/firejail"

func TestFirejailWithoutSetuid(t *testing.T) {
	data, err := os.ReadFile(firejailPath)
	if err != nil {
		t.Fatal(err)
	}
	plain := file(t, filepath.Join(tree(t), "firejail"), string(data), 0o755)
	policy := writePolicy(t, "", "")
	wants(t, replacing(t, confined(policy, "/usr/bin/true"), map[string]string{firejailPath: plain}).must(t, 125),
		"nothing ran", "SUID bit", "chmod u+s")
}

func TestFirejailThatOthersCanReplace(t *testing.T) {
	data, err := os.ReadFile(firejailPath)
	if err != nil {
		t.Fatal(err)
	}
	policy := writePolicy(t, "", "")
	theirs := file(t, filepath.Join(tree(t), "firejail"), string(data), 0o755)
	give(t, theirs)
	if err := unix.Chmod(theirs, 0o4755); err != nil {
		t.Fatal(err)
	}
	wants(t, replacing(t, confined(policy, "/usr/bin/true"), map[string]string{firejailPath: theirs}).must(t, 125),
		"nothing ran", "replaced by users other than root")
}

// A fake that looks right from outside, and runs its arguments bare.
func TestFakeFirejail(t *testing.T) {
	dir := tree(t)
	fake := filepath.Join(dir, "firejail")
	build := exec.Command("go", "build", "-trimpath", "-o", fake, "./fakefirejail")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	finish(t, build).must(t, 0)
	if err := unix.Chmod(fake, 0o4755); err != nil {
		t.Fatal(err)
	}
	policy := writePolicy(t, "proc = \"self\"", "")
	witness := filepath.Join(owned(t, filepath.Join(dir, "out")), "ran")
	for name, caller := range map[string]*exec.Cmd{
		"root": confined(policy, "/usr/bin/touch", witness),
		"user": exec.Command("/usr/bin/setpriv", append([]string{
			"--reuid", connectorUser, "--regid", connectorUser, "--clear-groups",
		}, confinedByUser(policy, "/usr/bin/touch", witness).Args...)...),
	} {
		t.Run(name, func(t *testing.T) {
			o := replacing(t, caller, map[string]string{firejailPath: fake}).must(t, 125)
			wants(t, o, "nothing ran", "NoNewPrivs", "expected  1", "found     0", "policy.toml:")
			if _, err := os.Stat(witness); err == nil {
				t.Error("the program ran")
			}
		})
	}
}

func TestFirejailConfigThatDisables(t *testing.T) {
	policy := writePolicy(t, "", "")
	const config = "/etc/firejail/firejail.config"
	original, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"seccomp no", "userns no", "whitelist-disable-topdir /etc", "seccomp-filter-add !ptrace", "dbus no",
	} {
		t.Run(line, func(t *testing.T) {
			changed := file(t, filepath.Join(tree(t), "firejail.config"), string(original)+"\n"+line+"\n", 0o644)
			o := replacing(t, confined(policy, "/usr/bin/true"), map[string]string{config: changed}).must(t, 125)
			wants(t, o, "nothing ran", config+":", line)
		})
	}
}
