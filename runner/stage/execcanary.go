//go:build linux

package stage

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
)

// maxCandidates bounds the search for a file to try below one entry.
const maxCandidates = 2000

// atExecveCheck is AT_EXECVE_CHECK of linux/fcntl.h, which x/sys lacks.
const atExecveCheck = 0x10000

// mayExecute asks the kernel whether execve would be allowed, without doing it:
// execveat(2) with AT_EXECVE_CHECK, since Linux 6.14. Older kernels answer EINVAL.
func mayExecute(path string) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	empty := []byte{0}
	vector := []*byte{nil}
	_, _, e := syscall.RawSyscall6(unix.SYS_EXECVEAT, uintptr(fd), uintptr(unsafe.Pointer(&empty[0])),
		uintptr(unsafe.Pointer(&vector[0])), uintptr(unsafe.Pointer(&vector[0])), unix.AT_EMPTY_PATH|atExecveCheck, 0)
	if e != 0 {
		return e
	}
	return nil
}

// findExecutables picks a file below each map and exec entry that the wrapper's
// mounts let anybody execute: only Landlock can make the difference between the
// two lists. A kernel that cannot answer gives none.
func findExecutables(e compiler.Expectation) map[string]string {
	found := map[string]string{}
	for _, p := range e.Paths {
		if p.Mode != policy.ModeMap && p.Mode != policy.ModeExec {
			continue
		}
		tried := 0
		_ = filepath.WalkDir(p.Path, func(path string, entry fs.DirEntry, err error) error {
			if tried++; err != nil && entry == nil || tried > maxCandidates {
				return fs.SkipAll
			}
			if path != p.Path && nestedEntry(path, e) {
				if entry.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
			if !entry.Type().IsRegular() || !executableMode(path) || mayExecute(path) != nil {
				return nil
			}
			found[p.Path] = path
			return fs.SkipAll
		})
	}
	return found
}

func executableMode(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&0o001 != 0
}

// nestedEntry reports whether a path has an entry of its own.
func nestedEntry(path string, e compiler.Expectation) bool {
	for _, p := range e.Paths {
		if p.Path == path {
			return true
		}
	}
	return false
}

// checkExecutables asks again under Landlock.
func checkExecutables(e compiler.Expectation, candidates map[string]string) []Check {
	var checks []Check
	for _, p := range e.Paths {
		path, ok := candidates[p.Path]
		if !ok {
			continue
		}
		found := "allowed"
		if err := mayExecute(path); err != nil {
			found = unix.ErrnoName(errno(err))
		}
		expected := "EACCES"
		if p.Mode == policy.ModeExec {
			expected = "allowed"
		}
		checks = append(checks, equal(clauseOf(p), "execve of "+path+" under Landlock", p.At, expected, found))
	}
	return checks
}
