//go:build linux

package runner

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"confine/policy"
	"confine/runner/stage"
)

// cgroupRoot is where cgroups(7) are, by convention of every distribution.
const cgroupRoot = "/sys/fs/cgroup"

// memoryHierarchy is one of the two versions of the memory controller.
type memoryHierarchy struct {
	// dir is where groups are made.
	dir string
	// limit and swap are the files of the limits; swap, which can be missing, counts
	// memory and swap together in version 1, and swap alone in version 2.
	limit, swap string
	// events is the file that counts what the kernel killed.
	events string
	v2     bool
}

var memoryHierarchies = []memoryHierarchy{
	{cgroupRoot, "memory.max", "memory.swap.max", "memory.events", true},
	{cgroupRoot + "/memory", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.oom_control", false},
}

// findMemory is the hierarchy of this host that has the memory controller.
func findMemory() (memoryHierarchy, bool) {
	for _, h := range memoryHierarchies {
		if h.v2 {
			controllers, err := os.ReadFile(filepath.Join(h.dir, "cgroup.controllers"))
			if err == nil && strings.Contains(" "+strings.TrimSpace(string(controllers))+" ", " memory ") {
				return h, true
			}
			continue
		}
		if _, err := os.Stat(filepath.Join(h.dir, h.limit)); err == nil {
			return h, true
		}
	}
	return memoryHierarchy{}, false
}

// describeMemory names the hierarchy, for people.
func describeMemory(uid int) string {
	h, ok := findMemory()
	switch {
	case !ok:
		return "none, there is no memory cgroup"
	case uid != 0:
		return "none, they take a root caller"
	case h.v2:
		return "cgroup v2"
	}
	return "cgroup v1"
}

// memoryProblem says why process.memory cannot be enforced for this caller, if so.
func (h Host) memoryProblem(p *policy.Policy) (Problem, bool) {
	problem := Problem{
		Message:  "the memory of all processes together cannot be limited here" + where(p.Process.MemoryAt),
		Expected: "a root caller, and a memory cgroup in " + cgroupRoot + "; or a container with a limit that is no higher",
		Instead:  []string{"take memory out of [process]; rlimits.as bounds every process by itself"},
	}
	if _, ok := ceilingOf(p.Process); ok {
		return Problem{}, false
	}
	if h.Caller.UID != 0 {
		problem.Found = fmt.Sprintf("caller with uid %d", h.Caller.UID)
		return problem, true
	}
	if _, ok := findMemory(); !ok {
		problem.Found = "no memory controller"
		return problem, true
	}
	return Problem{}, false
}

// memoryGroup is the cgroup of one launch, or of the caller.
type memoryGroup struct {
	memoryHierarchy
	path  string
	bytes uint64
	at    policy.Position
	// ceiling says that it is the caller's, whose processes count too: nothing of it is
	// changed. before is how many of them the kernel had ended for the limit.
	ceiling bool
	before  uint64
}

// limitMemory makes the limit of a policy hold for what is started from now on.
func limitMemory(p policy.Process) (*memoryGroup, error) {
	g, err := makeMemoryGroup(p)
	if err == nil {
		return g, nil
	}
	if ceiling, ok := ceilingOf(p); ok {
		return ceiling, nil
	}
	return nil, err
}

// makeMemoryGroup makes a cgroup with the policy's limit, below the caller's own: what
// limits the caller limits the program too. Swap would be memory as well.
func makeMemoryGroup(p policy.Process) (*memoryGroup, error) {
	h, ok := findMemory()
	if !ok {
		return nil, errors.New("no memory controller")
	}
	own, err := h.own()
	if err != nil {
		return nil, err
	}
	g := &memoryGroup{memoryHierarchy: h, bytes: p.Memory, at: p.MemoryAt}
	parent := own
	if h.v2 && own != h.dir {
		// A group with processes in it hands no controller on (cgroups(7), "no internal
		// processes"), so that ours is a sibling, with the smaller of both limits.
		parent = filepath.Dir(own)
		g.bytes = min(g.bytes, limitOf(filepath.Join(own, h.limit)))
	}
	g.path = filepath.Join(parent, "confine-"+strings.ToLower(rand.Text()))
	if h.v2 {
		// Where the controller is handed on already this changes nothing.
		if err := os.WriteFile(filepath.Join(parent, "cgroup.subtree_control"), []byte("+memory"), 0o644); err != nil {
			return nil, fmt.Errorf("turn the memory controller on: %w", err)
		}
	}
	if err := os.Mkdir(g.path, 0o755); err != nil {
		return nil, fmt.Errorf("make a cgroup: %w", err)
	}
	if err := g.limitTo(g.bytes); err != nil {
		g.remove()
		return nil, fmt.Errorf("limit the memory of a cgroup: %w", err)
	}
	return g, nil
}

// limitTo writes the limits. A host without swap may lack the file for it.
func (g *memoryGroup) limitTo(bytes uint64) error {
	limit := strconv.FormatUint(bytes, 10)
	swap := limit
	if g.v2 {
		swap = "0"
	}
	if err := g.write(g.limit, limit); err != nil {
		return err
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

// own is the cgroup of this process.
func (h memoryHierarchy) own() (string, error) {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", fmt.Errorf("find the caller's cgroup: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) == 3 && (h.v2 && fields[0] == "0" || !h.v2 && slices.Contains(strings.Split(fields[1], ","), "memory")) {
			dir := filepath.Join(h.dir, fields[2])
			if _, err := os.Stat(dir); err != nil {
				return "", fmt.Errorf("find the caller's cgroup: %w", err)
			}
			return dir, nil
		}
	}
	return "", errors.New("the caller is in no memory cgroup")
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

func (g *memoryGroup) write(file, value string) error {
	f, err := os.OpenFile(filepath.Join(g.path, file), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString(value)
	return err
}

// join puts a process into the group, and so what it starts from now on.
func (g *memoryGroup) join(pid int) error {
	if g.ceiling {
		return nil // it is in it, as its parent
	}
	if err := g.write("cgroup.procs", strconv.Itoa(pid)); err != nil {
		return fmt.Errorf("enter the cgroup: %w", err)
	}
	return nil
}

// check shows that a process is in the group, and what the group's limit is.
func (g *memoryGroup) check(pid int) []stage.Check {
	if g.ceiling {
		c := seen(policy.ClauseProcessMemory, "cgroup of the sandbox, whose limit is "+strconv.FormatUint(g.bytes, 10)+" bytes",
			cgroupsOf("self"), cgroupsOf(strconv.Itoa(pid)))
		c.At = g.at
		return []stage.Check{c}
	}
	member := "elsewhere"
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cgroup")
	if err == nil {
		for _, line := range strings.Split(string(text), "\n") {
			if strings.HasSuffix(line, "/"+filepath.Base(g.path)) {
				member = "in the cgroup of this launch"
			}
		}
	}
	limit := "unreadable"
	if text, err := os.ReadFile(filepath.Join(g.path, g.limit)); err == nil {
		limit = strings.TrimSpace(string(text)) + " bytes"
	}
	page := uint64(os.Getpagesize())
	checks := []stage.Check{
		seen(policy.ClauseProcessMemory, "process of the sandbox", "in the cgroup of this launch", member),
		seen(policy.ClauseProcessMemory, "limit of the cgroup", strconv.FormatUint(g.bytes/page*page, 10)+" bytes", limit),
	}
	for i := range checks {
		checks[i].At = g.at
	}
	return checks
}

// exhausted reports whether the kernel ended a process for the limit. Without a limit it
// did not.
func (g *memoryGroup) exhausted() bool {
	return g != nil && g.kills() > g.before
}

// kills is how many processes the kernel has ended for the limit.
func (g *memoryGroup) kills() uint64 {
	text, err := os.ReadFile(filepath.Join(g.path, g.events))
	if err != nil {
		return 0
	}
	for _, line := range strings.Split(string(text), "\n") {
		if name, count, ok := strings.Cut(line, " "); ok && name == "oom_kill" {
			n, _ := strconv.ParseUint(count, 10, 64)
			return n
		}
	}
	return 0
}

// memoryPoll is how often the group is asked, which costs microseconds.
const memoryPoll = 50 * time.Millisecond

// watch ends the sandbox once the kernel has ended a process of it. Version 1 ends one
// process only, and a guest that lost one of the sentry's can hang.
func (g *memoryGroup) watch(kill func()) (stop func()) {
	if g == nil {
		return func() {}
	}
	over, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(memoryPoll)
		defer ticker.Stop()
		for {
			select {
			case <-over:
				return
			case <-ticker.C:
				if g.exhausted() {
					kill()
					return
				}
			}
		}
	}()
	return func() {
		close(over)
		<-done
	}
}

// blame adds to a refusal that the sandbox itself had too little memory.
func (g *memoryGroup) blame(err error) error {
	var r *Refusal
	if g.exhausted() && errors.As(err, &r) {
		r.Failed = append(r.Failed, fmt.Sprintf("memory limit %s reached by the sandbox itself%s", policy.SizeText(g.bytes), where(g.at)))
	}
	return err
}

func (g *memoryGroup) remove() {
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
