package gvisor

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"confine/compiler"
	"confine/compiler/filter"
	"confine/compiler/gvisor/guestseccomp"
	"confine/policy"
	"confine/policy/syscalls"
)

// standaloneCalls are the system calls of a bundle that is used without confine.
type standaloneCalls struct {
	// seccomp is nil where there is no filter, and verdict says why.
	seccomp *specs.LinuxSeccomp
	verdict compiler.Verdict
	// onDeny judges what a denied call does.
	onDeny compiler.Verdict
}

// standaloneFilter lowers the filter to what runsc does of linux.seccomp. One that would
// break programs is left out.
func standaloneFilter(calls policy.Syscalls, f filter.Filter) (standaloneCalls, error) {
	if calls.Base == syscalls.Unrestricted && f.Program == nil {
		return standaloneCalls{verdict: weaker("no filter"), onDeny: none("no filter")}, nil
	}
	lowered, losses, err := guestseccomp.Lower(f.Rules)
	var refused *guestseccomp.RefusedError
	var large *guestseccomp.TooLargeError
	switch {
	case errors.As(err, &refused), errors.As(err, &large):
		why := none("no filter: " + err.Error())
		return standaloneCalls{verdict: why, onDeny: why}, nil
	case err != nil:
		return standaloneCalls{}, fmt.Errorf("linux.seccomp: %w", err)
	}
	out := standaloneCalls{seccomp: lowered, verdict: exact("linux.seccomp, with --oci-seccomp"), onDeny: exact("linux.seccomp, with --oci-seccomp")}
	var lost []string
	for _, loss := range losses {
		lost = append(lost, loss.String())
	}
	if len(lost) == 0 {
		return out, nil
	}
	how := "linux.seccomp, with --oci-seccomp; " + strings.Join(lost, "; ")
	out.verdict, out.onDeny = exact(how), exact(how)
	if slices.ContainsFunc(losses, guestseccomp.Loss.Weaker) {
		out.onDeny = weaker(how)
	}
	return out, nil
}
