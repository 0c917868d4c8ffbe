//go:build linux

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// TestTrapRunscHooksRunOutside: hooks of config.json run on the host as who starts runsc, so that
// a config.json that somebody else writes is a program. startContainer, which would run
// inside, is skipped.
func TestTrapRunscHooksRunOutside(t *testing.T) {
	b := newRunscBundle(t, "/usr/bin/true")
	hook := func(name string) []specs.Hook {
		return []specs.Hook{{Path: "/usr/bin/sh", Args: []string{"sh", "-c", "id -u >" + b.at(name)}}}
	}
	b.Hooks = &specs.Hooks{
		CreateRuntime: hook("createRuntime"), CreateContainer: hook("createContainer"),
		StartContainer: hook("startContainer"), Poststart: hook("poststart"), Poststop: hook("poststop"),
	}
	b.run(t).must(t, 0)
	for _, name := range []string{"createRuntime", "createContainer", "poststart", "poststop"} {
		runscTrap(t, exists(b.at(name)) && readText(t, b.at(name)) == "0\n", true, "does not run "+name+" as root", "runsc/specutils/hooks.go")
	}
	runscTrap(t, exists(b.at("startContainer")), false, "runs startContainer", "runsc/specutils/hooks.go")
}

// standing is the uid and the effective capabilities of a process, and whether it has the
// environment of runsc.
func standing(t *testing.T, pid int) string {
	t.Helper()
	status := readText(t, fmt.Sprintf("/proc/%d/status", pid))
	field := func(name string) string {
		_, rest, _ := strings.Cut(status, name)
		return strings.Fields(rest)[0]
	}
	text := "uid " + field("Uid:")
	if strings.Trim(field("CapEff:"), "0") != "" {
		text += " privileged"
	}
	if strings.Contains(readText(t, fmt.Sprintf("/proc/%d/environ", pid)), "CALLER=yes") {
		text += " environment"
	}
	return text
}

// TestTrapRunscSentryIsRoot: the sentry of root's is uid 0 on the host, with capabilities in a user
// namespace where nobody is mapped to another, unless --directfs=false or a user namespace of
// config.json says otherwise. The gofer and runsc keep the environment of who started it.
func TestTrapRunscSentryIsRoot(t *testing.T) {
	for _, c := range []struct {
		directfs, mapped bool
		sentry, gofer    string
	}{
		{true, false, "uid 0 privileged", "uid 0 privileged environment"},
		{false, false, "uid 65534", "uid 0 privileged environment"},
		{true, true, "uid 200000 privileged", "uid 200000 privileged environment"},
		{false, true, "uid 65534", "uid 200000 privileged environment"},
	} {
		b := newRunscBundle(t).sh("echo ready; stat -c %u /usr; sleep 60")
		b.flags = append(b.flags, fmt.Sprintf("--directfs=%t", c.directfs))
		owner := "0\n"
		if c.mapped {
			ids := []specs.LinuxIDMapping{{HostID: 200000, Size: 65536}}
			b.Linux.Namespaces = []specs.LinuxNamespace{{Type: specs.UserNamespace}}
			b.Linux.UIDMappings, b.Linux.GIDMappings = ids, ids
			owner = "65534\n"
		}
		g := b.startWith(t, "CALLER=yes")
		sentry, gofer := b.sentry(t), ""
		parents, names := processes(t)
		for pid, parent := range parents {
			if parent == g.Process.Pid && strings.HasPrefix(names[pid], "runsc-gofer") {
				gofer = standing(t, pid)
			}
		}
		what := fmt.Sprintf("directfs %t, a user namespace %t", c.directfs, c.mapped)
		if c.directfs && !c.mapped {
			runscTrap(t, standing(t, sentry), c.sentry, "runs the sentry of root's as another user", "runsc/sandbox/sandbox.go")
		} else {
			runscControl(t, standing(t, sentry), c.sentry, "the sentry with "+what)
		}
		runscTrap(t, gofer, c.gofer, "has another gofer with "+what, "runsc/container/container.go")
		line, err := g.out.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		// A guest of this uid would be the owner of all that is not mapped.
		runscTrap(t, line, owner, "shows other owners with "+what, "pkg/sentry/fsimpl/gofer/gofer.go")
	}
}

// TestTrapRunscRootOverlay: by default the guest's writes to its root go to a file in the root file
// system on the host, which has no limit and goes with the sandbox. With --overlay2=none they go to the
// host and stay.
func TestTrapRunscRootOverlay(t *testing.T) {
	for flag, want := range map[string]string{
		"--overlay2=root:self": "true false", "--overlay2=none": "false true", "--overlay2=root:memory": "false false",
	} {
		b := newRunscBundle(t).sh("echo text >/data/new; echo ready; sleep 60")
		chown(t, b.root("data"), 1000, 1000)
		b.Root.Readonly = false
		b.flags = append(b.flags, flag)
		b.start(t)
		stores, err := filepath.Glob(b.root(".gvisor.filestore.*"))
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(len(stores) > 0, exists(b.root("data", "new")))
		runscTrap(t, got, want, "stores what a guest writes elsewhere with "+flag, "runsc/config/config.go")
	}
	b := newRunscBundle(t).sh("echo text >/data/new || exit 3")
	chown(t, b.root("data"), 1000, 1000)
	b.run(t).must(t, 3)
}

// TestTrapRunscStateIsNotShared: a --root that root has used is of no use to an ordinary user,
// for the network namespace in it is root's. One of its own for every user is.
func TestTrapRunscStateIsNotShared(t *testing.T) {
	b := newRunscBundle(t, "/usr/bin/true")
	b.run(t).must(t, 0)
	if err := os.Chmod(b.at("state"), 0o777); err != nil {
		t.Fatal(err)
	}
	user := newUserRunscBundle(t, "/usr/bin/true")
	user.run(t).must(t, 0)
	user.flags = append(user.flags, "--root="+b.at("state"))
	runscTrap(t, user.run(t).code, 128, "shares --root between users", "runsc/container/null_netns.go")
	user.flags = append(user.flags, "--gofer-network-namespace=new")
	user.run(t).must(t, 0)
}

// TestTrapRunscUserNetwork: an ordinary user has no network of a sandbox's own.
func TestTrapRunscUserNetwork(t *testing.T) {
	b := newUserRunscBundle(t, "/usr/bin/true").networked("sandbox")
	runscTrap(t, b.run(t).code, 128, "has --network=sandbox with --rootless", "runsc/cmd/run.go")
	b.networked("none").run(t).must(t, 0)
}
