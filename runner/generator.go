//go:build linux

package runner

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"confine/compiler/seccomp"
	"confine/policy/syscalls"
)

// generatorArgument makes the binary a process that writes one filter through
// libseccomp: the filter on stdin, the program on stdout, an error on stderr.
const generatorArgument = "__generate"

// generatorLimit is how long libseccomp may take for one filter. It takes
// milliseconds, or hangs.
const generatorLimit = 20 * time.Second

// A generatorProcess is libseccomp in a process of its own, which is killed if it takes
// too long: the library is C code that is known to hang on some rules.
type generatorProcess struct {
	seccomp.Generator // gives the name
	argument          string
	limit             time.Duration
}

// Libseccomp is [seccomp.Libseccomp] in a process of its own. The error is a
// [*seccomp.LibraryMissingError].
func Libseccomp() (seccomp.Generator, error) {
	library, err := seccomp.Libseccomp()
	if err != nil {
		return nil, err
	}
	return generatorProcess{library, generatorArgument, generatorLimit}, nil
}

// Generate implements [seccomp.Generator].
func (g generatorProcess) Generate(ctx context.Context, f syscalls.Filter) (seccomp.Generated, error) {
	input, err := json.Marshal(f)
	if err != nil {
		return seccomp.Generated{}, fmt.Errorf("encode the filter: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, g.limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/proc/self/exe", g.argument)
	cmd.Env = []string{}
	cmd.Dir = "/"
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return seccomp.Generated{}, fmt.Errorf("%s did not finish within %s and was killed: --seccomp-generator go writes the same filter", g.Name(), g.limit)
		}
		return seccomp.Generated{}, fmt.Errorf("%s failed: %w: %s", g.Name(), err, strings.TrimSpace(stderr.String()))
	}
	var generated seccomp.Generated
	if err := json.Unmarshal(stdout.Bytes(), &generated); err != nil {
		return seccomp.Generated{}, fmt.Errorf("decode the program of %s: %w", g.Name(), err)
	}
	return generated, nil
}

// generatorMain is the process.
func generatorMain() int {
	if err := generateFilter(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func generateFilter(in io.Reader, out io.Writer) error {
	// Who waits may have been killed: then nobody else ends a library that hangs.
	seconds := uint64(generatorLimit / time.Second)
	if err := unix.Setrlimit(unix.RLIMIT_CPU, &unix.Rlimit{Cur: seconds, Max: seconds}); err != nil {
		return fmt.Errorf("limit the time of libseccomp: %w", err)
	}
	library, err := seccomp.Libseccomp()
	if err != nil {
		return err
	}
	var f syscalls.Filter
	if err := json.NewDecoder(in).Decode(&f); err != nil {
		return fmt.Errorf("decode the filter: %w", err)
	}
	if err := f.Check(); err != nil {
		return err
	}
	generated, err := library.Generate(context.Background(), f)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(generated)
}
