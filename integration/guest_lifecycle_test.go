//go:build linux

package integration

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// guestPolicy is writePolicy with what a policy for gVisor needs besides: an execute bit
// lets a file of a map entry be executed there.
func guestPolicy(t *testing.T, filesystem, tables string) string {
	t.Helper()
	return writePolicy(t, filesystem, tables+`
[[accept]]
backend = "gvisor"
clause = "filesystem.map"
reason = "nothing below is worth executing"
until = 2999-12-31
`)
}

var guestCallers = []struct {
	name string
	cmd  func(string, ...string) *exec.Cmd
}{{"root", guest}, {"user", guestByUser}}

// livingGuest is a guest whose program said that it is there.
type livingGuest struct {
	started
	stderr *bytes.Buffer
	// namespace is the PID namespace that all of it lives in, but for the runner and its
	// guard.
	namespace string
	// pids are by role: keeper, runsc, sentry, gofer and guard.
	pids map[string]int
}

// startGuest launches a shell script under gVisor.
func startGuest(t *testing.T, launch func(string, ...string) *exec.Cmd, policy, script string) livingGuest {
	t.Helper()
	stderr := new(bytes.Buffer)
	s := start(t, func(policy string, program ...string) *exec.Cmd {
		cmd := launch(policy, program...)
		cmd.Stderr = stderr
		return cmd
	}, policy, script)
	g := livingGuest{started: s, stderr: stderr, pids: map[string]int{}}
	for pid, name := range s.family(t) {
		for role, word := range map[string]string{
			"guard": "__guard", "keeper": "__keep", "runsc": "/runsc ", "sentry": "runsc-sandbox ", "gofer": "runsc-gofer ",
		} {
			if strings.Contains(name, word) {
				g.pids[role] = pid
			}
		}
	}
	if len(g.pids) != 5 {
		t.Fatalf("not the processes of a guest: %v\n%v", g.pids, s.family(t))
	}
	g.namespace = pidNamespace(g.pids["keeper"])
	if g.namespace == "" || g.namespace == pidNamespace(os.Getpid()) {
		t.Fatalf("the keeper is in the PID namespace %q", g.namespace)
	}
	return g
}

func pidNamespace(pid int) string {
	name, _ := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "ns/pid"))
	return name
}

func (g livingGuest) signal(t *testing.T, pid int, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, sig); err != nil {
		t.Fatalf("%s to %d: %v", unix.SignalName(sig), pid, err)
	}
}

// end waits for the run to end and gives what was written since.
func (g livingGuest) end(t *testing.T) outcome {
	t.Helper()
	stuck := time.AfterFunc(patience, func() { _ = g.Process.Kill() })
	defer stuck.Stop()
	rest, err := io.ReadAll(g.lines)
	if err != nil {
		t.Fatal(err)
	}
	_ = g.Wait()
	return outcome{g.ProcessState.ExitCode(), string(rest), g.stderr.String()}
}

// gone waits until nothing of the guest is left: runner, guard, and whatever lives in
// its namespace, with a name or without.
func (g livingGuest) gone(t *testing.T, limit time.Duration) {
	t.Helper()
	family := map[int]string{g.Process.Pid: "", g.pids["guard"]: ""}
	deadline := time.Now().Add(limit)
	for {
		_, alive := processes(t)
		var left []string
		for pid, name := range alive {
			if _, ours := family[pid]; ours || pidNamespace(pid) == g.namespace {
				left = append(left, strconv.Itoa(pid)+" "+name)
			}
		}
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("still alive after %s:\n%s", limit, strings.Join(left, "\n"))
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// guestTraces are what a careless launch leaves on the machine: mounts, cgroups, and
// files where temporary ones and the state of runsc go.
func guestTraces(t *testing.T) []string {
	t.Helper()
	traces := strings.Split(readText(t, "/proc/self/mountinfo"), "\n")
	for _, pattern := range []string{
		"/sys/fs/cgroup/confine-*", "/sys/fs/cgroup/*/confine-*", "/sys/fs/cgroup/guest", "/sys/fs/cgroup/*/guest",
		filepath.Join(os.TempDir(), "*confine*"), filepath.Join(os.TempDir(), "*runsc*"), "/run/*confine*", "/run/*runsc*", "/run/user/*/*runsc*", "/var/run/*runsc*",
		"/dev/shm/*", "/*",
	} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			if !strings.Contains(path, "confine-test-") { // a directory of tests
				traces = append(traces, path)
			}
		}
	}
	return traces
}

