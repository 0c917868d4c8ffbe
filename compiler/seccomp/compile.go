package seccomp

import (
	"context"

	"confine/policy/syscalls"
)

// Compile returns the program of f by [Go], proven. The errors are those of
// [CompileWith].
func Compile(f syscalls.Filter) (Program, error) {
	compiled, err := CompileWith(context.Background(), Go(), f)
	return compiled.Program, err
}

// A Compiled filter is a program that answers as its filter does.
type Compiled struct {
	Generated
	Generator string // its name, with the version of what it relies on
	Paths     PathReport
}

// CompileWith returns the program of f by g after [Prove] found nothing against it:
// whoever wrote a program, it is the proof that it is trusted for. The other errors
// are rules that make no sense, all of them at once, a [*TooLongError], and what
// keeps the generator from its work.
func CompileWith(ctx context.Context, g Generator, f syscalls.Filter) (Compiled, error) {
	if err := f.Check(); err != nil {
		return Compiled{}, err
	}
	generated, err := g.Generate(ctx, f)
	if err != nil {
		return Compiled{}, err
	}
	if len(generated.Program) > maxInstructions {
		return Compiled{}, tooLong(generated)
	}
	if err := Prove(f, generated.Program); err != nil {
		return Compiled{}, err
	}
	return Compiled{generated, g.Name(), measurePaths(f, generated.Program)}, nil
}
