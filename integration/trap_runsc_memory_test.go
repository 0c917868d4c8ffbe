//go:build linux

package integration

import (
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// withMemory lets runsc make cgroups, and limits the memory of the sandbox.
func (b *runscBundle) withMemory(limit int64) *runscBundle {
	b.withCgroups()
	b.Linux.Resources = &specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: &limit}}
	return b
}

// TestTrapRunscMemoryLimit: what exceeds resources.memory.limit ends the whole sandbox with the code of
// a guest that was killed, and no log says so. Without root, and with --ignore-cgroups, there
// is no limit, without a word (runsc/container/container.go).
func TestTrapRunscMemoryLimit(t *testing.T) {
	const mib = 1 << 20
	const script = `/usr/bin/python3 -c 'print(len(bytearray(200 << 20)) >> 20)'; echo survived`
	const source = "runsc/container/container.go"
	b := newRunscBundle(t).sh(script).withMemory(100 * mib)
	o := b.run(t)
	runscTrap(t, o, outcome{128 + int(unix.SIGKILL), "", ""}, "ends one process of a guest that has too much memory, or says so", source)
	runscTrap(t, b.logged(t, "error")+b.logged(t, "warning")+b.panicked(t), "", "logs that the memory was too much", source)
	b.withMemory(1000 * mib)
	runscControl(t, b.output(t), "200 survived", "a limit above what the guest takes")
	b.sh("/usr/bin/sh -c 'kill -KILL $$'; echo survived").withMemory(100 * mib)
	runscControl(t, b.output(t), "survived", "a process of the guest's that was killed")

	b = newUserRunscBundle(t).sh(script).withMemory(100 * mib)
	runscTrap(t, b.output(t), "200 survived", "limits the memory of an ordinary user's sandbox, or refuses to", source)
	b = newRunscBundle(t).sh(script).withMemory(100 * mib)
	b.flags = append(b.flags, "--ignore-cgroups")
	runscTrap(t, b.output(t), "200 survived", "limits the memory with --ignore-cgroups, or refuses to", source)
}