// leavesNoTrace fails a test after which the machine has more than before.
func leavesNoTrace(t *testing.T, before []string, limit time.Duration) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for {
		var left []string
		for _, trace := range guestTraces(t) {
			if !slices.Contains(before, trace) {
				left = append(left, trace)
			}
		}
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("left behind:\n%s", strings.Join(left, "\n"))
		}
		time.Sleep(5 * time.Millisecond)
	}
}

var guestSignals = []syscall.Signal{
	syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2,
}

func TestGuestGetsSignals(t *testing.T) {
	policy := guestPolicy(t, "", "")
	for _, caller := range guestCallers {
		for _, sig := range guestSignals {
			name := strings.TrimPrefix(unix.SignalName(sig), "SIG")
			t.Run(caller.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				g := startGuest(t, caller.cmd, policy, "trap 'echo got; exit 42' "+name+"; echo set; while :; do sleep 0.01; done")
				if line := g.line(t); line != "set" {
					t.Fatalf("the program said %q", line)
				}
				g.signal(t, g.Process.Pid, sig)
				if o := g.end(t).must(t, 42); o.stdout != "got\n" {
					t.Errorf("the program said %q", o.stdout)
				}
			})
			t.Run(caller.name+"/"+name+" without a trap", func(t *testing.T) {
				t.Parallel()
				g := startGuest(t, caller.cmd, policy, "exec sleep 300")
				g.signal(t, g.Process.Pid, sig)
				o := g.end(t).must(t, 128+int(sig))
				if strings.Contains(o.stderr, "ended:") {
					t.Errorf("stderr: %s", o.stderr)
				}
				g.gone(t, 2*time.Second)
			})
		}
	}
}

// A signal that the caller ignores is not passed on, as after nohup(1).
func TestGuestIsSparedIgnoredSignals(t *testing.T) {
	policy := guestPolicy(t, "", "")
	launch := func(policy string, program ...string) *exec.Cmd {
		return exec.Command("/usr/bin/sh", append([]string{"-c", `trap "" HUP; exec "$@"`, "sh"}, guest(policy, program...).Args...)...)
	}
	g := startGuest(t, launch, policy, "trap 'echo HUP' HUP; trap 'echo TERM; exit 3' TERM; echo set; while :; do sleep 0.01; done")
	g.line(t)
	g.signal(t, g.Process.Pid, syscall.SIGHUP)
	time.Sleep(100 * time.Millisecond)
	g.signal(t, g.Process.Pid, syscall.SIGTERM)
	if o := g.end(t).must(t, 3); o.stdout != "TERM\n" {
		t.Errorf("the program said %q", o.stdout)
	}
}

// A signal that comes while the sandbox is made ends the attempt, wherever it has got to.
func TestSignalBeforeTheGuest(t *testing.T) {
	policy := guestPolicy(t, "", "")
	witness := owned(t, filepath.Join(tree(t), "w"))
	writing := guestPolicy(t, fmt.Sprintf("write = [%q]", witness), "")
	before := guestTraces(t)
	refused := 0
	for _, caller := range guestCallers {
		// Before the runner catches signals they end it like any other process, and after
		// the launch they go to the program.
		for wait := 10 * time.Millisecond; wait <= 250*time.Millisecond; wait += 30 * time.Millisecond {
			cmd := caller.cmd(writing, "/usr/bin/sh", "-c", "echo > "+witness+"/ran; exec sleep 300")
			stderr := new(bytes.Buffer)
			cmd.Stderr = stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(wait)
			family := started{Cmd: cmd}.family(t)
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			gone(t, family, 2*time.Second)
			_, missing := os.Stat(filepath.Join(witness, "ran"))
			switch code := cmd.ProcessState.ExitCode(); {
			case code == 125:
				refused++
				if !strings.Contains(stderr.String(), "SIGTERM came before the program was started") {
					t.Errorf("after %s: %s", wait, stderr)
				}
				fallthrough
			case code == -1:
				if missing == nil {
					t.Errorf("after %s: code %d, and the program ran", wait, code)
				}
			case code != 143:
				t.Errorf("after %s: code %d: %s", wait, code, stderr)
			}
			_ = os.Remove(filepath.Join(witness, "ran"))
		}
	}
	if refused == 0 {
		t.Error("none of the signals came while the sandbox was made")
	}
	leavesNoTrace(t, before, 2*time.Second)
	finish(t, guest(policy, "/usr/bin/true")).must(t, 0)
}

