package seccomp

import (
	"testing"

	"confine/policy/syscalls"
)

// connectorFilter is the filter that ships, which most tests are about.
func connectorFilter(t testing.TB, arch syscalls.Arch) syscalls.Filter {
	t.Helper()
	filter, err := syscalls.Set{Base: "connector"}.Filter(arch)
	if err != nil {
		t.Fatal(err)
	}
	return filter
}
