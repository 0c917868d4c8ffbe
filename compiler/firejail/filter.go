package firejail

import (
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
	// profile is for container engines; it is missing where profileMissing says why.
	profile        []byte
	profileMissing string
}

func compileFilter(machine string, calls *policy.Syscalls) (filter, error) {
	arch, err := syscalls.ParseArch(machine)
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
	program, err := seccomp.Compile(rules)
	if err != nil {
		return filter{}, fmt.Errorf("compile the filter of [syscalls]: %w", err)
	}
	instructions := program.Annotate(seccomp.Sources(set, rules, program), calls.OriginName)
	f := filter{listing: []byte(rules.String() + "\n" + instructions)}
	if f.program, err = program.MarshalBinary(); err != nil {
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
