//go:build linux

package runner

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"confine/policy"
	"confine/runner/stage"
)

// needMemoryCgroup skips, with the reason, where the kernel has no such controller.
func needMemoryCgroup(t *testing.T) {
	t.Helper()
	needRoot(t)
	if _, ok := memoryController.find(); !ok {
		t.Skip("needs the memory controller of cgroups(7)")
	}
}

// needPidsCgroup does so for the controller of processes.
func needPidsCgroup(t *testing.T) {
	t.Helper()
	needRoot(t)
	if _, ok := pidsController.find(); !ok {
		t.Skip("needs the pids controller of cgroups(7)")
	}
}

// atLine is a position in a policy.
func atLine(line int) policy.Position { return policy.Position{File: "p.toml", Line: line, Column: 10} }

func newGroups(t *testing.T, p policy.Process) together {
	t.Helper()
	groups, err := bind(p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(groups.remove)
	return groups
}

func newGroup(t *testing.T, bytes uint64) *cgroup {
	t.Helper()
	return newGroups(t, policy.Process{Memory: bytes, MemoryAt: atLine(3)})[0]
}

// inGroup runs a program that is in the group before it does anything.
func inGroup(t *testing.T, g interface{ join(int) error }, script string) (*exec.Cmd, func() error) {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", "read -r _; "+script)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if err := g.join(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	return cmd, func() error {
		_, err := stdin.Write([]byte("\n"))
		return err
	}
}

