//go:build linux

package runner

import (
	"fmt"

	"confine/compiler/native"
	"confine/policy"
)

// nativeProblems are the reasons why the kernel alone cannot enforce a policy for this
// caller.
func (h Host) nativeProblems(p *policy.Policy) []Problem {
	var problems []Problem
	if h.Landlock < native.LandlockVersion {
		problem := Problem{
			Message: "the kernel's Landlock is too old: it does not keep signals inside",
			Found:   fmt.Sprintf("version %d of its interface, Linux %s", h.Landlock, h.Kernel),
			Expected: fmt.Sprintf("version %d or later, which Linux %s has",
				native.LandlockVersion, native.Known[0]),
		}
		if h.Landlock == 0 {
			problem.Message, problem.Found = "this kernel has no Landlock", "Linux "+h.Kernel
			problem.Expected += ", with landlock in the lsm= list of its command line"
		}
		problems = append(problems, problem)
	}
	if p != nil && p.Network.Mode == policy.NetworkEgress {
		problems = append(problems, h.mediationProblems()...)
	}
	return append(problems, h.boundProblems(p)...)
}
