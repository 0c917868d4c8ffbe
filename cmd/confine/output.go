package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// checkOutput refuses a directory whose contents confine did not write: a bundle
// replaces config.json, and the whole of rootfs. root, if not empty, is the root file
// system that the bundle is for.
func checkOutput(directory, root string) error {
	entries, err := os.ReadDir(directory)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0:
		return nil
	case err != nil:
		return fmt.Errorf("look at the output directory: %w", err)
	}
	if !wroteBundle(directory) {
		return fmt.Errorf("%s holds files that confine did not write: expected a new or an empty directory, or one of an earlier compile", directory)
	}
	if root == "" {
		return nil
	}
	out, err := resolved(directory)
	if err != nil {
		return fmt.Errorf("look at the output directory: %w", err)
	}
	inside, err := resolved(root)
	if err != nil {
		return fmt.Errorf("look at the root file system: %w", err)
	}
	if strings.HasPrefix(inside+"/", strings.TrimSuffix(out, "/")+"/") {
		return fmt.Errorf("the root file system %s is in the output directory: what is there would be replaced", root)
	}
	return nil
}

// writeJSON writes an answer for scripts.
func writeJSON(w io.Writer, answer any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(answer)
}

// wroteBundle tells by the manifest.
func wroteBundle(directory string) bool {
	data, err := os.ReadFile(filepath.Join(directory, "manifest.json"))
	if err != nil {
		return false
	}
	var m struct {
		Policy string            `json:"policy_sha256"`
		Files  map[string]string `json:"files_sha256"`
	}
	return json.Unmarshal(data, &m) == nil && m.Policy != "" && m.Files != nil
}

func resolved(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}
