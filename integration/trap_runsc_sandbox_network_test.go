//go:build linux

package integration

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// TestTrapRunscSandboxNetworkWithoutRoot: for the user 0 of a user namespace that has no other
// user, runsc has no network of the sentry's own, with --rootless or without. For any other
// user with capabilities there it has.
func TestTrapRunscSandboxNetworkWithoutRoot(t *testing.T) {
	try := func(id string, flags ...string) string {
		b := newUserRunscBundle(t, "/usr/bin/python3", "-c", interfaces)
		b.networked("sandbox", specs.LinuxNamespace{Type: specs.NetworkNamespace, Path: "/proc/self/ns/net"})
		b.flags = append(slices.DeleteFunc(b.flags, func(f string) bool { return f == "--rootless" }), append(flags, "--directfs=false")...)
		if id != "0" {
			b.Linux.Namespaces = append(b.Linux.Namespaces, specs.LinuxNamespace{Type: specs.UserNamespace})
			b.rewrite = func(text string) string {
				mapping := fmt.Sprintf(`[{"containerID": 0, "hostID": %s, "size": 1}]`, id)
				return strings.Replace(text, `"linux": {`, `"linux": {"uidMappings": `+mapping+`, "gidMappings": `+mapping+`,`, 1)
			}
		}
		cmd := b.command(t)
		cmd.Args = append([]string{
			"unshare", "--user", "--map-user=" + id, "--map-group=" + id, "--keep-caps", "--mount", "--net", "--pid", "--fork", "--mount-proc", "--",
		}, cmd.Args...)
		cmd.Path = "/usr/bin/unshare"
		o := finish(t, cmd)
		if o.code != 0 {
			return o.failure()
		}
		return strings.Join(strings.Fields(o.stdout), " ")
	}
	if got := try("0", "--rootless"); !strings.Contains(got, "sandbox network isn't supported with --rootless") {
		runscTrap(t, got, "sandbox network isn't supported with --rootless", "has that network with --rootless", "runsc/cmd/run.go")
	}
	if got := try("0"); !strings.HasPrefix(got, "exit code 128") {
		runscTrap(t, got, "exit code 128", "needs no other user for it", "runsc/sandbox/sandbox.go")
	}
	runscControl(t, try("1"), "", "another user with capabilities (a namespace without interfaces)")
}
