//go:build linux

package runner

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// receiptFile is a receipt that appears under its name only when it is whole.
// Until then it has no name, so that a killed runner leaves nothing behind.
type receiptFile struct {
	path string
	file *os.File
	// temporary is the name on file systems without O_TMPFILE, see open(2).
	temporary string
}

// openReceipt makes sure before the launch that the evidence can be written.
func openReceipt(path string) (*receiptFile, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		r := refuse("the receipt cannot be written")
		r.Found, r.Expected = path+" is a directory", "the name of a file"
		return nil, r
	}
	dir := filepath.Dir(path)
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_WRONLY|unix.O_CLOEXEC, 0o600)
	if err == nil {
		return &receiptFile{path: path, file: os.NewFile(uintptr(fd), path)}, nil
	}
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EISDIR) {
		var file *os.File
		if file, err = os.CreateTemp(dir, ".confine-receipt-*"); err == nil {
			return &receiptFile{path: path, file: file, temporary: file.Name()}, nil
		}
	}
	// A temporary file's name would tell nobody anything.
	var cause *os.PathError
	if errors.As(err, &cause) {
		err = cause.Err
	}
	r := refuse("the receipt cannot be written")
	r.Found = fmt.Sprintf("make a file in %s: %v", dir, err)
	r.Expected = "a directory in which this user can make files"
	return nil, r
}

func (f *receiptFile) write(r Receipt) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the receipt: %w", err)
	}
	if _, err = f.file.Write(append(data, '\n')); err == nil {
		err = f.file.Sync()
	}
	if err == nil {
		err = f.publish()
	}
	if err != nil {
		return fmt.Errorf("write the receipt: %w", err)
	}
	return nil
}

// publish gives the file its name, in place of what may have it now.
func (f *receiptFile) publish() error {
	if f.temporary == "" {
		self := "/proc/self/fd/" + strconv.Itoa(int(f.file.Fd()))
		err := unix.Linkat(unix.AT_FDCWD, self, unix.AT_FDCWD, f.path, unix.AT_SYMLINK_FOLLOW)
		if !errors.Is(err, unix.EEXIST) {
			return err
		}
		// linkat(2) replaces nothing; rename(2) does, and needs a name to start from.
		f.temporary = filepath.Join(filepath.Dir(f.path), ".confine-receipt-"+rand.Text())
		if err := unix.Linkat(unix.AT_FDCWD, self, unix.AT_FDCWD, f.temporary, unix.AT_SYMLINK_FOLLOW); err != nil {
			return err
		}
	}
	return os.Rename(f.temporary, f.path)
}

// discard removes what a launch without a receipt leaves.
func (f *receiptFile) discard() {
	if f.temporary != "" {
		_ = os.Remove(f.temporary)
	}
	_ = f.file.Close()
}
