package seccomp

// Compile returns the proven program of the base list on arch. The errors are
// those of [BaseFilter] and [Filter.Compile].
func Compile(arch Arch, base string) (Program, error) {
	filter, err := BaseFilter(arch, base)
	if err != nil {
		return nil, err
	}
	return filter.Compile()
}

// Compile returns the program of f after [Prove] found nothing against it. The
// other errors are rules that make no sense, all of them at once, and programs
// that are longer than the kernel takes.
func (f Filter) Compile() (Program, error) {
	if err := f.check(); err != nil {
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
