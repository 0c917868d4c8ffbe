//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"confine/integration/doctoredrunsc/change"
)

// doctorBundle changes config.json and the skeleton beside it.
func doctorBundle(c change.Change, bundle string) error {
	for _, name := range c.Skeleton {
		err := inDirectoryOf(filepath.Join(bundle, name), func(path string) error {
			if strings.HasSuffix(name, "/") {
				return os.Mkdir(path, 0o755)
			}
			return os.WriteFile(path, []byte("x"), 0o644)
		})
		if err != nil {
			return err
		}
	}
	for name, target := range c.Links {
		err := inDirectoryOf(filepath.Join(bundle, name), func(path string) error {
			return errors.Join(os.RemoveAll(path), os.Symlink(target, path))
		})
		if err != nil {
			return err
		}
	}
	for name, mode := range c.Modes {
		if err := os.Chmod(filepath.Join(bundle, name), os.FileMode(mode)); err != nil {
			return err
		}
	}
	path := filepath.Join(bundle, "config.json")
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if data, err = doctorConfig(c, data); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}

// inDirectoryOf makes something in a directory that can be passed through and no more.
func inDirectoryOf(path string, make func(string) error) error {
	dir := filepath.Dir(path)
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	return errors.Join(make(path), os.Chmod(dir, info.Mode().Perm()))
}

func doctorConfig(c change.Change, data []byte) ([]byte, error) {
	var config map[string]any
	decoder := json.NewDecoder(bytes.NewReader(data))
	// Limits are wider than a float.
	decoder.UseNumber()
	if err := decoder.Decode(&config); err != nil {
		return nil, err
	}
	for way, value := range c.Config {
		if err := set(config, way, value); err != nil {
			return nil, err
		}
	}
	if err := doctorMounts(c, config); err != nil {
		return nil, err
	}
	if err := doctorLimits(c, config); err != nil {
		return nil, err
	}
	if c.DropNamespace != "" {
		linux := config["linux"].(map[string]any)
		all := linux["namespaces"].([]any)
		kept := slices.DeleteFunc(slices.Clone(all), func(n any) bool { return n.(map[string]any)["type"] == c.DropNamespace })
		if len(kept) == len(all) {
			return nil, fmt.Errorf("no namespace %s", c.DropNamespace)
		}
		linux["namespaces"] = kept
	}
	return json.Marshal(config)
}

func set(into map[string]any, way string, value json.RawMessage) error {
	keys := strings.Split(way, ".")
	for _, key := range keys[:len(keys)-1] {
		next, ok := into[key].(map[string]any)
		if !ok {
			return fmt.Errorf("no %q on the way to %s", key, way)
		}
		into = next
	}
	into[keys[len(keys)-1]] = value
	return nil
}

func doctorMounts(c change.Change, config map[string]any) error {
	mounts := config["mounts"].([]any)
	find := func(destination string) (int, error) {
		i := slices.IndexFunc(mounts, func(m any) bool { return m.(map[string]any)["destination"] == destination })
		if i < 0 {
			return 0, fmt.Errorf("nothing is mounted at %s", destination)
		}
		return i, nil
	}
	for _, destination := range c.DropMounts {
		i, err := find(destination)
		if err != nil {
			return err
		}
		mounts = slices.Delete(mounts, i, i+1)
	}
	for destination, edit := range c.Mounts {
		i, err := find(destination)
		if err != nil {
			return err
		}
		if err := doctorMount(edit, mounts[i].(map[string]any)); err != nil {
			return fmt.Errorf("%s: %w", destination, err)
		}
	}
	for _, m := range c.AddMounts {
		mounts = append(mounts, m)
	}
	config["mounts"] = mounts
	return nil
}

func doctorMount(edit change.Mount, mount map[string]any) error {
	if edit.Source != "" {
		mount["source"] = edit.Source
	}
	if edit.Type != "" {
		mount["type"] = edit.Type
	}
	options, _ := mount["options"].([]any)
	for _, drop := range edit.Drop {
		i := slices.Index(options, any(drop))
		if i < 0 {
			return fmt.Errorf("no option %s in %v", drop, options)
		}
		options = slices.Delete(options, i, i+1)
	}
	for _, add := range edit.Add {
		options = append(options, add)
	}
	if edit.Options != nil {
		options = nil
		for _, o := range edit.Options {
			options = append(options, o)
		}
	}
	mount["options"] = options
	return nil
}

func doctorLimits(c change.Change, config map[string]any) error {
	process := config["process"].(map[string]any)
	limits, _ := process["rlimits"].([]any)
	for kind, value := range c.Limits {
		limits = slices.DeleteFunc(limits, func(l any) bool { return l.(map[string]any)["type"] == kind })
		limits = append(limits, map[string]any{"type": kind, "soft": uint64(value), "hard": uint64(value)})
	}
	process["rlimits"] = limits
	return nil
}
