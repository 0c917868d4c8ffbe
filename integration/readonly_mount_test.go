//go:build linux

package integration

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestReadOnlyMounts: what a policy lets be written and the host has on a mount that is read-only,
// as below docker run --read-only, stays read-only, and is nothing that is wrong with the sandbox.
func TestReadOnlyMounts(t *testing.T) {
	dir := owned(t, filepath.Join(tree(t), "data"))
	written := file(t, filepath.Join(dir, "file"), "x", 0o666)
	filesystem := fmt.Sprintf("write = [%q]", dir)
	for _, tc := range []struct {
		name, policy string
		cmd          func(string, ...string) *exec.Cmd
	}{
		{"firejail, by root", writePolicy(t, filesystem, ""), confined},
		{"firejail, by the user", writePolicy(t, filesystem, ""), confinedByUser},
		{"gvisor, by root", guestPolicy(t, filesystem, ""), guest},
		{"gvisor, by the user", guestPolicy(t, filesystem, ""), guestByUser},
		{"native, by root", signedForNative(t, filesystem, ""), native},
		{"native, by the user", signedForNative(t, filesystem, ""), nativeByUser},
		{"native in namespaces, by root", signedForNative(t, filesystem, ""), ownNative},
		{"native in namespaces, by the user", signedForNative(t, filesystem, ""), ownNativeByUser},
	} {
		t.Run(tc.name, func(t *testing.T) {
			try := "append " + written
			for want, script := range map[string]string{
				"ok":    "",
				"EROFS": fmt.Sprintf("mount --bind %q %q; mount -o remount,bind,ro %q", dir, dir, dir),
			} {
				o := finish(t, before(tc.cmd(tc.policy, probe, try), script, "--mount")).must(t, 0)
				if got := answers(t, o.stdout)[try]; got != want {
					t.Errorf("%s: %s, expected %s\n%s", try, got, want, o.stderr)
				}
			}
		})
	}
}
