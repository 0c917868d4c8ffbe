// Command testreport runs every test of the module and says how it went: a line
// for each package as it finishes, the whole output of what failed, each skip
// with its reason, and as its last line "N passed, N failed, N skipped".
//
// With -cgo TAGS, the packages that have to do with libseccomp are tested once more, with
// cgo and these build tags.
//
// It exits with the code of go test. A skip counts as a failure unless
// CONFINE_ALLOW_SKIP=1 is set: a test that did not run has proven nothing.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

func main() {
	tags := flag.String("cgo", "", "build `tags` with which cgo is tested; empty: it is not")
	flag.Parse()
	code, err := run(os.Stdout, *tags, os.Getenv("CONFINE_ALLOW_SKIP") == "1")
	if err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// run tests the pure packages side by side, then those that launch sandboxes one
// at a time and never from the cache: their outcome depends on the machine.
func run(w io.Writer, cgoTags string, allowSkip bool) (code int, err error) {
	list := exec.Command("go", "list", "./...")
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		return 1, fmt.Errorf("go list: %w", err)
	}
	var pure, sandboxed, library []string
	for _, pkg := range strings.Fields(string(out)) {
		if cgoTags != "" && (strings.HasSuffix(pkg, "/seccomp") || strings.HasSuffix(pkg, "/runner")) {
			library = append(library, pkg)
		}
		if launches(pkg) {
			sandboxed = append(sandboxed, pkg)
		} else {
			pure = append(pure, pkg)
		}
	}

	r := newReport(w)
	alone := []string{"-count=1", "-p", "1"}
	for _, batch := range []struct {
		flags, packages, environment []string
		variant                      string
	}{
		{packages: pure},
		{packages: sandboxed, flags: alone},
		{packages: library, flags: append(alone, "-tags="+cgoTags), environment: []string{"CGO_ENABLED=1"}, variant: " (cgo)"},
	} {
		if len(batch.packages) == 0 {
			continue
		}
		c, err := goTest(r, slices.Concat(batch.flags, batch.packages), batch.environment, batch.variant)
		if err != nil {
			return 1, err
		}
		code = max(code, c)
	}

	r.summary()
	if code == 0 && r.failed > 0 {
		code = 1
	}
	if code == 0 && r.skipped > 0 && !allowSkip {
		fmt.Fprintln(w, "a skipped test proves nothing: CONFINE_ALLOW_SKIP=1 accepts it")
		code = 1
	}
	fmt.Fprintf(w, "%d passed, %d failed, %d skipped\n", r.passed, r.failed, r.skipped)
	return code, nil
}

// launches reports whether the tests of a package start sandboxes or probe the
// kernel.
func launches(pkg string) bool {
	parts := strings.Split(pkg, "/")
	return slices.ContainsFunc([]string{"integration", "runner", "cmd", "seccomp"}, func(layer string) bool {
		return slices.Contains(parts, layer)
	})
}

// goTest runs go test -json with args and more environment, feeds its events to r, with the
// variant behind the names of packages, and returns its exit code.
func goTest(r *report, args, environment []string, variant string) (int, error) {
	cmd := exec.Command("go", append([]string{"test", "-json", "-timeout", "45m"}, args...)...)
	cmd.Env = append(os.Environ(), environment...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 1, err
	}
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	lines := bufio.NewReader(out)
	for {
		line, readErr := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) == nil {
				if e.Package != "" {
					e.Package += variant
				}
				r.add(e)
			} else {
				_, _ = r.w.Write(line) // not an event: go test's own words
			}
		}
		if readErr != nil {
			break
		}
	}
	if err := cmd.Wait(); err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() > 0 {
			return exit.ExitCode(), nil
		}
		return 1, fmt.Errorf("go test: %w", err)
	}
	return 0, nil
}
