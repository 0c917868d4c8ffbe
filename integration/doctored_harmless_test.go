//go:build linux

package integration

import (
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"

	"confine/integration/doctoredfirejail/change"
	"confine/runner/stage"
)

// What the stage does itself, last of all, no wrapper can spoil: the launch is
// proven, and the program finds nothing of what was changed. Each change is one
// that shows outside, or shows that the wrapper's own line was what closed it.
func TestDoctoredFirejailLeaksNothing(t *testing.T) {
	dir := grounds(t)
	for _, tc := range []struct {
		name, caller string
		change       change.Change
		// access is the program's, answer what comes of it.
		access, answer string
	}{
		{"a variable", "", change.Change{Environment: []string{"LEAKED=1"}}, "env LEAKED", "ENOENT"},
		{"a variable of the profile", "", last("env LEAKED=1"), "env LEAKED", "ENOENT"},
		{"another value of a variable", "", change.Change{Environment: []string{"FIXED=2"}}, "env FIXED", "ok"},
		{"an open file of root's", "", change.Change{Leak: "/etc/shadow"}, "stat /proc/self/fd/20", "ENOENT"},
		{"an open directory", "", change.Change{Leak: "/"}, "read /proc/self/fd/20/etc/passwd", "ENOENT"},
		{"a call that firejail allows", "", change.Change{
			Drop: []string{"seccomp io_uring_setup,io_uring_enter,io_uring_register"}, Last: []string{"seccomp"},
		}, "syscall io_uring_setup", "EPERM"},
		// Their number stays the same: without it, restrict-namespaces has one more.
		{"the secondary architecture", "", drop("seccomp.block-secondary"), "syscall unshare", "EPERM"},
		// The new user namespace empties the set, see user_namespaces(7).
		{"an inheritable capability", "", change.Change{Inheritable: 1 << unix.CAP_NET_RAW}, "env FIXED", "ok"},
		// Landlock has a rule for every device that the policy names; for a root
		// caller the runner has mounted /dev/shm.
		{"a device", "root", drop("private-dev", "blacklist /dev/ptmx"), "read /dev/ptmx", "EACCES"},
		// For a root caller the runner has mounted it.
		{"an executable tmp", "root", drop("noexec /tmp"), "write /tmp", "ok"},
	} {
		for _, caller := range []string{"root", "user"} {
			if tc.caller != "" && tc.caller != caller {
				continue
			}
			t.Run(tc.name+"/"+caller, func(t *testing.T) {
				t.Parallel()
				o, receipt := launchDoctored(t, caller, dir, doctored{change: tc.change}, probe, tc.access)
				o.must(t, 0)
				if got := answers(t, o.stdout)[tc.access]; got != tc.answer {
					t.Errorf("%s: %s, expected %s", tc.access, got, tc.answer)
				}
				if r := readReceipt(t, receipt); r.Outcome != "proven" {
					t.Errorf("outcome %q", r.Outcome)
				}
			})
		}
	}
}

// What the leaks are when nobody stops them.
func TestLeaksShowOutside(t *testing.T) {
	root, err := os.Open("/")
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	tries := []string{"env LEAKED", "stat /proc/self/fd/20", "read /proc/self/fd/20/etc/passwd", "syscall io_uring_setup", "read /dev/ptmx"}
	cmd := asConnector(exec.Command(probe, tries...))
	cmd.Env = []string{"LEAKED=1"}
	for fd := 3; fd <= change.LeakFD; fd++ {
		cmd.ExtraFiles = append(cmd.ExtraFiles, root)
	}
	got := answers(t, finish(t, cmd).must(t, 0).stdout)
	for _, access := range tries {
		if got[access] != "ok" {
			t.Errorf("control: %s: %s outside", access, got[access])
		}
	}
}

// The time is the runner's: a wrapper that ignores the signal wins none.
func TestDoctoredFirejailGainsNoTime(t *testing.T) {
	dir := grounds(t)
	for _, caller := range []string{"root", "user"} {
		t.Run(caller, func(t *testing.T) {
			t.Parallel()
			d := doctored{policy: []string{`"1m"`, `"1s"`}, change: change.Change{IgnoreTerminate: true}}
			o, _ := launchDoctored(t, caller, dir, d, "/usr/bin/sleep", "60")
			wants(t, o.must(t, 124), "the wall time of 1s is over", "policy.toml:")
		})
	}
}

// A firejail that ends before there is anything to prove.
func TestDoctoredFirejailThatEndsEarly(t *testing.T) {
	dir := grounds(t)
	for _, tc := range []struct {
		name   string
		change change.Change
		says   string
	}{
		{"refuses the profile", last("frobnicate"), "/proc/self/fd/9 is invalid"},
		{"loses the way to the runner", placed(stage.ControlFD, "/dev/null"), "exit code 1"},
		{"starts another program", placed(stage.BinaryFD, "/usr/bin/true"), "exit code 0"},
		{"starts a failing program", placed(stage.BinaryFD, "/usr/bin/false"), "exit code 1"},
	} {
		for _, caller := range []string{"root", "user"} {
			t.Run(tc.name+"/"+caller, func(t *testing.T) {
				t.Parallel()
				o, receipt := launchDoctored(t, caller, dir, doctored{change: tc.change}, probe, "env FIXED")
				wants(t, o.must(t, 125), "nothing ran", "firejail ended before the sandbox could be proven", tc.says)
				r := readReceipt(t, receipt)
				if r.Outcome != "refused" || len(r.Checks) != 1 || r.Checks[0].Clause != "sandbox" {
					t.Errorf("outcome %q, checks %+v", r.Outcome, r.Checks)
				}
			})
		}
	}
}
