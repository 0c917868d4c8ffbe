//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"confine/integration/doctoredrunsc/change"
)

// The descriptors of runner/stage/order.go.
const (
	controlFD  = 3
	orderFD    = 5
	controlsFD = 6
)

// doctorFiles puts other files in the place of those that were inherited.
func doctorFiles(c change.Change) error {
	for fd, path := range c.Place {
		opened, err := unix.Open(host(path), unix.O_RDWR|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("descriptor %d: %w", fd, err)
		}
		if err := unix.Dup3(opened, fd, 0); err != nil {
			return fmt.Errorf("descriptor %d: %w", fd, err)
		}
	}
	if c.Swap {
		if err := swapOutput(); err != nil {
			return err
		}
	}
	for fd, parts := range map[int]map[string]json.RawMessage{orderFD: c.Order, controlsFD: c.Controls} {
		if len(parts) == 0 {
			continue
		}
		if err := replace(fd, parts); err != nil {
			return fmt.Errorf("descriptor %d: %w", fd, err)
		}
	}
	return nil
}

func swapOutput() error {
	stdout, err := unix.FcntlInt(1, unix.F_DUPFD_CLOEXEC, 10)
	if err != nil {
		return err
	}
	return errors.Join(unix.Dup3(2, 1, 0), unix.Dup3(stdout, 2, 0))
}

// replace puts a sealed memfd with other contents at a descriptor. Its writer may still
// be at work.
func replace(fd int, parts map[string]json.RawMessage) error {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		seals, err := unix.FcntlInt(uintptr(fd), unix.F_GET_SEALS, 0)
		if err == nil && seals&unix.F_SEAL_WRITE != 0 {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("seals %o, %w", seals, err)
		}
	}
	old := os.NewFile(uintptr(fd), "")
	data, err := io.ReadAll(io.NewSectionReader(old, 0, 1<<30))
	if err != nil {
		return err
	}
	var whole map[string]any
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(&whole); err != nil {
		return err
	}
	for way, value := range parts {
		if !strings.HasPrefix(way, "+") {
			if err := there(whole, way); err != nil {
				return err
			}
		}
		if err := set(whole, strings.TrimPrefix(way, "+"), value); err != nil {
			return err
		}
	}
	if data, err = json.Marshal(whole); err != nil {
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

// there finds a part that is to be replaced.
func there(in map[string]any, way string) error {
	var at any = in
	for _, key := range strings.Split(way, ".") {
		next, ok := at.(map[string]any)[key]
		if !ok {
			return fmt.Errorf("no %s", way)
		}
		at = next
	}
	return nil
}
