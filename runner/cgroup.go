//go:build linux

package runner

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"confine/policy"
	"confine/runner/stage"
)

// bound is one limit of a policy on all processes of a launch together.
type bound struct {
	*controller
	value uint64
	at    policy.Position
}

// boundsOf are those that a policy states.
func boundsOf(p policy.Process) []bound {
	var bounds []bound
	if p.Memory > 0 {
		bounds = append(bounds, bound{&memoryController, p.Memory, p.MemoryAt})
	}
	if p.Pids > 0 {
		bounds = append(bounds, bound{&pidsController, p.Pids, p.PidsAt})
	}
	return bounds
}

// cgroup is the group of one launch, or of the caller, in which a bound holds.
type cgroup struct {
	bound
	hierarchy
	path string
	// ceiling says that it is the caller's, whose processes count too: nothing of it is
	// changed. before is how often its limit had been reached.
	ceiling bool
	before  uint64
}

// makeCgroup makes a group with a policy's limit, below the caller's own: what limits the
// caller limits the program too. The name is that of the launch.
func makeCgroup(b bound, name string) (*cgroup, error) {
	h, ok := b.find()
	if !ok {
		return nil, errors.New("no " + b.name + " controller")
	}
	own, err := h.own()
	if err != nil {
		return nil, err
	}
	g := &cgroup{bound: b, hierarchy: h}
	parent := own
	if h.v2 && own != h.dir {
		// A group with processes in it hands no controller on (cgroups(7), "no internal
		// processes"), so that ours is a sibling, with the smaller of both limits.
		parent = filepath.Dir(own)
		g.value = min(g.value, limitOf(filepath.Join(own, h.limit)))
	}
	g.path = filepath.Join(parent, name)
	if h.v2 {
		// Where the controller is handed on already this changes nothing.
		if err := os.WriteFile(filepath.Join(parent, "cgroup.subtree_control"), []byte("+"+b.name), 0o644); err != nil {
			return nil, fmt.Errorf("turn the %s controller on: %w", b.name, err)
		}
	}
	// Nobody else has the name: what is there was made for another bound of this launch.
	if err := os.Mkdir(g.path, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("make a cgroup: %w", err)
	}
	if err := g.limitTo(g.value); err != nil {
		g.remove()
		return nil, fmt.Errorf("limit the %s of a cgroup: %w", b.name, err)
	}
	return g, nil
}

// limitTo writes the limit, and that of the swap, which would be memory as well. A host
// without swap may lack the file for it.
func (g *cgroup) limitTo(value uint64) error {
	limit := decimal(value)
	if err := g.write(g.limit, limit); err != nil || g.swap == "" {
		return err
	}
	swap := limit
	if g.v2 {
		swap = "0"
	}
	if err := g.write(g.swap, swap); err != nil && (!errors.Is(err, os.ErrNotExist) || hasSwap()) {
		return err
	}
	if g.v2 {
		// The sandbox ends as a whole, and not by its largest process.
		return g.write("memory.oom.group", "1")
	}
	return nil
}

// limitOf reads a limit; what is none is no limit.
func limitOf(file string) uint64 {
	text, err := os.ReadFile(file)
	if err != nil {
		return math.MaxUint64
	}
	limit, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return math.MaxUint64 // "max"
	}
	return limit
}

func hasSwap() bool {
	text, err := os.ReadFile("/proc/meminfo")
	return err != nil || !strings.Contains(strings.Join(strings.Fields(string(text)), " "), "SwapTotal: 0 kB")
}

func (g *cgroup) write(file, value string) error {
	f, err := os.OpenFile(filepath.Join(g.path, file), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString(value)
	return err
}

// join puts a process into the group, and so what it starts from now on.
func (g *cgroup) join(pid int) error {
	if g.ceiling {
		return nil // it is in it, as its parent
	}
	if err := g.write("cgroup.procs", strconv.Itoa(pid)); err != nil {
		return fmt.Errorf("enter the cgroup: %w", err)
	}
	return nil
}

// check shows that a process is in the group, and what the group's limit is.
func (g *cgroup) check(pid int) []stage.Check {
	var checks []stage.Check
	if g.ceiling {
		checks = []stage.Check{seen(g.clause, "cgroup of the sandbox, whose limit is "+decimal(g.value)+g.unit,
			cgroupsOf("self"), cgroupsOf(strconv.Itoa(pid)))}
	} else {
		const within = "in the cgroup of this launch"
		member := "elsewhere"
		if group, err := g.groupOf(strconv.Itoa(pid)); err == nil && filepath.Base(group) == filepath.Base(g.path) {
			member = within
		}
		limit := "unreadable"
		if text, err := os.ReadFile(filepath.Join(g.path, g.limit)); err == nil {
			limit = strings.TrimSpace(string(text)) + g.unit
		}
		checks = []stage.Check{
			seen(g.clause, "process of the sandbox", within, member),
			seen(g.clause, "limit of the cgroup", g.held(g.value)+g.unit, limit),
		}
	}
	for i := range checks {
		checks[i].At = g.at
	}
	return checks
}

// reached reports whether the limit was reached since the launch began: the kernel ended a
// process, or started none. Without a limit it was not.
func (g *cgroup) reached() bool {
	return g != nil && g.times() > g.before
}

// times is how often the limit was reached.
func (g *cgroup) times() uint64 {
	text, err := os.ReadFile(filepath.Join(g.path, g.events))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if name, count, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name == g.event {
			n, _ := strconv.ParseUint(count, 10, 64)
			return n
		}
	}
	return 0
}

// limitText names the limit, for people.
func (g *cgroup) limitText() string { return g.name + " limit " + g.text(g.value) }

func (g *cgroup) remove() {
	if !g.ceiling {
		removeCgroup(g.path)
	}
}

// cgroupLimit is how long a cgroup may still hold processes that were killed.
const cgroupLimit = 2 * time.Second

// removeCgroup removes an empty cgroup, and waits until it is.
func removeCgroup(path string) {
	for deadline := time.Now().Add(cgroupLimit); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if err := unix.Rmdir(path); err == nil || !errors.Is(err, unix.EBUSY) {
			return
		}
	}
}
