package main

import (
	"errors"
	"fmt"

	"confine/compiler/seccomp"
)

// The values of --seccomp-generator.
const (
	generatorAuto       = "auto"
	generatorLibseccomp = "libseccomp"
	generatorGo         = "go"
)

// filterGenerator returns what writes filters: libseccomp where this binary has it, unless
// another is asked for. confine run does not ask: a launch starts no process and runs no
// C code that it can do without, and both are held to the same proof.
func filterGenerator(name string, s streams) (seccomp.Generator, error) {
	switch name {
	case generatorGo:
		return seccomp.Go(), nil
	case generatorAuto, generatorLibseccomp:
	default:
		return nil, fmt.Errorf("unknown generator %q: expected libseccomp, go or auto", name)
	}
	library, err := libseccomp()
	var missing *seccomp.LibraryMissingError
	if name == generatorAuto && errors.As(err, &missing) {
		return seccomp.Go(), nil
	}
	if err != nil {
		return nil, err
	}
	if version, ok := seccomp.LinkedLibrary(); ok && version.Defective() {
		fmt.Fprintf(s.stderr, "warning: libseccomp %s can compile several rules for one call wrong (GHSA-4q85-33p6-j5g6, fixed in 2.6.1)\n"+
			"      = confine gives it no such rules, and proves what it writes\n", version)
	}
	return library, nil
}

// describeGenerator says which generators this binary has.
func describeGenerator() string {
	if version, ok := seccomp.LinkedLibrary(); ok {
		return "with libseccomp " + version.String()
	}
	return "without libseccomp"
}
