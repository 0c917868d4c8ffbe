package seccomp

import (
	"fmt"

	"confine/policy/syscalls"
)

// A PathReport says how many instructions the kernel runs for calls that a filter
// allows. The path of a call is the longest that any arguments take to being
// allowed. Since Linux 5.11 a call that is allowed whatever its arguments takes
// none of them: the kernel remembers the answer.
type PathReport struct {
	Instructions int // of the program
	Allowed      int // calls that are allowed with some arguments
	Average      float64
	Worst        int
	WorstSyscall string // the call of the lowest number that takes Worst
}

// measurePaths reports the paths of p, which has to be proven for f.
func measurePaths(f syscalls.Filter, p Program) PathReport {
	report := PathReport{Instructions: len(p)}
	total := 0
	for name, number := range f.Arch.Calls() {
		longest := 0
		try := func(args [6]uint64) {
			if action, steps, err := Run(p, syscalls.Data{Number: number, Arch: f.Arch, Args: args}); err == nil && action == syscalls.Allow {
				longest = max(longest, steps)
			}
		}
		try(filled(0))
		if rule, ok := f.Rule(number); ok {
			for args := range proofArgs(rule) {
				try(args)
			}
		}
		if longest == 0 {
			continue
		}
		report.Allowed++
		total += longest
		if longest > report.Worst {
			report.Worst, report.WorstSyscall = longest, name
		}
	}
	if report.Allowed > 0 {
		report.Average = float64(total) / float64(report.Allowed)
	}
	return report
}

// String is the report on one line.
func (r PathReport) String() string {
	if r.Allowed == 0 {
		return fmt.Sprintf("%d instructions, no call is allowed", r.Instructions)
	}
	return fmt.Sprintf("%d instructions; %d calls allowed, after %.1f on average and %d at worst (%s)",
		r.Instructions, r.Allowed, r.Average, r.Worst, r.WorstSyscall)
}
