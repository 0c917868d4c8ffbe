package syscalls

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
)

//go:generate go run gen/tables.go
//go:generate go run gen/elsewhere.go

// A tableEntry is one system call of one architecture.
type tableEntry struct {
	name   string
	number uint32
}

// table returns the system calls of a in the order of their numbers, and nil
// for an architecture that filters cannot be compiled for.
func (a Arch) table() []tableEntry {
	switch a {
	case X86_64:
		return tableX86_64[:]
	case AArch64:
		return tableAArch64[:]
	}
	return nil
}

// Newest returns the highest number that the table of a has a name for.
func (a Arch) Newest() uint32 {
	table := a.table()
	return table[len(table)-1].number
}

// Number returns the number of the system call name on a. The errors are those of
// [CheckName], and an [*OtherArchError] if only other architectures of [Arches]
// have it. Whether the kernel of some machine is new enough to have the call is
// not known here.
func (a Arch) Number(name string) (uint32, error) {
	if number, ok := a.number(name); ok {
		return number, nil
	}
	if err := CheckName(name); err != nil {
		return 0, err
	}
	return 0, &OtherArchError{Name: name, Arch: a, Others: archesOf(name)}
}

// archesOf returns the architectures that have the system call name.
func archesOf(name string) []Arch {
	var arches []Arch
	for _, arch := range Arches() {
		if _, ok := arch.number(name); ok {
			arches = append(arches, arch)
		}
	}
	return arches
}

// CheckName returns nil if an architecture of [Arches] has a system call name, a
// [*ForeignSyscallError] if only others have it, and an [*UnknownSyscallError] if
// none has.
func CheckName(name string) error {
	if len(archesOf(name)) > 0 {
		return nil
	}
	if slices.Contains(elsewhere[:], name) {
		return &ForeignSyscallError{name}
	}
	return &UnknownSyscallError{name}
}

// names returns the system calls of all architectures, sorted.
var names = sync.OnceValue(func() []string {
	set := map[string]bool{}
	for _, arch := range Arches() {
		for name := range arch.Calls() {
			set[name] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
})

// Calls yields the name and number of every system call of a, in the order of
// the numbers.
func (a Arch) Calls() iter.Seq2[string, uint32] {
	return func(yield func(string, uint32) bool) {
		for _, entry := range a.table() {
			if !yield(entry.name, entry.number) {
				return
			}
		}
	}
}

func (a Arch) number(name string) (uint32, bool) {
	for _, entry := range a.table() {
		if entry.name == name {
			return entry.number, true
		}
	}
	return 0, false
}

// Name returns the name of the system call number on a, and whether it has one.
func (a Arch) Name(number uint32) (string, bool) {
	table := a.table()
	i, found := slices.BinarySearchFunc(table, number, func(entry tableEntry, number uint32) int {
		return cmp.Compare(entry.number, number)
	})
	if !found {
		return "", false
	}
	return table[i].name, true
}

// An UnknownSyscallError is a name that Linux has no system call for.
type UnknownSyscallError struct{ Name string }

func (e *UnknownSyscallError) Error() string {
	return fmt.Sprintf("unknown system call %q", e.Name) + suggestion(e.Nearest())
}

// Nearest returns up to three names that may have been meant, the best first.
func (e *UnknownSyscallError) Nearest() []string { return nearest(strings.ToLower(e.Name), names()) }

// A ForeignSyscallError is a system call of Linux that none of [Arches] has, such
// as socketcall(2), which is for 32-bit programs.
type ForeignSyscallError struct{ Name string }

func (e *ForeignSyscallError) Error() string {
	return fmt.Sprintf("neither x86_64 nor aarch64 has the system call %q", e.Name) + suggestion(e.Nearest())
}

// Nearest returns up to three native calls with names like it, the best first.
func (e *ForeignSyscallError) Nearest() []string { return nearest(strings.ToLower(e.Name), names()) }

func suggestion(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "; did you mean " + strings.Join(names, " or ") + "?"
}

// An OtherArchError is a system call that exists, but not on the architecture
// that was asked for: x86_64 has open(2), aarch64 only openat(2).
type OtherArchError struct {
	Name   string
	Arch   Arch
	Others []Arch // those that have it
}

func (e *OtherArchError) Error() string {
	var others []string
	for _, other := range e.Others {
		others = append(others, other.String())
	}
	return fmt.Sprintf("%s has no system call %q, only %s has", e.Arch, e.Name, strings.Join(others, " and "))
}
