package seccomp

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"confine/policy/syscalls"
)

// A TooLongError is a filter that takes more instructions than the kernel loads.
type TooLongError struct {
	Filter syscalls.Filter
	// Program is what no kernel takes.
	Program Program
}

func (e *TooLongError) Error() string {
	return fmt.Sprintf("seccomp: the filter takes %d instructions, the kernel %d at most", len(e.Program), maxInstructions)
}

// Most is how many instructions the kernel loads.
func (e *TooLongError) Most() int { return maxInstructions }

// A Cost is how many instructions look at the arguments of one call.
type Cost struct {
	Call         string
	Instructions int
}

// Costs returns what the calls of the filter cost, which was made from set, the
// dearest first. Calls that share instructions share their cost.
func (e *TooLongError) Costs(set syscalls.Set) []Cost {
	counts := map[string]int{}
	for _, s := range Sources(set, e.Filter, e.Program) {
		if s.Step == StepArguments && len(s.Origins) > 0 {
			counts[s.Origins[0].Call]++
		}
	}
	var costs []Cost
	for _, call := range slices.Sorted(maps.Keys(counts)) {
		costs = append(costs, Cost{call, counts[call]})
	}
	slices.SortStableFunc(costs, func(a, b Cost) int { return cmp.Compare(b.Instructions, a.Instructions) })
	return costs
}
