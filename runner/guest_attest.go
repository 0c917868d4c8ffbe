//go:build linux

package runner

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"confine/policy"
	"confine/runner/stage"
)

// attest looks at the process that speaks for the stage. In a guest that is the
// sentry: a stage that ran on the host's kernel would speak for itself.
func (g *guest) attest(pid int, order *stage.Order) ([]stage.Check, error) {
	runsc, err := parentOf(pid)
	if err != nil {
		return nil, err
	}
	checks := []stage.Check{g.checkDescent(pid, runsc)}
	gofer, err := otherChild(runsc, pid)
	if errors.Is(err, errNoGofer) {
		return append(checks, seen(sandboxed, "gofer", "beside the sentry", "none")), nil
	}
	if err != nil {
		return nil, err
	}
	for _, p := range []struct {
		name string
		pid  int
	}{{"sentry", pid}, {"gofer", gofer}} {
		seen, err := g.checkProcess(p.name, p.pid, order)
		if err != nil {
			return nil, err
		}
		checks = append(checks, seen...)
	}
	inside, err := stage.ReadNamespaces(strconv.Itoa(pid))
	if errors.Is(err, os.ErrPermission) {
		return append(checks, unreadable("namespaces of the sentry")), nil
	}
	if err != nil {
		return nil, err
	}
	checks = append(checks, stage.CheckNamespaces(seenFromHost, order.Expectation, order.Namespaces, inside)...)
	checks = append(checks, g.gateway.check(pid, order.Expectation.NetworkAt)...)
	checks = append(checks, g.checkStreams(pid, order)...)
	checks = append(checks, g.checkSentry(pid)...)
	return append(checks, g.checkFiles(gofer, order)...), nil
}

// adopt starts to carry the program's streams; all else ends with the keeper.
func (g *guest) adopt(int) error {
	g.relay.start()
	return nil
}

// seen is a check of what the runner looked at.
func seen(clause, subject, expected, found string) stage.Check {
	c := stage.Check{Clause: clause, Subject: subject + seenFromHost, Expected: expected, Found: found, Status: stage.Proven}
	if expected != found {
		c.Status = stage.Failed
	}
	return c
}

// sandboxed is the clause of checks that no entry of the policy asks for.
const sandboxed = "sandbox"

// unreadable is what the kernel shows to root only.
func unreadable(subject string) stage.Check {
	return stage.Check{
		Clause: sandboxed, Subject: subject + seenFromHost, Expected: "readable", Found: "readable for root only", Status: stage.Unproven,
	}
}

// notSeen is a check of something that could not be looked at. Only the kernel's refusal
// to an ordinary caller is no reason to doubt.
func notSeen(subject string, err error) stage.Check {
	if os.Getuid() != 0 && (errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM)) {
		return unreadable(subject)
	}
	return seen(sandboxed, subject, "readable", err.Error())
}

// checkDescent shows that the sentry is runsc's child, and runsc the keeper's, and that
// all of them end with the keeper.
func (g *guest) checkDescent(sentry, runsc int) stage.Check {
	expected := "the sentry below runsc below PID 1 of the launch's namespace"
	found := expected
	keeper, err := parentOf(runsc)
	status, statusErr := procStatus(g.cmd.Process.Pid)
	numbers := strings.Fields(status["NSpid"])
	switch {
	case err != nil:
		found = err.Error()
	case statusErr != nil:
		found = statusErr.Error()
	case keeper != g.cmd.Process.Pid:
		found = "the message came from elsewhere"
	case len(numbers) < 2 || numbers[len(numbers)-1] != "1":
		found = "no PID namespace"
	case sentry == runsc:
		found = "no sentry"
	}
	return seen(sandboxed, "process tree", expected, found)
}

var errNoGofer = errors.New("runsc has no gofer")

// otherChild finds the gofer: runsc's child that is not the sentry.
func otherChild(runsc, sentry int) (int, error) {
	tasks, err := filepath.Glob("/proc/" + strconv.Itoa(runsc) + "/task/*/children")
	if err != nil {
		return 0, err
	}
	for _, file := range tasks {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // a thread that has ended
		}
		for _, field := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(field); err == nil && child != sentry {
				return child, nil
			}
		}
	}
	return 0, errNoGofer
}

