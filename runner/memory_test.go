//go:build linux

package runner

import (
	"errors"
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
	if _, ok := findMemory(); !ok {
		t.Skip("needs the memory controller of cgroups(7)")
	}
}

func newGroup(t *testing.T, bytes uint64) *memoryGroup {
	t.Helper()
	g, err := makeMemoryGroup(policy.Process{Memory: bytes, MemoryAt: policy.Position{File: "p.toml", Line: 3, Column: 10}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.remove)
	return g
}

// inGroup runs a program that is in the group before it does anything.
func inGroup(t *testing.T, g *memoryGroup, script string) (*exec.Cmd, func() error) {
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
	if err := cmd.Wait(); err != nil || g.exhausted() {
		t.Errorf("%v, exhausted %t", err, g.exhausted())
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
	stop := g.watch(func() { close(killed) })
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
	if !g.exhausted() {
		t.Error("not exhausted")
	}
	// A refusal says so, and nothing else is touched.
	r := refuse("the sandbox ended")
	if err := g.blame(r); !errors.Is(err, r) || len(r.Failed) != 1 || !strings.Contains(r.Failed[0], "memory limit 16MiB") || !strings.Contains(r.Failed[0], "p.toml:3:10") {
		t.Errorf("%v: %q", err, r.Failed)
	}
	if err := g.blame(nil); err != nil {
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
	var g *memoryGroup
	if g.exhausted() {
		t.Error("exhausted")
	}
	err := refuse("x")
	if got := g.blame(err); !errors.Is(got, err) || len(err.Failed) != 0 {
		t.Errorf("got %v", got)
	}
	g.watch(func() { t.Error("killed") })()
}

func TestMemoryProblem(t *testing.T) {
	p := &policy.Policy{Process: policy.Process{Memory: 1, MemoryAt: policy.Position{File: "p.toml", Line: 3, Column: 10}}}
	problem, found := Host{Caller: Caller{UID: 1000}}.memoryProblem(p)
	if !found || problem.Found != "caller with uid 1000" {
		t.Errorf("got %+v, %t", problem, found)
	}
	mustContain(t, "message", problem.Message, "p.toml:3:10")
	if _, there := findMemory(); there {
		if problem, found := (Host{}).memoryProblem(p); found {
			t.Errorf("root: %+v", problem)
		}
	}
	if got := describeMemory(1000); !strings.HasPrefix(got, "none") {
		t.Errorf("an ordinary caller has %q", got)
	}
}
