//go:build linux

package integration

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"confine/compiler"
	"confine/policy"
)

// The backend that is named is taken, and auto takes the first one that is there and
// enforces the whole policy.
func TestBackendOfChoice(t *testing.T) {
	const files = `read = ["/etc/hosts"]` // which Landlock lets the program map, too
	alone := guestPolicy(t, files, accepted(compiler.Native, policy.ClauseFilesystemMap))
	accepted, plain := guestPolicy(t, files, ""), writePolicy(t, files, "")
	dir := tree(t)
	empty := mkdirIn(t, dir, "empty")
	bare := file(t, filepath.Join(dir, "firejail"), readText(t, firejailPath), 0o755)
	withoutRunsc := map[string]string{filepath.Dir(runscPath): empty}
	withoutFirejail := map[string]string{firejailPath: bare}
	without := map[string]string{filepath.Dir(runscPath): empty, firejailPath: bare}
	for _, tc := range []struct {
		name, backend, policy string
		replaced              map[string]string
		takes                 string
		says                  []string
	}{
		{"both can", "auto", accepted, nil, "gvisor", nil},
		{"the policy takes no exception", "auto", plain, nil, "firejail", nil},
		{"no runsc", "auto", accepted, withoutRunsc, "firejail", nil},
		{"no firejail", "auto", accepted, withoutFirejail, "gvisor", nil},
		{"no firejail, and no exception", "auto", plain, withoutFirejail, "native", nil},
		{"neither", "auto", accepted, without, "native", nil},
		{"neither, and the exception for native", "auto", alone, without, "native", nil},
		{"all three", "auto", alone, nil, "gvisor", nil},
		{"native", "native", alone, without, "native", nil},
		{"native without the exception", "native", accepted, nil, "native", nil}, // see TestNativeNamespacesRefused
		{"gvisor", "gvisor", accepted, nil, "gvisor", nil},
		{"firejail", "firejail", accepted, nil, "firejail", nil},
		{"gvisor without the exception", "gvisor", plain, nil, "", []string{"filesystem.map"}},
		{"gvisor without runsc", "gvisor", accepted, withoutRunsc, "", []string{"runsc is not installed"}},
		{"firejail without it", "firejail", accepted, withoutFirejail, "", []string{"SUID bit"}},
		{"one that is none", "bubblewrap", accepted, nil, "", []string{"bubblewrap", "gvisor"}},
	} {
		for _, caller := range guestCallers {
			t.Run(caller.name+"/"+tc.name, func(t *testing.T) {
				t.Parallel()
				o := replacing(t, wrapped(withBackend(caller.cmd(tc.policy, "/usr/bin/true"), tc.backend)), tc.replaced)
				if tc.takes == "" {
					wants(t, o.must(t, 125), append(tc.says, "nothing ran")...)
					return
				}
				if o.must(t, 0); !strings.Contains(o.stderr, "confine: "+tc.takes+" (") {
					t.Errorf("stderr: %s", o.stderr)
				}
			})
		}
	}
}

// auto never means none: where nothing confines, nothing runs, and what the policy asks
// for and one backend lacks is looked for in the other.
func TestAutoWithWhatOneBackendLacks(t *testing.T) {
	dir := tree(t)
	witness := filepath.Join(owned(t, filepath.Join(dir, "w")), "ran")
	// An ordinary caller gets no sized tmp from firejail.
	policy := guestPolicy(t, `tmp = [{ path = "/mnt", size = "1MiB" }]`, "")
	if o := finish(t, withBackend(guestByUser(policy, "/usr/bin/true"), "auto")).must(t, 0); !strings.Contains(o.stderr, "confine: gvisor (") {
		t.Errorf("stderr: %s", o.stderr)
	}
	wants(t, finish(t, withBackend(guestByUser(policy, "/usr/bin/true"), "firejail")).must(t, 125), "nothing ran")
	// Neither limits memory for one.
	limited := guestPolicy(t, "", "memory = \"256MiB\"\n")
	wants(t, finish(t, withBackend(guestByUser(limited, "/usr/bin/touch", witness), "auto")).must(t, 125), "nothing ran", "memory")
	if finish(t, exec.Command("/usr/bin/test", "-e", witness)).code == 0 {
		t.Error("the program ran")
	}
}
