package seccomp

import (
	"fmt"

	"confine/policy/syscalls"
)

// maxProofPoints bounds the combinations of arguments that are tried for one
// system call. A filter that would take more is refused, not half proven.
const maxProofPoints = 1 << 20

// Prove returns nil if the kernel takes p and it answers as f does. It runs p on
//
//   - every number from 0 to 64 past the newest of the architecture, the same
//     with the x32 bit, the ends of the number range, and each constant of p
//     with its neighbours. Between two such constants a program that compares
//     the number cannot tell numbers apart, so this is all numbers. Each comes
//     with arguments that reach every case of every rule, so that a number which
//     strays into another's rule is noticed;
//   - for a rule with conditions, every combination of the boundary points of
//     the arguments that it looks at, with the other arguments all zeros and all
//     ones. Boundary points are each value, its neighbours, the value with other
//     high halves, and each single bit of a mask;
//   - for a number with which the program compares arguments in other ways than the
//     filter does, the same with the neighbours of what it compares them with;
//   - other architectures, and the one of f with any one bit flipped: of a call of
//     theirs the program may look at nothing else, so that one call stands for all.
//
// A difference is a [*MismatchError].
func Prove(f syscalls.Filter, p Program) error {
	if err := f.Check(); err != nil {
		return err
	}
	if err := p.CheckKernel(); err != nil {
		return err
	}
	for _, arch := range foreignArches(f.Arch) {
		if looksBeyond(p, arch) {
			return fmt.Errorf("seccomp: the program looks at more than the architecture of a call of %#x", uint32(arch))
		}
	}
	deeper, err := deeperPoints(f, p)
	if err != nil {
		return err
	}
	return firstError(proofCalls(f, p, deeper), func(call syscalls.Data) error {
		got, _, err := Run(p, call)
		if err != nil {
			return err
		}
		if want := f.Decide(call); got != want {
			return &MismatchError{Call: call, Got: got, Want: want}
		}
		return nil
	})
}

// A MismatchError is a program that does not do what its filter says.
type MismatchError struct {
	Call syscalls.Data // one call that shows it
	Got  syscalls.Action
	Want syscalls.Action
}

func (e *MismatchError) Error() string {
	name, ok := e.Call.Arch.Name(e.Call.Number)
	if !ok {
		name = "?"
	}
	return fmt.Sprintf("seccomp: the program answers %q where the filter says %q: %s call %d (%s) with arguments %#x",
		e.Got, e.Want, e.Call.Arch, e.Call.Number, name, e.Call.Args)
}
