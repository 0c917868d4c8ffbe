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
	"strconv"
	"strings"
	"sync"
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

// batch is one run of go test.
type batch struct {
	flags, packages, environment []string
	// variant is put behind the names of packages.
	variant string
	// yields leaves the processor to others.
	yields bool
}

// run tests the packages that launch sandboxes one at a time and never from the cache:
// their outcome depends on the machine. The others are tested beside them, with what of the
// processor is left.
func run(w io.Writer, cgoTags string, allowSkip bool) (code int, err error) {
	list := exec.Command("go", "list", "./...")
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		return 1, fmt.Errorf("go list: %w", err)
	}
	alone := []string{"-count=1", "-p", "1"}
	pure := batch{yields: true}
	sandboxed := batch{flags: append(alone, "-parallel", strconv.Itoa(atOnce))}
	library := batch{flags: append(alone, "-tags="+cgoTags), environment: []string{"CGO_ENABLED=1"}, variant: " (cgo)"}
	for _, pkg := range strings.Fields(string(out)) {
		if cgoTags != "" && (strings.HasSuffix(pkg, "/seccomp") || strings.HasSuffix(pkg, "/runner")) {
			library.packages = append(library.packages, pkg)
		}
		if launches(pkg) {
			sandboxed.packages = append(sandboxed.packages, pkg)
		} else {
			pure.packages = append(pure.packages, pkg)
		}
	}

	r := newReport(w)
	lanes := [][]batch{{sandboxed, library}, {pure}}
	codes, errs := make([]int, len(lanes)), make([]error, len(lanes))
	var running sync.WaitGroup
	for i, lane := range lanes {
		running.Go(func() {
			for _, b := range lane {
				if len(b.packages) == 0 {
					continue
				}
				c, err := goTest(r, b)
				codes[i], errs[i] = max(codes[i], c), errors.Join(errs[i], err)
			}
		})
	}
	running.Wait()
	if err := errors.Join(errs...); err != nil {
		return 1, err
	}
	code = slices.Max(codes)

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

// atOnce is how many tests of a package that allow it run at once: most wait for a program
// inside a sandbox.
const atOnce = 6

// launches reports whether the tests of a package start sandboxes or probe the
// kernel.
func launches(pkg string) bool {
	parts := strings.Split(pkg, "/")
	return slices.ContainsFunc([]string{"integration", "runner", "cmd", "seccomp"}, func(layer string) bool {
		return slices.Contains(parts, layer)
	})
}

// goTest runs go test -json, feeds its events to r and returns its exit code.
func goTest(r *report, b batch) (int, error) {
	args := slices.Concat([]string{"go", "test", "-json", "-timeout", "45m"}, b.flags, b.packages)
	if b.yields {
		args = append([]string{"nice", "-n", "19"}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), b.environment...)
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
					e.Package += b.variant
				}
				r.add(e)
			} else {
				r.say(line) // not an event: go test's own words
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