// The codes are the program's own, also those that runsc and confine give to failures,
// and nothing is said about them.
func TestGuestExitCodes(t *testing.T) {
	policy := guestPolicy(t, "dev = \"minimal\"", "") // sh opens /dev/null for what it starts with &
	for _, caller := range guestCallers {
		codes := map[string]int{
			"exit 0": 0, "exit 1": 1, "exit 2": 2, "exit 7": 7, "exit 124": 124, "exit 125": 125, "exit 126": 126, "exit 127": 127,
			"exit 128": 128, "exit 137": 137, "exit 143": 143, "exit 255": 255,
			"kill -KILL $$": 128 + 9, "kill -TERM $$": 128 + 15, "kill -SEGV $$": 128 + 11, "sh -c 'kill -KILL $PPID'; sleep 9": 128 + 9,
			// An orphan that ends later must not decide.
			"(sleep 0.3; exit 9) & exit 3": 3,
			// Nor may one that does not end keep the run alive.
			"sleep 300 & exit 4": 4, "(setsid sh -c 'trap \"\" TERM HUP; while :; do sleep 1; done' &); exit 5": 5,
		}
		if caller.name == "user" {
			codes = map[string]int{"exit 2": 2, "exit 128": 128, "exit 137": 137, "kill -KILL $$": 137}
		}
		for script, code := range codes {
			t.Run(caller.name+"/"+script, func(t *testing.T) {
				t.Parallel()
				cmd := caller.cmd(policy, "/usr/bin/sh", "-c", script)
				cmd.Args = slices.Insert(cmd.Args, 2, "--quiet")
				if o := finish(t, cmd).must(t, code); o.stderr != "" || o.stdout != "" {
					t.Errorf("stdout %q, stderr %q", o.stdout, o.stderr)
				}
			})
		}
	}
}

func TestGuestProgramThatCannotBeExecuted(t *testing.T) {
	dir := tree(t)
	file(t, filepath.Join(dir, "plain"), "x", 0o644)
	policy := guestPolicy(t, fmt.Sprintf("read = [%q]", dir), "")
	for _, caller := range guestCallers {
		wants(t, finish(t, caller.cmd(policy, "/usr/bin/no-such-program")).must(t, 127), "confine: ", "no-such-program")
		wants(t, finish(t, caller.cmd(policy, filepath.Join(dir, "plain"))).must(t, 126), "confine: ", filepath.Join(dir, "plain"))
	}
}

// Where the sandbox ends under the program, that is said: runsc gives its code for a
// program that was killed.
func TestGuestThatFails(t *testing.T) {
	before := guestTraces(t)
	for _, caller := range guestCallers {
		policy := guestPolicy(t, "", "")
		if caller.name == "root" {
			policy = guestPolicy(t, "", "memory = \"256MiB\"\n")
		}
		for role, says := range map[string]string{
			"sentry": "the sandbox failed under the program", "gofer": "the sandbox failed under the program",
			"runsc": "the sandbox failed under the program", "keeper": "the sandbox failed under the program",
			"guard": "the guard process was killed",
		} {
			t.Run(caller.name+"/"+role, func(t *testing.T) {
				g := startGuest(t, caller.cmd, policy, "while :; do sleep 0.01; done")
				g.signal(t, g.pids[role], syscall.SIGKILL)
				o := g.end(t).must(t, 137)
				if !strings.Contains(o.stderr, says) {
					t.Errorf("stderr: %s", o.stderr)
				}
				g.gone(t, 2*time.Second)
			})
		}
	}
	leavesNoTrace(t, before, 2*time.Second)
}

