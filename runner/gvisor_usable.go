//go:build linux

package runner

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"confine/policy"
)

// containerOptions are what docker run needs for runsc, besides a copy of the default
// seccomp profile that also allows what the first one names.
var containerOptions = []string{
	"docker run --security-opt seccomp=FILE, a copy of Docker's default",
	"  profile that also allows clone, mount, umount2, pivot_root, chroot,",
	"  open_tree and move_mount",
	"  --security-opt systempaths=unconfined, so that /proc can be mounted",
	"  --security-opt apparmor=unconfined, on hosts with AppArmor",
}

// userNamespaceSettings are what a host can deny user namespaces by. The last two are
// Debian's and Ubuntu's.
var userNamespaceSettings = []string{
	"sysctl user.max_user_namespaces: more than 0, and where they exist",
	"  kernel.unprivileged_userns_clone: 1 and",
	"  kernel.apparmor_restrict_unprivileged_userns: 0",
}

// GVisorProblems are the reasons why runsc cannot enforce a policy for this caller. p
// is the policy, or nil for any.
func (h Host) GVisorProblems(p *policy.Policy) []Problem {
	problems := append([]Problem(nil), h.GVisor.Problems...)
	if len(problems) > 0 {
		return problems
	}
	if guestBinaryProblem != "" {
		return append(problems, Problem{
			Message: guestBinaryProblem, Found: "a build with CGO_ENABLED=1 and without the tag gueststage",
			Expected: "a build of make build, or with CGO_ENABLED=0",
		})
	}
	if h.Namespaces != "" {
		problem := Problem{
			Message: "this caller cannot make the namespaces that runsc needs", Found: h.Namespaces,
			Expected: "user, mount and pid namespaces",
		}
		if h.Caller.KernelThreads {
			problem.Instead = userNamespaceSettings
		} else {
			problem.Instead = containerOptions
		}
		problems = append(problems, problem)
	}
	return append(problems, h.boundProblems(p)...)
}

// noUserNamespaces reports the limit of namespaces(7) under which nobody can make one.
func noUserNamespaces() bool {
	limit, err := os.ReadFile("/proc/sys/user/max_user_namespaces")
	return err == nil && strings.TrimSpace(string(limit)) == "0"
}

// probeNamespaces tries what a keeper does first. The answer is empty if it can.
func probeNamespaces() string {
	return tryKeeper(keeperTrialArgument, keeperNamespaces(os.Getuid(), os.Getgid()))
}

// tryKeeper runs a keeper that does nothing but try. The answer is empty if it can.
func tryKeeper(argument string, namespaces *syscall.SysProcAttr) string {
	cmd := exec.Command("/proc/self/exe", argument)
	cmd.Env = []string{}
	cmd.Dir = "/"
	cmd.SysProcAttr = namespaces
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &exit):
		return strings.TrimSpace(string(out))
	}
	return fmt.Sprintf("clone(2) with new namespaces: %v", errno(err))
}

// errno takes the kernel's error out of what os/exec made of it.
func errno(err error) error {
	var e unix.Errno
	if errors.As(err, &e) {
		return e
	}
	return err
}
