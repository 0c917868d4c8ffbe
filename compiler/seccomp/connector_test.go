package seccomp

import (
	"testing"

	"confine/policy/syscalls"
)

// connectorFilter is the filter that ships, which most tests are about.
func connectorFilter(t testing.TB, arch syscalls.Arch) syscalls.Filter {
	t.Helper()
	filter, err := syscalls.BaseFilter(arch, "connector")
	if err != nil {
		t.Fatal(err)
	}
	return filter
}
