//go:build linux

package stage

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
)

// maxSamples bounds the search for a file to map below one entry.
const maxSamples = 64

// probeName is a name that no directory has. Nobody can know it, and so make launches
// fail by having it.
var probeName = ".confine-" + rand.Text()

// checkDeeds does at every entry what the policy or the host forbids there: flags say what a mount
// is, and only a try says what it does.
func checkDeeds(e compiler.Expectation, controls map[string]PathControl) []Check {
	var checks []Check
	for _, p := range e.Paths {
		var st unix.Stat_t
		if !p.Mode.Visible() || p.Replaced || unix.Stat(p.Path, &st) != nil {
			continue
		}
		directory := st.Mode&unix.S_IFMT == unix.S_IFDIR
		sample := p.Path
		if directory && p.Mode == policy.ModeTmp {
			sample = filepath.Join(p.Path, probeName)
			checks = append(checks, deed(p, "make a file", "", makeFile(sample)))
		} else if directory {
			sample = sampleIn(p.Path, e)
		}
		if directory && p.Mode != policy.ModeTmp && (p.Mode != policy.ModeWrite || controls[p.Path].ReadOnly) {
			// Where permissions alone refuse it, it shows nothing of the mount.
			probe := filepath.Join(p.Path, probeName)
			err := makeFile(probe)
			if !errors.Is(err, unix.EACCES) {
				checks = append(checks, deed(p, "make a file", "EROFS", err))
			}
			if err == nil {
				_ = unix.Unlink(probe) // it is the host's own directory
			}
		}
		if sample != "" && openable(sample) {
			refusal := "EPERM"
			if p.Mode.Allows(policy.AccessMap) {
				refusal = ""
			}
			checks = append(checks, deed(p, "map with PROT_EXEC", refusal, mapExecutable(sample)))
		}
		if directory && p.Mode == policy.ModeTmp {
			_ = unix.Unlink(sample)
		}
	}
	return checks
}

// deed is a check of what a try gave; refusal is "" where it has to succeed.
func deed(p compiler.PathExpectation, what, refusal string, err error) Check {
	found, expected := "done", "done"
	if err != nil {
		found = unix.ErrnoName(errno(err))
	}
	if refusal != "" {
		expected = refusal
	}
	return equal(clauseOf(p), p.Path+": "+what, p.At, expected, found)
}

// makeFile makes an empty file, which nobody but the sandbox sees where that succeeds.
func makeFile(path string) error {
	fd, err := unix.Open(path, unix.O_CREAT|unix.O_WRONLY|unix.O_EXCL|unix.O_CLOEXEC, 0o600)
	if err == nil {
		_, err = unix.Write(fd, []byte{0})
		_ = unix.Close(fd)
	}
	return err
}

// sampleIn gives a file of a directory, by no name that has an entry of its own, or "".
func sampleIn(dir string, e compiler.Expectation) string {
	f, err := os.Open(dir)
	if err != nil {
		return ""
	}
	defer f.Close()
	entries, _ := f.ReadDir(maxSamples)
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if entry.Type().IsRegular() && !nestedEntry(path, e) && openable(path) {
			if info, err := entry.Info(); err == nil && info.Size() > 0 {
				return path
			}
		}
	}
	return ""
}

func mapExecutable(path string) error {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	memory, err := unix.Mmap(fd, 0, 1, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE)
	if err == nil {
		_ = unix.Munmap(memory)
	}
	return err
}
