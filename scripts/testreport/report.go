package main

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
)

// event is one line of go test -json (see go doc test2json).
type event struct {
	Action     string
	Package    string
	ImportPath string
	Test       string
	Elapsed    float64
	Output     string
}

// report counts tests. A test that has subtests counts through them, and itself
// only when it fails although none of them did.
type report struct {
	mu                      sync.Mutex // of all that follows: several runs of go test feed it
	w                       io.Writer
	passed, failed, skipped int

	packages map[string]*pkg
	skips    []string
}

// pkg is what is known of a package that has not finished.
type pkg struct {
	tests          map[string]*test
	output         []string // outside of any test
	passed, failed int
	skipped        int
}

type test struct {
	output      []string
	parent      bool
	failedBelow bool
	done        bool
}

func newReport(w io.Writer) *report {
	return &report{w: w, packages: map[string]*pkg{}}
}

// say writes what is no event.
func (r *report) say(line []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, _ = r.w.Write(line)
}

func (r *report) add(e event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch e.Action {
	case "build-output":
		fmt.Fprint(r.w, e.Output)
		return
	case "build-fail":
		return // the package that needed it fails too, and counts
	}
	p := r.packages[e.Package]
	if p == nil {
		p = &pkg{tests: map[string]*test{}}
		r.packages[e.Package] = p
	}
	if e.Test == "" {
		r.addPackage(p, e)
		return
	}
	t := p.tests[e.Test]
	if t == nil {
		t = &test{}
		p.tests[e.Test] = t
	}
	switch e.Action {
	case "run":
		for name := parent(e.Test); name != ""; name = parent(name) {
			if up := p.tests[name]; up != nil {
				up.parent = true
			}
		}
	case "output":
		t.output = append(t.output, e.Output)
	case "pass":
		t.done = true
		if !t.parent {
			p.passed++
		}
		t.output = nil
	case "skip":
		t.done = true
		if !t.parent {
			p.skipped++
			r.skips = append(r.skips, fmt.Sprintf("%s.%s: %s", e.Package, e.Test, reason(t.output)))
		}
		t.output = nil
	case "fail":
		t.done = true
		r.fail(p, e.Test, t)
	}
}

// fail counts and shows a failed test, once: not again for the tests around it.
func (r *report) fail(p *pkg, name string, t *test) {
	if !t.failedBelow {
		p.failed++
	}
	for up := parent(name); up != ""; up = parent(up) {
		if u := p.tests[up]; u != nil {
			u.failedBelow = true
		}
	}
	fmt.Fprint(r.w, strings.Join(t.output, ""))
	t.output = nil
}

func (r *report) addPackage(p *pkg, e event) {
	switch e.Action {
	case "output":
		p.output = append(p.output, e.Output)
	case "skip":
		delete(r.packages, e.Package) // no test files
	case "pass":
		fmt.Fprintf(r.w, "ok    %-34s %5d tests  %6.1f s\n", e.Package, p.passed+p.skipped, e.Elapsed)
		r.finish(p, e.Package)
	case "fail":
		for name, t := range p.tests { // a crash or a time-out leaves tests unfinished
			if !t.done && !t.parent {
				r.fail(p, name, t)
			}
		}
		fmt.Fprint(r.w, strings.Join(p.output, ""))
		if p.failed == 0 {
			p.failed = 1 // it did not build, or died outside of its tests
		}
		fmt.Fprintf(r.w, "FAIL  %-34s %5d failed %6.1f s\n", e.Package, p.failed, e.Elapsed)
		r.finish(p, e.Package)
	}
}

func (r *report) finish(p *pkg, name string) {
	r.passed += p.passed
	r.failed += p.failed
	r.skipped += p.skipped
	delete(r.packages, name)
}

// summary lists the skips, and counts what go test never closed.
func (r *report) summary() {
	for name, p := range r.packages {
		fmt.Fprintf(r.w, "FAIL  %s did not finish\n", name)
		p.failed++
		r.finish(p, name)
	}
	for _, s := range r.skips {
		fmt.Fprintln(r.w, "skip ", s)
	}
}

func parent(name string) string {
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		return ""
	}
	return name[:i]
}

var skipLine = regexp.MustCompile(`^\s+\S+\.go:\d+: `)

// reason is what t.Skip was given: what the test printed last, less its place.
func reason(output []string) string {
	found := "no reason given"
	for _, line := range output {
		if skipLine.MatchString(line) {
			found = strings.TrimSpace(skipLine.ReplaceAllString(line, ""))
		}
	}
	return found
}
