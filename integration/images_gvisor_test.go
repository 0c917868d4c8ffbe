//go:build linux

package integration

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"

	"github.com/moby/profiles/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// gvisorCalls are what runsc needs of the system calls that Docker's default profile denies.
var gvisorCalls = []string{"clone", "mount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount"}

// gvisorProfile is a copy of Docker's default profile that also allows them.
func gvisorProfile(t *testing.T) string {
	t.Helper()
	profile := seccomp.DefaultProfile()
	profile.Syscalls = append(profile.Syscalls, &seccomp.Syscall{LinuxSyscall: specs.LinuxSyscall{Names: gvisorCalls, Action: specs.ActAllow}})
	data, err := json.Marshal(profile)
	if err != nil {
		t.Fatal(err)
	}
	return file(t, filepath.Join(tree(t), "seccomp.json"), string(data), 0o644)
}

// runsInGVisor: the image with runsc in it does what its base does, where the container allows it, and
// refuses under the default settings.
func (d dockerEngine) runsInGVisor(t *testing.T) {
	const image = "connector-gvisor"
	d.build(t, "Dockerfile.gvisor", baseImage, readText(t, "images/policy.toml"), image).must(t, 0)
	wants(t, d.run(t, image, "none", nil, "spec").must(t, 125), "nothing ran", "--security-opt seccomp=FILE")
	bare := d.runsBare(t)
	options := []string{"--security-opt", "seccomp=" + gvisorProfile(t), "--security-opt", "systempaths=unconfined"}
	t.Run("runs", func(t *testing.T) {
		for _, s := range settings {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				d.runsAsBare(t, image, "gvisor", slices.Concat(options, s.options), bare)
			})
		}
	})
}
