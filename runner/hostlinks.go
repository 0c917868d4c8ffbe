//go:build linux

package runner

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"confine/policy"
)

// checkUnnamedLinks refuses a host with a link that the policy does not name and
// that leads to something visible: firejail follows links when it closes what no
// entry covers, and would close the target with it.
func checkUnnamedLinks(fs policy.Filesystem) error {
	var missing []string
	for _, dir := range []string{"/", "/usr"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return refuse("list %s: %v", dir, err)
		}
		for _, entry := range entries {
			from := filepath.Join(dir, entry.Name())
			if entry.Type()&os.ModeSymlink == 0 || fs.ResolveLinks(from) != from {
				continue
			}
			if to, err := filepath.EvalSymlinks(from); err == nil && shows(fs, to) {
				missing = append(missing, fmt.Sprintf("%q = %q", from, to))
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	sort.Strings(missing)
	r := refuse("the policy does not name this host's links to what it shows")
	r.Expected = "every name for a path that the policy allows"
	r.Instead = []string{"add to [filesystem] links:", strings.Join(missing, ", ")}
	return r
}

// shows reports whether a path is visible, or leads to something that is.
func shows(fs policy.Filesystem, path string) bool {
	for _, e := range fs.Entries {
		if e.Mode.Visible() &&
			(e.Path == path || strings.HasPrefix(e.Path, path+"/") || strings.HasPrefix(path, e.Path+"/")) {
			return true
		}
	}
	return false
}
