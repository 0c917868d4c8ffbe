//go:build linux

package runner

import (
	"os"
	"path/filepath"
	"testing"

	"confine/policy"
)

// hostTree makes dir/real (a directory), dir/link to it, dir/file and dir/dangling.
func hostTree(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "file"), "", 0o644)
	for _, err := range []error{
		os.Mkdir(filepath.Join(dir, "real"), 0o755),
		os.Mkdir(filepath.Join(dir, "real/below"), 0o755),
		os.Symlink("real", filepath.Join(dir, "link")),
		os.Symlink("link", filepath.Join(dir, "twice")),
		os.Symlink("nowhere", filepath.Join(dir, "dangling")),
		os.Symlink("loop", filepath.Join(dir, "loop")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var hostAt = policy.Position{File: "p.toml", Line: 3, Column: 9}

func TestCheckLink(t *testing.T) {
	dir := hostTree(t)
	for _, tc := range []struct{ name, from, to, found string }{
		{"leads there", "link", "real", ""},
		{"leads there by way of another link", "twice", "real", ""},
		{"is missing here", "no-such-link", "real", ""},
		{"dangles", "dangling", "real", ""},
		{"leads elsewhere", "link", "file", "link leads to " + dir + "/real"},
		{"is a directory", "real", "file", "real leads to " + dir + "/real"},
		{"the target is a link itself", "twice", "link", "twice leads to " + dir + "/real"},
		{"the target is missing", "link", "gone", "link leads to " + dir + "/real"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := checkLink("/", policy.Link{From: filepath.Join(dir, tc.from), To: filepath.Join(dir, tc.to), At: hostAt})
			if tc.found == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			r := refusalOf(t, err)
			mustContain(t, "message", r.Message, "(p.toml:3:9)")
			mustContain(t, "found", r.Found, tc.found)
			mustContain(t, "expected", r.Expected, "a link to "+filepath.Join(dir, tc.to))
		})
	}
	refusalOf(t, checkLink("/", policy.Link{From: filepath.Join(dir, "loop"), To: filepath.Join(dir, "real"), At: hostAt}))
}

func TestCheckEntry(t *testing.T) {
	dir := hostTree(t)
	const missing, elsewhere = "a path that the policy requires is missing (p.toml:3:9)",
		"a path of the policy leads elsewhere on this host (p.toml:3:9)"
	for _, tc := range []struct {
		name, path string
		mode       policy.PathMode
		optional   bool
		message    string
	}{
		{"there", "real", policy.ModeRead, false, ""},
		{"a file", "file", policy.ModeWrite, false, ""},
		{"missing", "gone", policy.ModeRead, false, missing},
		{"missing tmp", "gone", policy.ModeTmp, false, missing},
		{"missing and optional", "gone", policy.ModeRead, true, ""},
		{"a link", "link", policy.ModeExec, false, elsewhere},
		{"an optional link", "link", policy.ModeExec, true, elsewhere},
		{"through a link", "link/below", policy.ModeMap, false, elsewhere},
		{"a dangling link", "dangling", policy.ModeRead, false, missing},
		{"hidden and missing", "gone", policy.ModeHide, false, ""},
		{"absent, and a link here", "link", policy.ModeAbsent, false, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			entry := policy.PathEntry{Path: filepath.Join(dir, tc.path), Mode: tc.mode, Optional: tc.optional, At: hostAt}
			err := checkEntry("/", policy.Filesystem{}, entry)
			// The whole table says the same as its entries one by one.
			if all := checkHostPaths("/", policy.Filesystem{Entries: []policy.PathEntry{entry}}); (all == nil) != (err == nil) {
				t.Errorf("checkHostPaths says %v", all)
			}
			if tc.message == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			r := refusalOf(t, err)
			if r.Message != tc.message {
				t.Errorf("got  %q\nwant %q", r.Message, tc.message)
			}
			mustContain(t, "found", r.Found, entry.Path)
			if len(r.Instead) == 0 {
				t.Error("no remedy")
			}
		})
	}
	refusalOf(t, checkEntry("/", policy.Filesystem{}, policy.PathEntry{Path: filepath.Join(dir, "loop"), Mode: policy.ModeRead, At: hostAt}))
}

func TestChooseDirectory(t *testing.T) {
	dir := hostTree(t)
	allowed := func(mode policy.PathMode, path string) policy.Filesystem {
		return policy.Filesystem{Entries: []policy.PathEntry{{Path: path, Mode: mode, At: hostAt}}}
	}
	t.Chdir(filepath.Join(dir, "link"))
	for _, tc := range []struct {
		name    string
		policy  policy.Policy
		want    string
		message string
	}{
		{
			name: "the caller's, by its real path", policy: policy.Policy{Filesystem: allowed(policy.ModeRead, dir)},
			want: filepath.Join(dir, "real"),
		},
		{
			name: "the policy's", policy: policy.Policy{
				Filesystem: allowed(policy.ModeWrite, dir), Process: policy.Process{Directory: dir, DirectoryAt: hostAt},
			},
			want: dir,
		},
		{
			name: "not allowed", policy: policy.Policy{Filesystem: allowed(policy.ModeRead, "/usr/share")},
			message: "the policy does not allow the working directory",
		},
		{
			name: "hidden", policy: policy.Policy{Filesystem: allowed(policy.ModeHide, dir)},
			message: "the policy does not allow the working directory",
		},
		{
			name: "the policy's own tmp", policy: policy.Policy{
				Filesystem: allowed(policy.ModeTmp, "/tmp"), Process: policy.Process{Directory: "/tmp", DirectoryAt: hostAt},
			},
			want: "/tmp",
		},
		{
			name: "below a private tmp, where nothing is", policy: policy.Policy{Filesystem: allowed(policy.ModeTmp, dir)},
			message: "the working directory does not exist in the sandbox",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := chooseDirectory("/", &tc.policy)
			if tc.message != "" {
				if err == nil {
					t.Fatalf("chose %s", got)
				}
				mustContain(t, "message", refusalOf(t, err).Message, tc.message)
				return
			}
			if err != nil || got != tc.want {
				t.Errorf("got %q, %v, want %q", got, err, tc.want)
			}
		})
	}
}

// A path that is not there yet could not be mounted over, and would be open once
// somebody makes it.
func TestHideInsideVisibleMustExist(t *testing.T) {
	dir := t.TempDir()
	hide := policy.PathEntry{Path: filepath.Join(dir, "later"), Mode: policy.ModeHide, At: hostAt}
	visible := policy.PathEntry{Path: dir, Mode: policy.ModeRead, At: hostAt}
	if err := checkHostPaths("/", policy.Filesystem{Entries: []policy.PathEntry{visible, hide}}); err == nil {
		t.Error("a missing hidden path inside a visible directory was accepted")
	}
	if err := checkHostPaths("/", policy.Filesystem{Entries: []policy.PathEntry{hide}}); err != nil {
		t.Errorf("a missing hidden path that nothing shows: %v", err)
	}
}
