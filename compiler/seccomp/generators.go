package seccomp

import (
	"context"

	"confine/policy/syscalls"
)

// A Generator writes filters as programs. What it returns is not trusted: see
// [CompileWith]. The same generator of the same name writes the same bytes for the
// same filter, on every host.
type Generator interface {
	// Name tells generators and versions apart whose programs may differ.
	Name() string
	// Generate writes f, which has passed [syscalls.Filter.Check]. It gives up with
	// the error of ctx when that ends.
	Generate(ctx context.Context, f syscalls.Filter) (Generated, error)
}

// Generated is a program and how it came about.
type Generated struct {
	Program Program
	// Parts are the calls that are answered by their arguments, in the order of
	// their numbers.
	Parts []Part
}

// A Part is what a program does about the arguments of one call.
type Part struct {
	Syscall string
	Number  uint32
	// Instructions is how many of them are there for this call alone.
	Instructions int
	// Lowered and Assembled say which cases of the rule, counted from 1, libseccomp
	// did not get as they are: because it has no words for them, or because it
	// compiles them wrong. Lowered ones were rewritten as comparisons that it gets right,
	// of Assembled ones some were written by this package's own generator.
	Lowered, Assembled []int
}

// Go is the generator of this package. It needs neither C nor another process.
func Go() Generator { return goGenerator{} }

type goGenerator struct{}

func (goGenerator) Name() string { return "confine" }

func (goGenerator) Generate(_ context.Context, f syscalls.Filter) (Generated, error) {
	generated := Generated{Program: generate(f)}
	for _, rule := range f.Rules {
		if len(rule.Cases) > 0 {
			generated.Parts = append(generated.Parts, Part{
				Syscall: rule.Name, Number: rule.Number, Instructions: ownInstructions(rule),
			})
		}
	}
	return generated, nil
}

// ownInstructions counts those that a rule takes with returns of its own; the
// program shares them.
func ownInstructions(r syscalls.Rule) int {
	a := newAssembler()
	a.rule(r)
	return len(a.reversed)
}
