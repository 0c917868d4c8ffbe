//go:build linux

package runner

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
)

// factsOf says what is at the paths of a policy in a root file system. tool is where
// the backend's tool finds that root.
func factsOf(fs policy.Filesystem, root, tool string) (*compiler.Root, error) {
	facts := &compiler.Root{Path: tool, Host: keeperHost, Kinds: map[string]compiler.PathKind{}}
	for _, e := range fs.Entries {
		info, err := os.Lstat(filepath.Join(root, e.Path))
		switch {
		case errors.Is(err, os.ErrNotExist), errors.Is(err, unix.ENOTDIR):
		case err != nil:
			return nil, refuse("look at %s%s: %v", e.Path, where(e.At), err)
		case info.IsDir():
			facts.Kinds[e.Path] = compiler.KindDirectory
		default:
			facts.Kinds[e.Path] = compiler.KindFile
		}
	}
	return facts, nil
}