// Whatever way the runner goes, nothing is left of the launch: no process, cgroup, mount
// or file, and nothing runs bare.
func TestKilledRunnerLeavesNoGuest(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	before := guestTraces(t)
	for _, caller := range guestCallers {
		tables := ""
		if caller.name == "root" {
			tables = "memory = \"256MiB\"\n"
		}
		policy := guestPolicy(t, "tmp = [{ path = \"/mnt\", size = \"1MiB\" }]", tables)
		for name, script := range stubborn {
			t.Run(caller.name+"/"+name, func(t *testing.T) {
				g := startGuest(t, caller.cmd, policy, script)
				during := guestTraces(t)
				if caller.name == "root" && !slices.ContainsFunc(during, func(s string) bool { return strings.Contains(s, "/confine-") }) {
					t.Error("control: no cgroup while the program runs")
				}
				g.signal(t, g.Process.Pid, syscall.SIGKILL)
				_ = g.Wait()
				g.gone(t, 2*time.Second)
				leavesNoTrace(t, before, 2*time.Second)
			})
		}
	}
}

// The same while the sandbox is being made.
func TestKilledRunnerBeforeTheGuest(t *testing.T) {
	policy := guestPolicy(t, "", "")
	before := guestTraces(t)
	for _, caller := range guestCallers {
		for wait := 10 * time.Millisecond; wait <= 250*time.Millisecond; wait += 40 * time.Millisecond {
			cmd := caller.cmd(policy, "/usr/bin/sleep", "300")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(wait)
			family := started{Cmd: cmd}.family(t)
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			gone(t, family, 2*time.Second)
			noConfineIsLeft(t, 2*time.Second)
		}
	}
	leavesNoTrace(t, before, 2*time.Second)
}

// noConfineIsLeft waits until no process has the binary under test. With a keeper goes
// whatever it started.
func noConfineIsLeft(t *testing.T, limit time.Duration) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for {
		_, alive := processes(t)
		var left []string
		for pid, name := range alive {
			exe, _ := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "exe"))
			if exe == confine {
				left = append(left, strconv.Itoa(pid)+" "+exe+" "+name)
			}
		}
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("still alive after %s:\n%s", limit, strings.Join(left, "\n"))
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// readOnlyMachine runs a command where no file system of the machine can be written: what
// works there leaves no file anywhere, whenever it is killed.
func readOnlyMachine(cmd *exec.Cmd) *exec.Cmd {
	const script = `set -e
mount --make-rprivate /
while read -r _ _ _ _ at _; do
	case $at in /proc|/proc/*|/dev/pts) ;; *) mount -o remount,bind,ro "$at" ;; esac
done </proc/self/mountinfo
for dir in /srv /tmp /dev/shm "$PWD"; do
	if ( : >"$dir/made" ) 2>/dev/null; then echo "$dir can be written"; exit 1; fi
done
exec "$@"
`
	args := append([]string{"--mount", "--", "/usr/bin/sh", "-c", script, "sh"}, asWrapped(cmd)...)
	wrapped := exec.Command("/usr/bin/unshare", args...)
	wrapped.Env, wrapped.Dir = cmd.Env, cmd.Dir
	return wrapped
}

// asWrapped are the words of a command that root starts in its caller's place.
func asWrapped(cmd *exec.Cmd) []string {
	if cmd.SysProcAttr == nil || cmd.SysProcAttr.Credential == nil {
		return cmd.Args
	}
	return append([]string{"/usr/bin/setpriv", "--reuid", connectorUser, "--regid", connectorUser, "--clear-groups"}, cmd.Args...)
}

func TestGuestLaunchWritesNoFile(t *testing.T) {
	policy := guestPolicy(t, "tmp = [\"/tmp\", { path = \"/mnt\", size = \"1MiB\" }]\nproc = \"self\"\ndev = \"minimal\"", "")
	for _, caller := range guestCallers {
		t.Run(caller.name, func(t *testing.T) {
			cmd := caller.cmd(policy, "/usr/bin/sh", "-c", "echo x >/tmp/made && cat /tmp/made")
			if o := finish(t, readOnlyMachine(cmd)).must(t, 0); o.stdout != "x\n" {
				t.Errorf("%q", o.stdout)
			}
		})
	}
}

