//go:build linux

package integration

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// started is a run whose program said that it is there.
type started struct {
	*exec.Cmd
	lines *bufio.Reader
	// marker is a word in the arguments of the program, to find its processes by.
	marker string
}

// start launches a shell script that begins with "echo ready" and waits for it.
func start(t *testing.T, launch func(string, ...string) *exec.Cmd, policy, script string) started {
	t.Helper()
	marker := "marker-" + strconv.FormatInt(time.Now().UnixNano(), 36)
	cmd := launch(policy, "/usr/bin/sh", "-c", "echo ready; "+script, marker)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	s := started{cmd, bufio.NewReader(stdout), marker}
	if line := s.line(t); line != "ready" {
		t.Fatalf("first line %q, expected ready", line)
	}
	return s
}

func (s started) line(t *testing.T) string {
	t.Helper()
	line, err := s.lines.ReadString('\n')
	if err != nil {
		t.Fatalf("read a line of the program: %v", err)
	}
	return strings.TrimSpace(line)
}

// family are the living processes of a run: its own, and everything below them.
func (s started) family(t *testing.T) map[int]string {
	t.Helper()
	parents, names := processes(t)
	family := map[int]string{}
	for pid := range names {
		for p := pid; p > 1; p = parents[p] {
			if p == s.Process.Pid {
				family[pid] = names[pid]
			}
		}
	}
	return family
}

// processes reads parents and command lines of everything that is not a zombie:
// a dead process waits for the host's init to take note of it.
func processes(t *testing.T) (parents map[int]int, names map[int]string) {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	parents, names = map[int]int{}, map[int]string{}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile(filepath.Join("/proc", e.Name(), "stat"))
		if err != nil {
			continue
		}
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if fields[0] == "Z" || fields[0] == "X" {
			continue
		}
		cmdline, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		parents[pid], _ = strconv.Atoi(fields[1])
		names[pid] = strings.ReplaceAll(string(cmdline), "\x00", " ")
	}
	return parents, names
}

