//go:build linux

package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"confine/compiler/firejail"
)

// FirejailStatus is what the host has of firejail.
type FirejailStatus struct {
	// Path is empty if there is none.
	Path    string `json:"path"`
	Version string `json:"version"`
	// Problems are the reasons why it would not confine here; none means usable.
	Problems []Problem `json:"problems"`
}

// Problem is one reason, with what would help.
type Problem struct {
	Message  string   `json:"message"`
	Found    string   `json:"found"`
	Expected string   `json:"expected"`
	Instead  []string `json:"instead"`
}

// Usable reports whether firejail would confine here, as far as can be seen
// before it runs. The attestation has the last word.
func (f FirejailStatus) Usable() bool { return f.Path != "" && len(f.Problems) == 0 }

// firejailPaths are where distributions and firejail's own install put it. PATH
// is not asked: it belongs to whoever called.
var firejailPaths = []string{"/usr/bin/firejail", "/usr/local/bin/firejail"}

const installFirejail = "apt-get install firejail"

func probeFirejail() FirejailStatus {
	var f FirejailStatus
	for _, path := range firejailPaths {
		if _, err := os.Lstat(path); err == nil {
			f.Path = path
			break
		}
	}
	add := func(p Problem) { f.Problems = append(f.Problems, p) }
	if f.Path == "" {
		add(Problem{
			Message: "firejail is not installed", Found: "nothing at " + strings.Join(firejailPaths, " or "),
			Expected: "firejail " + knownFirejails(), Instead: []string{installFirejail},
		})
		return f
	}
	for _, p := range firejailBinaryProblems(f.Path) {
		add(p)
	}
	if p, refused := firejailStateProblem(firejailState, os.Getuid()); refused {
		add(p)
	}
	// A version is asked only of a file that root vouches for.
	if len(f.Problems) > 0 {
		return f
	}
	version, err := firejailVersion(f.Path)
	if err != nil {
		add(Problem{Message: "firejail does not tell its version", Found: err.Error(), Expected: "firejail version " + firejail.Known[0].String()})
	} else if p, refused := firejailVersionProblem(version); refused {
		add(p)
	}
	f.Version = version
	for _, p := range firejailConfigProblems(firejailConfigs[f.Path]) {
		add(p)
	}
	return f
}

// firejailBinaryProblems checks owner and mode. Without its SUID bit firejail
// cannot confine, and one that others can write confines nobody.
func firejailBinaryProblems(path string) []Problem {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return []Problem{{Message: "firejail cannot be looked at", Found: err.Error()}}
	}
	var problems []Problem
	mode := fmt.Sprintf("mode %04o, uid %d", st.Mode&0o7777, st.Uid)
	if st.Uid != 0 || st.Mode&0o022 != 0 {
		problems = append(problems, Problem{
			Message: "firejail can be replaced by users other than root", Found: path + ": " + mode,
			Expected: "owned by root and writable by nobody else",
			Instead:  []string{"chown root:root " + path, "chmod 4755 " + path},
		})
	} else if st.Mode&unix.S_ISUID == 0 {
		problems = append(problems, Problem{
			Message: "firejail lacks its SUID bit", Found: path + ": " + mode, Expected: "mode 4755",
			Instead: []string{"chmod u+s " + path},
		})
	}
	var fs unix.Statfs_t
	if unix.Statfs(path, &fs) == nil && fs.Flags&unix.ST_NOSUID != 0 {
		problems = append(problems, Problem{
			Message: "firejail lies on a file system mounted nosuid", Found: path, Expected: "a mount without nosuid",
		})
	}
	return problems
}

// firejailStateProblem finds a directory that firejail could not make or write. Over one that
// is there, a root runner mounts another.
func firejailStateProblem(dir string, uid int) (p Problem, refused bool) {
	var fs unix.Statfs_t
	err := unix.Statfs(dir, &fs)
	if err != nil {
		err = unix.Statfs(filepath.Dir(dir), &fs)
	} else if uid == 0 {
		return Problem{}, false
	}
	if err != nil || fs.Flags&unix.ST_RDONLY == 0 {
		return Problem{}, false
	}
	return Problem{
		Message: "firejail cannot write " + dir, Found: "a file system mounted read-only", Expected: "a writable one",
		Instead: []string{"beside docker run --read-only: --tmpfs " + filepath.Dir(dir) + ":mode=755"},
	}, true
}

// firejailVersion runs firejail --version, which starts no sandbox.
func firejailVersion(path string) (string, error) {
	const limit = 5 * time.Second
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "--version")
	cmd.Env = []string{"PATH=/usr/bin:/bin"}
	cmd.Dir = "/"
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			return "", err
		}
		if exit.Sys().(syscall.WaitStatus).Signaled() {
			return "", fmt.Errorf("no answer within %s", limit)
		}
		// A line of its configuration that it does not know is said there.
		if said, _, _ := strings.Cut(strings.TrimSpace(string(exit.Stderr)), "\n"); said != "" {
			return "", fmt.Errorf("%w: %.200s", err, said)
		}
		return "", err
	}
	first, _, _ := strings.Cut(string(out), "\n")
	version, ok := strings.CutPrefix(first, "firejail version ")
	if !ok {
		return "", fmt.Errorf("firejail --version printed %.40q", first)
	}
	return strings.TrimSpace(version), nil
}
