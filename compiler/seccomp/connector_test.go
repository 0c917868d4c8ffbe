package seccomp

import (
	"testing"

	"confine/policy/syscalls"
)

// filteringBases are the base lists that there are filters of.
var filteringBases = []string{"connector", "default"}

// connectorFilter is the filter that ships, which most tests are about.
func connectorFilter(t testing.TB, arch syscalls.Arch) syscalls.Filter {
	t.Helper()
	return baseFilter(t, "connector", arch)
}

func baseFilter(t testing.TB, base string, arch syscalls.Arch) syscalls.Filter {
	t.Helper()
	filter, err := syscalls.Set{Base: base}.Filter(arch)
	if err != nil {
		t.Fatal(err)
	}
	return filter
}