// gone waits until none of the processes is alive any more.
func gone(t *testing.T, family map[int]string, limit time.Duration) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for {
		_, alive := processes(t)
		var left []string
		for pid, name := range family {
			if alive[pid] == name && name != "" {
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

var launches = []struct {
	name string
	cmd  func(string, ...string) *exec.Cmd
}{{"root", confined}, {"user", confinedByUser}}

func TestSignalsReachTheProgram(t *testing.T) {
	policy := writePolicy(t, "", "")
	for _, launch := range launches {
		for name, sig := range map[string]syscall.Signal{"TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "HUP": syscall.SIGHUP} {
			t.Run(launch.name+"/"+name, func(t *testing.T) {
				// A shell runs its traps between commands, so those must be short.
				s := start(t, launch.cmd, policy, "trap 'echo got; exit 42' "+name+"; while :; do sleep 0.01; done")
				time.Sleep(50 * time.Millisecond)
				if err := s.Process.Signal(sig); err != nil {
					t.Fatal(err)
				}
				if line := s.line(t); line != "got" {
					t.Errorf("the program said %q", line)
				}
				_ = s.Wait()
				if code := s.ProcessState.ExitCode(); code != 42 {
					t.Errorf("exit code %d, expected the program's own 42", code)
				}
			})
		}
	}
}

func TestSignalEndsTheProgram(t *testing.T) {
	policy := writePolicy(t, "", "")
	s := start(t, confined, policy, "exec sleep 60")
	if err := s.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = s.Wait()
	if code := s.ProcessState.ExitCode(); code != 128+15 {
		t.Errorf("exit code %d, expected 143", code)
	}
}

func TestExitCodes(t *testing.T) {
	policy := writePolicy(t, "", "")
	for script, code := range map[string]int{
		"exit 0": 0, "exit 1": 1, "exit 125": 125, "exit 255": 255,
		"kill -KILL $$": 128 + 9, "kill -SEGV $$": 128 + 11,
		// An orphan that ends later must not decide.
		"(sleep 0.3; exit 9) & exit 3": 3,
		// Nor may one that does not end keep the run alive.
		"sleep 300 & exit 4": 4,
	} {
		t.Run(script, func(t *testing.T) {
			finish(t, confined(policy, "/usr/bin/sh", "-c", script)).must(t, code)
		})
	}
}

// Programs that do not want to die with the runner.
var stubborn = map[string]string{
	"waits":           "sleep 300",
	"ignores signals": "trap '' TERM INT HUP; while :; do sleep 1; done",
	"double forks":    "(setsid sh -c 'trap \"\" TERM HUP; sleep 300' &); sleep 300",
}

func TestKilledRunnerLeavesNothing(t *testing.T) {
	policy := writePolicy(t, "tmp = [{ path = \"/mnt\", size = \"1MiB\" }]", "")
	plain := writePolicy(t, "", "")
	t.Setenv("TMPDIR", t.TempDir())
	for _, launch := range launches {
		for name, script := range stubborn {
			t.Run(launch.name+"/"+name, func(t *testing.T) {
				p := policy
				if launch.name == "user" {
					p = plain
				}
				before := leftovers(t, nil)
				s := start(t, launch.cmd, p, script)
				time.Sleep(50 * time.Millisecond)
				family := s.family(t)
				if len(family) < 5 {
					t.Fatalf("only %d processes to watch: %v", len(family), family)
				}
				if err := s.Process.Kill(); err != nil {
					t.Fatal(err)
				}
				_ = s.Wait()
				gone(t, family, 2*time.Second)
				if after := leftovers(t, family); after != before {
					t.Errorf("left behind:\n%s\nbefore:\n%s", after, before)
				}
			})
		}
	}
}

// leftovers are the mounts of this namespace, and the files where firejail and a
// careless runner leave some.
func leftovers(t *testing.T, family map[int]string) string {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	out := []string{string(mounts)}
	for pid := range family {
		files, _ := filepath.Glob("/run/firejail/*/" + strconv.Itoa(pid) + "*")
		out = append(out, files...)
	}
	files, _ := filepath.Glob(filepath.Join(os.TempDir(), "*"))
	return strings.Join(append(out, files...), "\n")
}

func TestKilledGuardEndsTheProgram(t *testing.T) {
	s := start(t, confined, writePolicy(t, "", ""), "sleep 300")
	family := s.family(t)
	for pid, name := range family {
		if strings.Contains(name, "__guard") {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = s.Wait()
	if code := s.ProcessState.ExitCode(); code != 128+9 {
		t.Errorf("exit code %d, expected 137", code)
	}
	gone(t, family, 2*time.Second)
}

// Nothing can clean up after a runner, a guard and a firejail that are killed at
// once; the next launch by root does.
func TestStaleStateIsSwept(t *testing.T) {
	policy := writePolicy(t, "", "")
	s := start(t, confinedByUser, policy, "sleep 300")
	family := s.family(t)
	// firejail first: it would clean up if it saw its child die.
	parents, names := processes(t)
	for pid := range family {
		if parents[pid] == s.Process.Pid && strings.HasPrefix(names[pid], "firejail") {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	for pid := range family {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	_ = s.Wait()
	gone(t, family, 2*time.Second)
	stale := func() (files []string) {
		for pid := range family {
			found, _ := filepath.Glob("/run/firejail/*/" + strconv.Itoa(pid) + "*")
			files = append(files, found...)
		}
		return files
	}
	if len(stale()) == 0 {
		t.Fatal("control: nothing was left behind")
	}
	living := start(t, confinedByUser, policy, "sleep 300")
	finish(t, confined(policy, "/usr/bin/true")).must(t, 0)
	if files := stale(); len(files) > 0 {
		t.Errorf("still there: %v", files)
	}
	swept := true
	for pid := range living.family(t) {
		if found, _ := filepath.Glob("/run/firejail/sandbox/" + strconv.Itoa(pid)); len(found) > 0 {
			swept = false
		}
	}
	if swept {
		t.Error("the file of a living sandbox is gone")
	}
}

func TestWallTime(t *testing.T) {
	policy := writePolicy(t, "", "wall_time = \"1s\"\n")
	t.Run("ends by itself", func(t *testing.T) {
		finish(t, confined(policy, "/usr/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done")).must(t, 124)
	})
	t.Run("ignores the signal", func(t *testing.T) {
		finish(t, confined(policy, "/usr/bin/sh", "-c", "trap '' TERM; while :; do sleep 0.1; done")).must(t, 124)
	})
	t.Run("in time", func(t *testing.T) {
		finish(t, confined(policy, "/usr/bin/true")).must(t, 0)
	})
}

func TestSignalBeforeTheProgram(t *testing.T) {
	policy := writePolicy(t, "", "")
	for _, wait := range []time.Duration{5, 20, 40, 60, 80} {
		cmd := confined(policy, "/usr/bin/sleep", "300")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(wait * time.Millisecond)
		family := started{Cmd: cmd}.family(t)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		gone(t, family, 2*time.Second)
	}
}
