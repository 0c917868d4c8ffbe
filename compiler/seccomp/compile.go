package seccomp

import "confine/policy/syscalls"

// Compile returns the program of f after [Prove] found nothing against it. The
// other errors are rules that make no sense, all of them at once, and programs
// that are longer than the kernel takes.
func Compile(f syscalls.Filter) (Program, error) {
	if err := f.Check(); err != nil {
		return nil, err
	}
	program, err := generate(f)
	if err != nil {
		return nil, err
	}
	if err := Prove(f, program); err != nil {
		return nil, err
	}
	return program, nil
}
