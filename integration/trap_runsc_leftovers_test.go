//go:build linux

package integration

import (
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// withCgroups lets runsc make cgroups.
func (b *runscBundle) withCgroups() *runscBundle {
	b.flags = slices.DeleteFunc(b.flags, func(flag string) bool { return flag == "--ignore-cgroups" })
	return b
}

// cgroups are the directories that runsc has made for the sandbox.
func (b *runscBundle) cgroups(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/*"} {
		found, err := filepath.Glob(filepath.Join(pattern, b.id))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	return all
}

// ofSandbox are the files of the state directory that are the sandbox's.
func (b *runscBundle) ofSandbox(t *testing.T) []string {
	t.Helper()
	return slices.DeleteFunc(pathsBelow(t, b.at("state")), func(path string) bool { return !strings.Contains(path, b.id) })
}

// TestTrapRunscLeftovers: a runsc that is killed leaves its state and the cgroups, and the same
// id cannot be had again. "runsc delete -force" takes them away, of what is gone already too.
// The mount of an empty network namespace in --root stays in any case.
func TestTrapRunscLeftovers(t *testing.T) {
	const source = "runsc/container/container.go"
	b := newRunscBundle(t).sh("echo ready; sleep 60").withCgroups()
	g := b.start(t)
	runscControl(t, len(b.cgroups(t)) > 0, true, "cgroups of a sandbox that runs")
	if err := g.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	g.end(t)
	runscTrap(t, len(b.ofSandbox(t)) > 0, true, "leaves no state when it is killed", source)
	runscTrap(t, len(b.cgroups(t)) > 0, true, "leaves no cgroups when it is killed", source)
	o := b.run(t)
	runscTrap(t, o.code, 128, "takes an id again", source)
	runscTrap(t, strings.Contains(o.stderr, "already exists"), true, "takes an id again: "+o.stderr, source)

	for _, when := range []string{"delete -force", "delete -force of what is gone"} {
		finish(t, b.runsc("delete", "-force", b.id)).must(t, 0)
		runscControl(t, append(b.ofSandbox(t), b.cgroups(t)...), []string{}, when)
	}
	b.sh("exit 3").run(t).must(t, 3)
	runscControl(t, append(b.ofSandbox(t), b.cgroups(t)...), []string{}, "a guest that ended")
	runscTrap(t, mountsBelow(t, b.dir), []string{b.at("state") + "/null-netns"}, "leaves no mount in --root", "runsc/container/null_netns.go")
}

// TestTrapRunscLeftoversOfAFailure: a start that fails leaves its cgroups, and "runsc delete -force" does
// not know them.
func TestTrapRunscLeftoversOfAFailure(t *testing.T) {
	const source = "runsc/container/container.go"
	b := newRunscBundle(t).withCgroups()
	b.bind("/srv/confine-none", "/data")
	b.sh("exit 0").run(t).must(t, 128)
	finish(t, b.runsc("delete", "-force", b.id)).must(t, 0)
	runscTrap(t, len(b.cgroups(t)) > 0, true, "leaves no cgroups when it cannot start", source)
}

// TestTrapRunscProcessLimit: resources.pids.limit counts the threads of the sentry and the gofer on the
// host, so that a small one keeps any guest from starting. RLIMIT_NPROC counts the guest's.
func TestTrapRunscProcessLimit(t *testing.T) {
	b := newRunscBundle(t, "/usr/bin/true").withCgroups()
	b.Linux.Resources = &specs.LinuxResources{Pids: &specs.LinuxPids{Limit: 10}}
	runscTrap(t, b.run(t).code != 0, true, "counts the processes of the guest in resources.pids.limit", "runsc/cgroup/cgroup.go")
	// The cgroup is still there, and so is its limit.
	b.Linux.Resources = nil
	runscTrap(t, b.run(t).code != 0, true, "resets the limits of a cgroup that it finds", "runsc/cgroup/cgroup.go")
	newRunscBundle(t, "/usr/bin/true").withCgroups().limited("nproc", 10, 10).run(t).must(t, 0)
}
