package seccomp

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// MaxInstructions is BPF_MAXINSNS, the longest program that the kernel takes.
const MaxInstructions = maxInstructions

// A TooLongError is a program that is longer than the kernel takes.
type TooLongError struct {
	Instructions int
	// Costliest are the calls whose rules take most instructions, at most five.
	Costliest []Part
}

func tooLong(g Generated) *TooLongError {
	parts := slices.Clone(g.Parts)
	slices.SortStableFunc(parts, func(a, b Part) int { return cmp.Compare(b.Instructions, a.Instructions) })
	return &TooLongError{len(g.Program), parts[:min(len(parts), 5)]}
}

func (e *TooLongError) Error() string {
	message := fmt.Sprintf("seccomp: the filter takes %d instructions, the kernel %d at most", e.Instructions, maxInstructions)
	var costs []string
	for _, part := range e.Costliest {
		costs = append(costs, fmt.Sprintf("%s %d", part.Syscall, part.Instructions))
	}
	if len(costs) > 0 {
		message += "; most go to the rules for " + strings.Join(costs, ", ")
	}
	return message
}