func TestGuestWallTime(t *testing.T) {
	for _, caller := range guestCallers {
		for name, tc := range map[string]struct {
			script, said string
			code         int
		}{
			"ends by itself":      {"trap 'echo TERM; exit 0' TERM; while :; do sleep 0.01; done", "TERM\n", 124},
			"ignores the signal":  {"trap 'echo TERM' TERM; while :; do sleep 0.01; done", "TERM\n", 124},
			"does not expect one": {"sleep 300", "", 124},
			"in time":             {"exit 3", "", 3},
		} {
			t.Run(caller.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				limit := "1s"
				if tc.code != 124 {
					limit = "1h"
				}
				policy := guestPolicy(t, "", "wall_time = \""+limit+"\"\n")
				o := finish(t, caller.cmd(policy, "/usr/bin/sh", "-c", tc.script)).must(t, tc.code)
				if o.stdout != tc.said {
					t.Errorf("the program said %q", o.stdout)
				}
				if said := strings.Contains(o.stderr, "the wall time of 1s is over") && strings.Contains(o.stderr, "policy.toml:"); said != (tc.code == 124) {
					t.Errorf("stderr: %s", o.stderr)
				}
			})
		}
	}
}

// A process of the program's that holds its stdout ends with it, and so does the stream.
func TestGuestOrphanHoldsNoStream(t *testing.T) {
	policy := guestPolicy(t, "dev = \"minimal\"", "")
	for _, caller := range guestCallers {
		t.Run(caller.name, func(t *testing.T) {
			g := startGuest(t, caller.cmd, policy, "(setsid sh -c 'trap \"\" TERM HUP PIPE; while :; do sleep 1; done' &); exit 6")
			// The end of the stream is the end of what is read here.
			g.end(t).must(t, 6)
			g.gone(t, 2*time.Second)
		})
	}
}

// The program is in no session, process group or terminal of the caller's: signals of a
// terminal reach it once, by way of the runner.
func TestGuestGetsSignalsOfTheGroupOnce(t *testing.T) {
	policy := guestPolicy(t, "", "")
	launch := func(policy string, program ...string) *exec.Cmd {
		cmd := guest(policy, program...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		return cmd
	}
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGUSR1} {
		t.Run(unix.SignalName(sig), func(t *testing.T) {
			t.Parallel()
			name := strings.TrimPrefix(unix.SignalName(sig), "SIG")
			g := startGuest(t, launch, policy, "trap 'n=$((n+1))' "+name+"; trap 'echo $n; exit 0' USR2; echo set; while :; do sleep 0.01; done")
			g.line(t)
			g.signal(t, -g.Process.Pid, sig)
			time.Sleep(300 * time.Millisecond)
			g.signal(t, g.Process.Pid, syscall.SIGUSR2)
			if o := g.end(t).must(t, 0); o.stdout != "1\n" {
				t.Errorf("the signal came %q times", o.stdout)
			}
		})
	}
}

// What the policy does not name is the caller's, the soft limit too, which the Go runtime
// raises for itself.
func TestGuestInheritsLimits(t *testing.T) {
	policy := guestPolicy(t, "", "")
	for _, caller := range guestCallers {
		cmd := caller.cmd(policy, "/usr/bin/sh", "-c", "ulimit -S -n; ulimit -H -n; ulimit -c; umask")
		shell := exec.Command("/usr/bin/sh", append([]string{"-c", `ulimit -S -n 333; ulimit -H -n 999; ulimit -c 0; umask 027; exec "$@"`, "sh"}, cmd.Args...)...)
		shell.SysProcAttr = cmd.SysProcAttr
		if o := finish(t, shell).must(t, 0); o.stdout != "333\n999\n0\n0027\n" {
			t.Errorf("%s: %q", caller.name, o.stdout)
		}
	}
}

func TestParallelGuests(t *testing.T) {
	const starts = 100
	policy := guestPolicy(t, "tmp = [\"/tmp\"]", "")
	before := guestTraces(t)
	var wg sync.WaitGroup
	failed := make(chan string, starts)
	for i := range starts {
		wg.Add(1)
		go func() {
			defer wg.Done()
			want := fmt.Sprintf("guest %d\n", i)
			cmd := guestCallers[i%2].cmd(policy, "/usr/bin/sh", "-c", `echo "$0" >/tmp/x; cat /tmp/x`, strings.TrimSpace(want))
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			if err := cmd.Run(); err != nil || stdout.String() != want {
				failed <- fmt.Sprintf("%d: %v, %q: %s", i, err, stdout.String(), stderr.String())
			}
		}()
	}
	wg.Wait()
	close(failed)
	for f := range failed {
		t.Error(f)
	}
	noConfineIsLeft(t, 2*time.Second)
	leavesNoTrace(t, before, 2*time.Second)
}
