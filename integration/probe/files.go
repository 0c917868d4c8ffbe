//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// read opens and lists a directory; it opens, reads and maps a file.
func read(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	switch {
	case info.IsDir():
		_, err = f.ReadDir(-1)
	case info.Mode().IsRegular() && info.Size() > 0:
		err = agree(
			step{"read", func() error { _, err := f.Read(make([]byte, 1)); return err }},
			step{"map", func() error { return mapped(f, unix.PROT_READ, unix.MAP_PRIVATE) }},
		)
	}
	return err
}

// write does to a directory or a file everything that the word stands for, and
// puts it back.
func write(path string) error {
	var st unix.Stat_t
	err := unix.Stat(path, &st)
	switch {
	case err == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR:
		return writeDirectory(path, st)
	case err == nil && st.Mode&unix.S_IFMT != unix.S_IFREG:
		return openForWriting(path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		data = []byte("x")
	}
	other := path + ".renamed"
	return agree(append(contentSteps(path),
		step{"rename", func() error {
			if err := os.Rename(path, other); err != nil {
				return err
			}
			return os.Rename(other, path)
		}},
		step{"link", func() error {
			if err := os.Link(path, other); err != nil {
				return err
			}
			return os.Remove(other)
		}},
		step{"delete", func() error { return os.Remove(path) }},
		step{"create", func() error {
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o644)
			if err != nil {
				return err
			}
			_, err = f.Write(data)
			return errors.Join(err, f.Close())
		}},
	)...)
}

// contents is write for a file that is an entry of the policy by itself: as a
// mount point it can be neither renamed nor deleted.
func contents(path string) error { return agree(contentSteps(path)...) }

func contentSteps(path string) []step {
	st := unix.Stat_t{Mode: 0o644}
	_ = unix.Stat(path, &st)
	return []step{
		{"open", func() error { return openForWriting(path) }},
		{"truncate", func() error { return os.Truncate(path, st.Size) }},
		{"chmod", func() error { return unix.Chmod(path, st.Mode&0o1777) }},
		{"utimes", func() error { return unix.Utimes(path, make([]unix.Timeval, 2)) }},
	}
}

// openForWriting also writes a byte to a pipe: the sentry opens one for writing that
// is the end to read from, and fails then.
func openForWriting(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	if info, e := f.Stat(); e == nil && info.Mode()&os.ModeNamedPipe != 0 {
		_, err = f.Write([]byte("x"))
	}
	return errors.Join(err, f.Close())
}

func writeDirectory(path string, st unix.Stat_t) error {
	name := filepath.Join(path, fmt.Sprintf("probe-%d", os.Getpid()))
	removed := func(err error, name string) error {
		if err != nil {
			return err
		}
		return os.Remove(name)
	}
	return agree(
		step{"create", func() error {
			f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if err == nil {
				err = f.Close()
			}
			if err == nil {
				err = os.Rename(name, name+"-renamed")
			}
			return removed(err, name+"-renamed")
		}},
		step{"mkdir", func() error { return removed(os.Mkdir(name, 0o700), name) }},
		step{"symlink", func() error { return removed(os.Symlink("/nonexistent", name), name) }},
		step{"mkfifo", func() error { return removed(unix.Mkfifo(name, 0o600), name) }},
		step{"bind", func() error { return removed(bindUnix(name), name) }},
		step{"chmod", func() error {
			err := unix.Chmod(path, st.Mode&0o1777)
			if errors.Is(err, unix.EPERM) && int(st.Uid) != os.Getuid() {
				return errNotTried // only its owner can, with or without a sandbox
			}
			return err
		}},
	)
}

func bindUnix(path string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	// sockaddr_un holds 108 bytes.
	if len(path) > 107 {
		return errNotTried
	}
	return unix.Bind(fd, &unix.SockaddrUnix{Name: path})
}

// fill writes so many bytes to a new file: "fill PATH=BYTES".
func fill(target string) error {
	path, text, _ := strings.Cut(target, "=")
	size, err := strconv.Atoi(text)
	if err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(path) }()
	defer f.Close()
	_, err = f.Write(make([]byte, size))
	return err
}

// execute starts a copy of the probe.
func execute(path string) error { return child(path, "nothing") }

// executeCopy and mapCopy put a copy of the probe at a path first.
func executeCopy(path string) error { return withCopy(path, execute) }

func mapCopy(path string) error { return withCopy(path, mapExecutable) }

func withCopy(path string, do func(string) error) error {
	program, err := os.ReadFile(os.Args[0])
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, program, 0o755); err != nil {
		return fmt.Errorf("copy: %s", outcome(err))
	}
	defer func() { _ = os.Remove(path) }()
	return do(path)
}

// mapExecutable maps with PROT_EXEC at once, and by a later change of mind.
func mapExecutable(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return agree(
		step{"private", func() error { return mapped(f, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE) }},
		step{"shared", func() error { return mapped(f, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_SHARED) }},
		step{"mprotect", func() error {
			data, err := unix.Mmap(int(f.Fd()), 0, os.Getpagesize(), unix.PROT_READ, unix.MAP_PRIVATE)
			if err != nil {
				return err
			}
			return errors.Join(unix.Mprotect(data, unix.PROT_READ|unix.PROT_EXEC), unix.Munmap(data))
		}},
	)
}

func mapped(f *os.File, protection, flags int) error {
	data, err := unix.Mmap(int(f.Fd()), 0, os.Getpagesize(), protection, flags)
	if err != nil {
		return err
	}
	return unix.Munmap(data)
}

func stat(path string) error {
	var st unix.Stat_t
	return unix.Lstat(path, &st)
}