// checkProcess looks at a process of runsc's: what it is, who it is on the host, and
// what it gave up.
func (g *guest) checkProcess(name string, pid int, order *stage.Order) ([]stage.Check, error) {
	status, err := procStatus(pid)
	if err != nil {
		return nil, err
	}
	four := strings.TrimSpace(strings.Repeat(strconv.Itoa(order.UID)+" ", 4))
	fourGroups := strings.TrimSpace(strings.Repeat(strconv.Itoa(order.GID)+" ", 4))
	checks := []stage.Check{
		seen(policy.ClauseProcessUser, "user ids of the "+name, four, status["Uid"]),
		seen(policy.ClauseProcessUser, "group ids of the "+name, fourGroups, status["Gid"]),
		seen(sandboxed, "NoNewPrivs of the "+name, "1", status["NoNewPrivs"]),
		seen(sandboxed, "seccomp mode of the "+name, "2", status["Seccomp"]),
	}
	for file, id := range map[string]int{"uid_map": order.UID, "gid_map": order.GID} {
		found, err := mappedTo(pid, file)
		if err != nil {
			return nil, err
		}
		checks = append(checks, seen(policy.ClauseProcessUser, file+" of the "+name, "leads to "+strconv.Itoa(id)+" alone", "leads to "+found+" alone"))
	}
	var exe, tool unix.Stat_t
	path := "/proc/" + strconv.Itoa(pid) + "/exe"
	switch err := unix.Stat(path, &exe); {
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return append(checks, unreadable("program of the "+name)), nil
	case err != nil:
		return nil, fmt.Errorf("look at the program of the %s: %w", name, err)
	}
	if err := unix.Stat(g.runsc, &tool); err != nil {
		return nil, fmt.Errorf("look at runsc: %w", err)
	}
	found := g.runsc
	if exe.Dev != tool.Dev || exe.Ino != tool.Ino {
		found = "another program"
	}
	return append(checks, seen(sandboxed, "program of the "+name, g.runsc, found)), nil
}

// mappedTo gives the ids of the host that a process's user namespace can stand for.
func mappedTo(pid int, file string) (string, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/" + file)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", file, err)
	}
	var ids []string
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			return "", fmt.Errorf("%s of process %d: %q", file, pid, line)
		}
		if fields[2] != "1" {
			fields[1] += "+" + fields[2]
		}
		ids = append(ids, fields[1])
	}
	return strings.Join(ids, " "), nil
}

// sentryStreams is the first of the three descriptors of the sentry's that are the
// guest's standard streams (runsc/boot/loader.go, startingStdioFD).
const sentryStreams = 253

// checkStreams shows that the guest's standard streams are those that it was to get.
func (g *guest) checkStreams(sentry int, order *stage.Order) []stage.Check {
	var checks []stage.Check
	for i, name := range []string{"stdin", "stdout", "stderr"} {
		var st unix.Stat_t
		err := unix.Stat(fmt.Sprintf("/proc/%d/fd/%d", sentry, sentryStreams+i), &st)
		if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) {
			return append(checks, unreadable("streams"))
		}
		found := "another file"
		if err == nil && (stage.Stream{Device: uint64(st.Dev), Inode: st.Ino}) == order.Streams[i] { //nolint:unconvert // 32 bits wide on some architectures
			found = "as given"
		}
		checks = append(checks, seen(sandboxed, name, "as given", found))
	}
	return checks
}

// checkFiles shows that the gofer has the host's own file at every path that the policy
// shows, and not to write where the policy does not say so, or the host has it read-only. In the guest, numbers of
// devices and inodes are the sentry's.
func (g *guest) checkFiles(gofer int, order *stage.Order) []stage.Check {
	inside, err := openRoot("/proc/" + strconv.Itoa(gofer) + "/root")
	if err != nil {
		return []stage.Check{notSeen("files of the gofer", err)}
	}
	defer unix.Close(inside)
	outside, err := openRoot(g.root)
	if err != nil {
		return []stage.Check{notSeen("root file system", err)}
	}
	defer unix.Close(outside)
	checks := g.checkMounts(gofer, inside, outside, order.Expectation)
	for _, p := range order.Expectation.Paths {
		if !p.Mode.Visible() || p.Mode == policy.ModeTmp || p.Replaced {
			continue
		}
		hosts, hostsWritable, err := lookAt(outside, p.Path)
		own, writable, ownErr := lookAt(inside, p.Path)
		if p.Optional && errors.Is(err, unix.ENOENT) && errors.Is(ownErr, unix.ENOENT) {
			continue
		}
		c := seen(policy.FilesystemClause(p.Mode), p.Path, "the host's own, "+flagWord(p.Mode == policy.ModeWrite && hostsWritable), "")
		c.At = p.At
		// Somebody who may write to a directory on the way could have put a link there
		// since the path was checked.
		if err != nil {
			c.Found, c.Status = "on the host: "+err.Error(), stage.Failed
			checks = append(checks, c)
			continue
		}
		switch {
		case ownErr != nil:
			c.Found = ownErr.Error()
		case own != hosts:
			c.Found = "another file"
		default:
			c.Found = "the host's own, " + flagWord(writable)
		}
		if c.Status = stage.Proven; c.Found != c.Expected {
			c.Status = stage.Failed
		}
		checks = append(checks, c)
	}
	return checks
}

func openRoot(path string) (int, error) {
	return unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
}

// lookAt identifies what is at a path below a root, without following any link.
func lookAt(root int, path string) (file stage.Stream, writable bool, err error) {
	fd, err := unix.Openat2(root, strings.TrimPrefix(path, "/"), &unix.OpenHow{
		Flags: unix.O_PATH | unix.O_CLOEXEC | unix.O_NOFOLLOW, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_SYMLINKS,
	})
	if err != nil {
		return stage.Stream{}, false, err
	}
	defer unix.Close(fd)
	var fs unix.Statfs_t
	if err := unix.Fstatfs(fd, &fs); err != nil {
		return stage.Stream{}, false, err
	}
	return stage.StreamOf(fd), fs.Flags&unix.ST_RDONLY == 0, nil
}

func flagWord(writable bool) string {
	if writable {
		return "writable"
	}
	return "read-only"
}
