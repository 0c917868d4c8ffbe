package syscalls

import (
	"slices"
	"strings"
)

//go:generate go run gen/constants.go

// A constantEntry is one symbolic constant of the kernel's headers.
type constantEntry struct {
	name            string
	x86_64, aarch64 uint64
	// only is the architecture that has it, or zero for both.
	only Arch
}

// constantNamed gives the entry of a constant.
func constantNamed(name string) (constantEntry, bool) {
	i, found := slices.BinarySearchFunc(constants[:], name, func(entry constantEntry, name string) int {
		return strings.Compare(entry.name, name)
	})
	if !found {
		return constantEntry{}, false
	}
	return constants[i], true
}

// nearestConstants returns up to three constants whose names are most like name.
func nearestConstants(name string) []string {
	names := make([]string, len(constants))
	for i, entry := range constants {
		names[i] = entry.name
	}
	return nearest(strings.ToUpper(name), names)
}