func TestMemoryGroup(t *testing.T) {
	needMemoryCgroup(t)
	// Not a whole number of pages, which the kernel rounds down.
	g := newGroup(t, 64<<20+1)
	cmd, proceed := inGroup(t, g, "exit 0")
	for _, c := range g.check(cmd.Process.Pid) {
		if c.Status != stage.Proven || c.Clause != "process.memory" || c.At.Line != 3 {
			t.Errorf("%+v", c)
		}
	}
	if checks := g.check(os.Getpid()); checks[0].Status != stage.Failed {
		t.Errorf("a process outside: %+v", checks[0])
	}
	if err := proceed(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || g.reached() {
		t.Errorf("%v, exhausted %t", err, g.reached())
	}
	g.remove()
	if _, err := os.Stat(g.path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the group is still there: %v", err)
	}
}

func TestMemoryGroupThatIsExhausted(t *testing.T) {
	needMemoryCgroup(t)
	g := newGroup(t, 16<<20)
	killed := make(chan struct{})
	stop := together{g}.watch(func() { close(killed) })
	defer stop()
	cmd, proceed := inGroup(t, g, "exec /usr/bin/python3 -c 'x = bytearray(100_000_000)'")
	if err := proceed(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the program had more than the limit")
	}
	select {
	case <-killed:
	case <-time.After(time.Minute):
		t.Error("nobody was told")
	}
	if !g.reached() {
		t.Error("not exhausted")
	}
	// A refusal says so, and nothing else is touched.
	r := refuse("the sandbox ended")
	if err := (together{g}).blame(r); !errors.Is(err, r) || len(r.Failed) != 1 || !strings.Contains(r.Failed[0], "memory limit 16MiB") || !strings.Contains(r.Failed[0], "p.toml:3:10") {
		t.Errorf("%v: %q", err, r.Failed)
	}
	if err := (together{g}).blame(nil); err != nil {
		t.Errorf("got %v", err)
	}
}

// The files are those of both versions: whatever is written is what was asked for.
func TestMemoryGroupFiles(t *testing.T) {
	needMemoryCgroup(t)
	g := newGroup(t, 32<<20)
	text, err := os.ReadFile(filepath.Join(g.path, g.limit))
	if err != nil || strings.TrimSpace(string(text)) != "33554432" {
		t.Errorf("limit %q, %v", text, err)
	}
	want := "33554432"
	if g.v2 {
		want = "0"
	}
	if text, err := os.ReadFile(filepath.Join(g.path, g.swap)); !errors.Is(err, os.ErrNotExist) && strings.TrimSpace(string(text)) != want {
		t.Errorf("swap %q, %v", text, err)
	}
}

// Without a limit there is no group, and nothing to ask of it.
func TestNoMemoryGroup(t *testing.T) {
	groups, bindErr := bind(policy.Process{})
	if bindErr != nil || len(groups) > 0 || groups.of(&memoryController).reached() || groups.of(&pidsController).reached() {
		t.Errorf("%v, %v", groups, bindErr)
	}
	err := refuse("x")
	if got := groups.blame(err); !errors.Is(got, err) || len(err.Failed) != 0 {
		t.Errorf("got %v", got)
	}
	groups.watch(func() { t.Error("killed") })()
}

func TestBoundProblems(t *testing.T) {
	p := &policy.Policy{Process: policy.Process{Memory: 1, MemoryAt: atLine(3), Pids: 1, PidsAt: atLine(4)}}
	problems := Host{Caller: Caller{UID: 1000}}.boundProblems(p)
	if len(problems) != 2 {
		t.Fatalf("got %+v", problems)
	}
	for i, words := range [][]string{{"the memory of all processes", "p.toml:3:10"}, {"the number of all processes and threads", "p.toml:4:10"}} {
		for _, text := range words {
			mustContain(t, "message", problems[i].Message, text)
		}
		if problems[i].Found != "caller with uid 1000" {
			t.Errorf("got %+v", problems[i])
		}
	}
	_, memory := memoryController.find()
	_, pids := pidsController.find()
	if problems := (Host{}).boundProblems(p); memory && pids && len(problems) > 0 {
		t.Errorf("root: %+v", problems)
	}
	for _, p := range []*policy.Policy{nil, {}} {
		if problems := (Host{Caller: Caller{UID: 1000}}).boundProblems(p); len(problems) > 0 {
			t.Errorf("nothing is bounded: %+v", problems)
		}
	}
	if got := describeMemory(1000); !strings.HasPrefix(got, "none") {
		t.Errorf("an ordinary caller has %q", got)
	}
}

// forking is a shell program that has so many children at one time, and ends with 7 where
// one of them could not be started.
func forking(children int) string {
	return fmt.Sprintf("exec /usr/bin/python3 -c 'import os, sys\n"+`
for i in range(%d):
    try: pid = os.fork()
    except BlockingIOError: sys.exit(7)
    if pid == 0: sys.stdin.read(); os._exit(0)
'`, children)
}

func TestPidsGroup(t *testing.T) {
	needPidsCgroup(t)
	for name, tc := range map[string]struct {
		children int
		code     int
	}{"below the limit": {4, 0}, "above the limit": {20, 7}} {
		t.Run(name, func(t *testing.T) {
			groups := newGroups(t, policy.Process{Pids: 10, PidsAt: atLine(4)})
			g := groups.of(&pidsController)
			cmd, proceed := inGroup(t, groups, forking(tc.children))
			for _, c := range groups.check(cmd.Process.Pid) {
				if c.Status != stage.Proven || c.Clause != "process.pids" || c.At.Line != 4 {
					t.Errorf("%+v", c)
				}
			}
			if err := proceed(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != tc.code || g.reached() != (tc.code != 0) {
				t.Errorf("code %d, reached %t", code, g.reached())
			}
			r := refuse("the sandbox ended")
			_ = groups.blame(r)
			if tc.code == 0 && len(r.Failed) > 0 {
				t.Errorf("blamed: %q", r.Failed)
			} else if tc.code != 0 && (len(r.Failed) != 1 || r.Failed[0] != "pids limit 10 reached by the sandbox itself (p.toml:4:10)") {
				t.Errorf("blamed: %q", r.Failed)
			}
		})
	}
}

// Both bounds hold for what joins, and both are gone afterwards.
func TestGroupsOfTwoBounds(t *testing.T) {
	needMemoryCgroup(t)
	needPidsCgroup(t)
	groups := newGroups(t, policy.Process{Memory: 64 << 20, MemoryAt: atLine(3), Pids: 10, PidsAt: atLine(4)})
	cmd, _ := inGroup(t, groups, "exit 0")
	checks := groups.check(cmd.Process.Pid)
	if len(checks) != 4 || len(groups.made()) != 2 {
		t.Errorf("%d checks of %q", len(checks), groups.made())
	}
	for _, c := range checks {
		if c.Status != stage.Proven {
			t.Errorf("%+v", c)
		}
	}
	for _, c := range groups.check(os.Getpid()) {
		if strings.HasPrefix(c.Subject, "process of the sandbox") && c.Status != stage.Failed {
			t.Errorf("a process outside: %+v", c)
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	groups.remove()
	for _, path := range groups.made() {
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there: %v", path, err)
		}
	}
}
