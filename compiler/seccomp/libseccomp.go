package seccomp

import (
	"context"
	"fmt"

	"confine/policy/syscalls"
)

// libseccomp has a filter written by the C library of that name.
//
// What libseccomp is asked for are programs that it is known to get right: one that
// decides by the number, and one for each step of a rule that looks at arguments. In
// the first, a call with such a rule is answered by a placeholder, and [link] makes a
// jump to the rule's steps of it. The library's tables of names are not used: they are
// older than ours, and every call is added by its number.
//
// The library's own check of the architecture is replaced by [header]. It has one
// answer for two questions, other architectures and x32, and for any architecture but
// the one that the library was built for it takes only calls that it knows by name.
type libseccomp struct {
	version LibraryVersion
	// write is the library: see writeByLibrary.
	write func(libraryFilter) (Program, error)
}

// A libraryFilter is a filter in the terms of libseccomp: the rules that match a call
// answer it, and otherwise does if none matches.
type libraryFilter struct {
	rules     []libraryRule
	otherwise syscalls.Action
}

// A libraryRule matches a call for which all comparisons hold.
type libraryRule struct {
	number uint32
	when   []comparison
	answer syscalls.Action
}

// A comparison is one of a 64-bit argument. An argument is in one comparison of a rule
// at most.
type comparison struct {
	arg int
	op  comparisonOperator
	// mask is the bits that are compared by equalMasked.
	mask, value uint64
}

// A comparisonOperator is an enum scmp_compare of seccomp.h, by another number.
type comparisonOperator int

const (
	equal comparisonOperator = iota + 1
	notEqual
	less
	lessOrEqual
	greaterOrEqual
	greater
	equalMasked
)

// A LibraryVersion is that of libseccomp.
type LibraryVersion struct{ Major, Minor, Micro uint }

// String is the form of the library's releases.
func (v LibraryVersion) String() string { return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Micro) }

// Defective reports whether the library compiles several conditional rules for one
// call into programs that allow what the rules deny (GHSA-4q85-33p6-j5g6, fixed in
// 2.6.1). This package does not give it such rules, and would notice.
func (v LibraryVersion) Defective() bool {
	fixed := LibraryVersion{2, 6, 1}
	if v.Major != fixed.Major {
		return v.Major < fixed.Major
	}
	if v.Minor != fixed.Minor {
		return v.Minor < fixed.Minor
	}
	return v.Micro < fixed.Micro
}

// A LibraryMissingError is a confine that was built without libseccomp.
type LibraryMissingError struct{}

func (*LibraryMissingError) Error() string {
	return "this confine was built without libseccomp: install gcc, pkg-config and libseccomp-dev and run make build again, " +
		"or go build with CGO_ENABLED=1 and -tags libseccomp"
}

// Libseccomp is the generator that relies on the C library of that name. The error is
// a [*LibraryMissingError]. The library can hang: call it in a process that can be
// killed.
func Libseccomp() (Generator, error) {
	version, ok := LinkedLibrary()
	if !ok {
		return nil, &LibraryMissingError{}
	}
	return libseccomp{version, writeByLibrary}, nil
}

func (g libseccomp) Name() string { return "libseccomp " + g.version.String() }

func (g libseccomp) Generate(ctx context.Context, f syscalls.Filter) (Generated, error) {
	plan := planOf(f)
	// Every step takes an instruction at least, and placeholders have room for no more.
	if len(plan.steps) > maxInstructions {
		return Generated{}, fmt.Errorf("seccomp: the rules take %d steps, a program has %d instructions at most", len(plan.steps), maxInstructions)
	}
	main, err := g.write(plan.main)
	if err != nil {
		return Generated{}, fmt.Errorf("libseccomp: the filter by numbers: %w", err)
	}
	if main, err = enter(main, numbersBelowX32, offsetNumber); err != nil {
		return Generated{}, fmt.Errorf("libseccomp: the filter by numbers: %w", err)
	}
	pieces := []Program{main}
	for _, s := range plan.steps {
		if err := ctx.Err(); err != nil {
			return Generated{}, err
		}
		piece, err := g.writeStep(s)
		if err != nil {
			return Generated{}, fmt.Errorf("libseccomp: the rule for %s: %w", s.syscall, err)
		}
		pieces = append(pieces, piece)
	}
	program, lengths := link(header(f), pieces)
	for i, s := range plan.steps {
		plan.parts[s.part].Instructions += lengths[i+1]
	}
	return Generated{program, plan.parts}, nil
}

// writeStep returns the program of s for calls of its number.
func (g libseccomp) writeStep(s step) (Program, error) {
	if s.match == s.otherwise {
		return Program{{Code: opReturn, K: uint32(s.match)}}, nil
	}
	if s.library == nil {
		a := newAssembler()
		no := a.answer(s.otherwise)
		a.test(s.test, a.answer(s.match), no)
		return a.program(), nil
	}
	p, err := g.write(*s.library)
	if err != nil {
		return nil, err
	}
	return enter(p, numberRange{s.number, s.number}, offsetArgs)
}
