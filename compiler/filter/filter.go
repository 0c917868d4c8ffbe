// Package filter compiles [syscalls] into the program that the stage loads, whatever
// wraps the stage, and into what the stage tries of it before the program starts.
package filter

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

// The artifacts of a filter.
const (
	// ProgramName is the seccomp program that the stage loads, and ListingName the same
	// for people: the rules by name, then the instructions.
	ProgramName = "seccomp.bpf"
	ListingName = "seccomp.txt"
	// OCIProfileName is the same filter for docker run --security-opt seccomp=FILE and for
	// linux.seccomp of an OCI bundle that libseccomp compiles, without confine.
	OCIProfileName = "seccomp.json"
)

// A Filter is what [syscalls] compiles to. The zero Filter is none.
type Filter struct {
	// Program are sock_filter records, and Listing is their text.
	Program, Listing []byte
	// Generator wrote the program.
	Generator string
	// Rules are what the program was made from.
	Rules syscalls.Filter
	// Profile is for container engines; it is missing where ProfileMissing says why.
	Profile        []byte
	ProfileMissing string
}

// Compile compiles the calls of a policy for the architecture of a target.
func Compile(target compiler.Target, calls *policy.Syscalls) (Filter, error) {
	arch, err := syscalls.ParseArch(target.Arch)
	if err != nil {
		return Filter{}, err
	}
	set := calls.Set()
	rules, err := set.Filter(arch)
	if errors.Is(err, syscalls.ErrNoFilter) && !set.Changes() {
		return Filter{}, nil
	}
	if err != nil {
		return Filter{}, fmt.Errorf("[syscalls]: %w", err)
	}
	generator := target.Generator
	if generator == nil {
		generator = seccomp.Go()
	}
	// A launch waits for both.
	profile := make(chan ociProfile, 1)
	go func() {
		data, err := ociseccomp.Marshal(rules)
		profile <- ociProfile{data, err}
	}()
	compiled, err := seccomp.CompileWith(context.Background(), generator, rules)
	if err != nil {
		return Filter{}, fmt.Errorf("compile the filter of [syscalls]: %w", err)
	}
	instructions := compiled.Program.Annotate(seccomp.Sources(set, rules, compiled.Program), calls.OriginName)
	f := Filter{Rules: rules, Generator: compiled.Generator, Listing: []byte(rules.String() + "\n" + compiled.Head() + "\n" + instructions)}
	if f.Program, err = compiled.Program.MarshalBinary(); err != nil {
		return Filter{}, fmt.Errorf("encode the filter of [syscalls]: %w", err)
	}
	var tooLarge *ociseccomp.TooLargeError
	oci := <-profile
	if f.Profile = oci.data; errors.As(oci.err, &tooLarge) {
		f.ProfileMissing = tooLarge.Error()
	} else if oci.err != nil {
		return Filter{}, fmt.Errorf("[syscalls]: %w", oci.err)
	}
	return f, nil
}

// ociProfile is what ociseccomp made of the rules.
type ociProfile struct {
	data []byte
	err  error
}

// Artifacts are the files of the filter; none where there is none.
func (f Filter) Artifacts() []compiler.File {
	if f.Program == nil {
		return nil
	}
	files := []compiler.File{{Name: ProgramName, Data: f.Program}, {Name: ListingName, Data: f.Listing}}
	if f.Profile != nil {
		files = append(files, compiler.File{Name: OCIProfileName, Data: f.Profile})
	}
	return files
}
