//go:build linux

package runner

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/compiler/gvisor"
)

// GVisorStatus is what the host has of gVisor.
type GVisorStatus struct {
	// Path is empty if there is no runsc.
	Path string `json:"path"`
	// Version is the date of the release.
	Version string `json:"version"`
	// Platform is how a sentry would get the system calls of its guest; it is empty until
	// that was tried.
	Platform string `json:"platform,omitempty"`
	// Problems are the reasons why it would not confine here; none means usable.
	Problems []Problem `json:"problems"`
}

// runscPaths are where gVisor's own packages and administrators put it. PATH is not
// asked: it belongs to whoever called.
var runscPaths = []string{"/usr/local/bin/runsc", "/usr/bin/runsc"}

// runscLimit is how long runsc may take to tell its version.
const runscLimit = 5 * time.Second

const installRunsc = "GOBIN=/usr/local/bin go install " + gvisor.Module + "/runsc@" + gvisor.ModuleVersion

func probeGVisor() GVisorStatus {
	var g GVisorStatus
	for _, path := range runscPaths {
		if _, err := os.Lstat(path); err == nil {
			g.Path = path
			break
		}
	}
	add := func(p Problem) { g.Problems = append(g.Problems, p) }
	if g.Path == "" {
		add(Problem{
			Message: "runsc is not installed", Found: "nothing at " + strings.Join(runscPaths, " or "),
			Expected: "runsc " + gvisor.Known[0].String(), Instead: []string{installRunsc},
		})
		return g
	}
	if p, found := runscBinaryProblem(g.Path); found {
		// A version is asked only of a file that root vouches for.
		add(p)
		return g
	}
	version, err := runscVersion(g.Path)
	if err != nil {
		add(Problem{
			Message: "runsc does not tell its version", Found: err.Error(), Expected: "runsc " + gvisor.Known[0].String(),
			Instead: []string{installRunsc},
		})
		return g
	}
	g.Version = version.String()
	if refusal, refused := gvisor.CheckVersion(version); refused {
		add(Problem{Message: refusal.Message, Found: refusal.Found + " at " + g.Path, Expected: refusal.Expected, Instead: []string{installRunsc}})
	}
	return g
}

// runscBinaryProblem checks owner and mode of what will make the sandbox.
func runscBinaryProblem(path string) (Problem, bool) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return Problem{Message: "runsc cannot be looked at", Found: err.Error()}, true
	}
	mode := fmt.Sprintf("%s: mode %04o, uid %d", path, st.Mode&0o7777, st.Uid)
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return Problem{Message: "runsc is no regular file", Found: mode}, true
	case st.Uid != 0 || st.Mode&0o022 != 0:
		return Problem{
			Message: "runsc can be replaced by users other than root", Found: mode,
			Expected: "owned by root and writable by nobody else",
			Instead:  []string{"chown root:root " + path, "chmod 0755 " + path},
		}, true
	case st.Mode&0o001 == 0:
		return Problem{
			Message: "runsc cannot be executed", Found: mode, Expected: "mode 0755",
			Instead: []string{"chmod 0755 " + path},
		}, true
	}
	return Problem{}, false
}

// runscVersion reads the version that Go put into the binary, which starts nothing. A
// release that gVisor's own build made has none, and is asked.
func runscVersion(path string) (compiler.Version, error) {
	if info, err := buildinfo.ReadFile(path); err == nil && info.Main.Path == gvisor.Module {
		if v, ok := dateOf(info.Main.Version); ok {
			return v, nil
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), runscLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "--version")
	cmd.Env = []string{"PATH=/usr/bin:/bin"}
	cmd.Dir = "/"
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return compiler.Version{}, fmt.Errorf("no answer within %s", runscLimit)
		}
		if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Exited() {
			return compiler.Version{}, fmt.Errorf("runsc --version ended with exit code %d", exit.ExitCode())
		}
		return compiler.Version{}, err
	}
	first, _, _ := strings.Cut(string(out), "\n")
	version, ok := strings.CutPrefix(first, "runsc version ")
	if !ok {
		return compiler.Version{}, fmt.Errorf("runsc --version printed %.40q", first)
	}
	if v, ok := dateOf(version); ok {
		return v, nil
	}
	return compiler.Version{}, fmt.Errorf("runsc --version printed %.40q, which has no date", first)
}

// datePattern finds the date in "release-20260905.0", in "0.0~20221219.0-1+b5" and in
// "v0.0.0-20260905035102-160fafc42237".
var datePattern = regexp.MustCompile(`(?:^|[^0-9])(20[0-9]{6})(?:[0-9]{6})?(?:[^0-9]|$)`)

func dateOf(version string) (compiler.Version, bool) {
	m := datePattern.FindStringSubmatch(version)
	if m == nil {
		return compiler.Version{}, false
	}
	date, err := strconv.Atoi(m[1])
	return compiler.Version{Major: date}, err == nil
}
