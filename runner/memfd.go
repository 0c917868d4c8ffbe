//go:build linux

package runner

import (
	"encoding/json"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"confine/runner/stage"
)

// newMemfd makes a file that has no name anywhere, see memfd_create(2). A launch
// writes nothing to disk, so that none of it can be left behind.
func newMemfd(name string) (*os.File, error) {
	fd, err := unix.MemfdCreate("confine-"+name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("make a memfd for the %s: %w", name, err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

// sealedMemfd makes a memfd with the data that nobody can change any more.
func sealedMemfd(name string, data []byte) (*os.File, error) {
	f, err := newMemfd(name)
	if err != nil {
		return nil, err
	}
	if err := fillMemfd(f, name, data); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// fillMemfd writes the data and seals the file.
func fillMemfd(f *os.File, name string, data []byte) error {
	_, err := f.Write(data)
	if err == nil {
		_, err = f.Seek(0, 0)
	}
	if err == nil {
		err = stage.Seal(int(f.Fd()))
	}
	if err != nil {
		return fmt.Errorf("fill the memfd for the %s: %w", name, err)
	}
	return nil
}

func sealedJSON(name string, value any) (*os.File, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encode the %s: %w", name, err)
	}
	return sealedMemfd(name, data)
}
