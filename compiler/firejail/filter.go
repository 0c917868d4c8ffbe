package firejail

import (
	"context"
	"errors"
	"fmt"

	"confine/compiler"
	"confine/compiler/ociseccomp"
	"confine/compiler/seccomp"
	"confine/policy"
	"confine/policy/syscalls"
)

// A filter is what [syscalls] compiles to. The zero filter is none.
type filter struct {
	program, listing []byte
	// generator wrote the program.
	generator string
	// profile is for container engines; it is missing where profileMissing says why.
	profile        []byte
	profileMissing string
}

func compileFilter(target compiler.Target, calls *policy.Syscalls) (filter, error) {
	arch, err := syscalls.ParseArch(target.Arch)
	if err != nil {
		return filter{}, err
	}
	set := calls.Set()
	rules, err := set.Filter(arch)
	if errors.Is(err, syscalls.ErrNoFilter) && !set.Changes() {
		return filter{}, nil
	}
	if err != nil {
		return filter{}, fmt.Errorf("[syscalls]: %w", err)
	}
	generator := target.Generator
	if generator == nil {
		generator = seccomp.Go()
	}
	compiled, err := seccomp.CompileWith(context.Background(), generator, rules)
	if err != nil {
		return filter{}, fmt.Errorf("compile the filter of [syscalls]: %w", err)
	}
	instructions := compiled.Program.Annotate(seccomp.Sources(set, rules, compiled.Program), calls.OriginName)
	f := filter{generator: compiled.Generator, listing: []byte(rules.String() + "\n" + compiled.Head() + "\n" + instructions)}
	if f.program, err = compiled.Program.MarshalBinary(); err != nil {
		return filter{}, fmt.Errorf("encode the filter of [syscalls]: %w", err)
	}
	var tooLarge *ociseccomp.TooLargeError
	f.profile, err = ociseccomp.Marshal(rules)
	if errors.As(err, &tooLarge) {
		f.profileMissing = tooLarge.Error()
	} else if err != nil {
		return filter{}, fmt.Errorf("[syscalls]: %w", err)
	}
	return f, nil
}

func (f filter) artifacts() []compiler.File {
	if f.program == nil {
		return nil
	}
	files := []compiler.File{{Name: FilterProgram, Data: f.program}, {Name: FilterListing, Data: f.listing}}
	if f.profile != nil {
		files = append(files, compiler.File{Name: OCIProfile, Data: f.profile})
	}
	return files
}
