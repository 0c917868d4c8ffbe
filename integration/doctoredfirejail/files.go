//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"confine/integration/doctoredfirejail/change"
)

// The descriptors of runner/stage/order.go.
const (
	orderFD    = 5
	controlsFD = 6
	profileFD  = 9
)

// doctorFiles puts other sealed files in the place of those that were inherited.
func doctorFiles(c change.Change) error {
	if len(c.Drop)+len(c.First)+len(c.Last) > 0 {
		if err := replace(profileFD, func(data []byte) ([]byte, error) { return doctorProfile(c, data) }); err != nil {
			return fmt.Errorf("profile: %w", err)
		}
	}
	for fd, path := range c.Place {
		if err := place(path, fd); err != nil {
			return fmt.Errorf("descriptor %d: %w", fd, err)
		}
	}
	for fd, parts := range map[int]map[string]json.RawMessage{orderFD: c.Order, controlsFD: c.Controls} {
		if len(parts) == 0 {
			continue
		}
		if err := replace(fd, func(data []byte) ([]byte, error) { return doctorJSON(parts, data) }); err != nil {
			return fmt.Errorf("descriptor %d: %w", fd, err)
		}
	}
	return nil
}

func doctorProfile(c change.Change, data []byte) ([]byte, error) {
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	for _, drop := range c.Drop {
		i := slices.Index(lines, drop)
		if i < 0 {
			return nil, fmt.Errorf("no line %q in\n%s", drop, data)
		}
		lines = slices.Delete(lines, i, i+1)
	}
	lines = append(append(slices.Clone(c.First), lines...), c.Last...)
	return []byte(strings.Join(lines, "\n") + "\n"), nil
}

func doctorJSON(parts map[string]json.RawMessage, data []byte) ([]byte, error) {
	var whole map[string]any
	decoder := json.NewDecoder(bytes.NewReader(data))
	// Limits are wider than a float.
	decoder.UseNumber()
	if err := decoder.Decode(&whole); err != nil {
		return nil, err
	}
	for way, value := range parts {
		into, keys := whole, strings.Split(way, ".")
		for _, key := range keys[:len(keys)-1] {
			next, ok := into[key].(map[string]any)
			if !ok {
				return nil, fmt.Errorf("no %q on the way to %s", key, way)
			}
			into = next
		}
		last := keys[len(keys)-1]
		if _, there := into[last]; !there {
			return nil, fmt.Errorf("no %s", way)
		}
		into[last] = value
	}
	return json.Marshal(whole)
}

// replace puts a sealed memfd with other contents at a descriptor.
func replace(fd int, doctor func([]byte) ([]byte, error)) error {
	old := os.NewFile(uintptr(fd), "")
	info, err := old.Stat()
	if err != nil {
		return err
	}
	data := make([]byte, info.Size())
	if _, err := old.ReadAt(data, 0); err != nil && err != io.EOF {
		return err
	}
	if data, err = doctor(data); err != nil {
		return err
	}
	memfd, err := unix.MemfdCreate("doctored", unix.MFD_ALLOW_SEALING)
	if err != nil {
		return err
	}
	if _, err := unix.Write(memfd, data); err != nil {
		return err
	}
	if _, err := unix.Seek(memfd, 0, io.SeekStart); err != nil {
		return err
	}
	const all = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE
	if _, err := unix.FcntlInt(uintptr(memfd), unix.F_ADD_SEALS, all); err != nil {
		return err
	}
	return unix.Dup3(memfd, fd, 0)
}

// place opens a file at a descriptor that firejail inherits.
func place(path string, at int) error {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	return unix.Dup3(fd, at, 0)
}

// leak opens a file for the sandbox and tells firejail to keep it.
func leak(path string, arguments []string) ([]string, error) {
	if path == "" {
		return arguments, nil
	}
	if err := place(path, change.LeakFD); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(arguments, func(a string) bool { return strings.HasPrefix(a, "--keep-fd=") })
	if i < 0 {
		return nil, fmt.Errorf("no --keep-fd in %q", arguments)
	}
	arguments[i] += "," + strconv.Itoa(change.LeakFD)
	return arguments, nil
}
