//go:build linux

package runner

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// removeFresh removes the directories of the launch with all that is in them, also what the
// program closed to itself.
func removeFresh(fresh map[string]string) error {
	for _, path := range slices.Sorted(maps.Keys(fresh)) {
		dir := fresh[path]
		if os.RemoveAll(dir) == nil {
			continue
		}
		_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if entry != nil && entry.IsDir() && err == nil {
				_ = os.Chmod(path, 0o700)
			}
			return nil
		})
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("remove a directory of [filesystem] tmp: %w", err)
		}
	}
	return nil
}
