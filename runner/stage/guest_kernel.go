//go:build linux

package stage

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"confine/policy"
)

// kernelProbes are calls that Linux answers and the sentry does not know. None does
// anything: they ask for a version, or fail for their arguments.
var kernelProbes = []struct {
	name string
	call trialCall
}{
	{"landlock_create_ruleset", trialCall{number: unix.SYS_LANDLOCK_CREATE_RULESET, arguments: [6]uintptr{0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION}}},
	{"io_uring_setup", trialCall{number: unix.SYS_IO_URING_SETUP}},
	{"keyctl", trialCall{number: unix.SYS_KEYCTL, arguments: [6]uintptr{^uintptr(0)}}},
}

func kernelAnswers() []Outcome {
	outcomes := make([]Outcome, 0, len(kernelProbes))
	for _, p := range kernelProbes {
		a := p.call.arguments
		_, _, e := unix.Syscall6(p.call.number, a[0], a[1], a[2], a[3], a[4], a[5])
		outcomes = append(outcomes, Outcome{Errno: e})
	}
	return outcomes
}

// checkKernel shows that this is the sentry, by what it does and not by what it calls
// itself: calls that the host's kernel answers are unknown here, without a filter that
// would make them so, and descriptors are named as no Linux names them
// (pkg/sentry/fsimpl/host). The runner looks from its side at who sends this.
func checkKernel(outside []Outcome) []Check {
	const clause = sandboxClause
	var checks []Check
	mode, err := unix.PrctlRetInt(unix.PR_GET_SECCOMP, 0, 0, 0, 0)
	found := strconv.Itoa(mode)
	if err != nil {
		found = unix.ErrnoName(errno(err))
	}
	checks = append(checks, equal(clause, "seccomp mode before the filter", policy.Position{}, "0", found))
	answers := kernelAnswers()
	for i, p := range kernelProbes {
		c := Check{Clause: clause, Subject: p.name + " in the guest", Expected: "ENOSYS", Status: Failed, Found: "no answer"}
		if i < len(answers) {
			c.Found = answers[i].String()
		}
		switch {
		case c.Found != c.Expected:
		case i < len(outside) && outside[i].Errno != unix.ENOSYS:
			c.Status = Proven
		default:
			c.Status = Unproven // the host's kernel does not know it either
		}
		checks = append(checks, c)
	}
	if name, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(ControlFD)); err == nil {
		kind, _, _ := strings.Cut(name, "[")
		checks = append(checks, equal(clause, "kind of the control socket in the guest", policy.Position{}, "host:", kind))
	}
	return checks
}
