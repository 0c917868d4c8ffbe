//go:build linux

package stage

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// beside gives what a directory holds but for the exceptions, which are below it: as few
// paths as there can be, none of them an exception or above one. A rule on a link would be
// one on what it leads to, so links are left out: who opens one asks for its target.
func beside(dir string, except []string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		below := slices.ContainsFunc(except, func(e string) bool { return strings.HasPrefix(e, path+"/") })
		switch {
		case entry.Type()&os.ModeSymlink != 0, slices.Contains(except, path):
		case below && entry.IsDir():
			deeper, err := beside(path, except)
			if err != nil {
				return nil, err
			}
			paths = append(paths, deeper...)
		default:
			paths = append(paths, path)
		}
	}
	return paths, nil
}
