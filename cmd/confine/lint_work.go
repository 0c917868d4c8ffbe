package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"

	"confine/policy/lint"
)

// lintAll looks at all policies, as many at a time as there are processors.
func lintAll(linter lint.Linter, targets []lint.Target) []lint.Finding {
	// What one policy needs is garbage when the next one begins: collecting it seldom takes
	// some tens of MiB, and a quarter of the time off.
	defer debug.SetGCPercent(debug.SetGCPercent(800))
	found := make([][]lint.Finding, len(targets))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(targets)) {
		workers.Go(func() {
			for i := range next {
				found[i] = withLibrary(linter).Lint(targets[i])
			}
		})
	}
	for i := range targets {
		next <- i
	}
	close(next)
	workers.Wait()
	var all []lint.Finding
	for _, f := range found {
		all = append(all, f...)
	}
	return lint.Sort(all)
}

// withLibrary gives the linter a library of its own: it remembers what one policy read.
func withLibrary(linter lint.Linter) *lint.Linter {
	linter.Library = &library{}
	return &linter
}

// fixAll writes the policies that --fix changes, and leaves in the targets what they now
// are.
func fixAll(linter lint.Linter, targets []lint.Target, s streams) error {
	cured := 0
	for i := range targets {
		t := &targets[i]
		if t.Source.Embedded {
			continue
		}
		text, n := withLibrary(linter).Fix(*t, func(lint.Finding) bool { return true })
		if n == 0 {
			continue
		}
		if err := replaceFile(t.Source.File, []byte(text)); err != nil {
			return fmt.Errorf("fix %s: %w", t.Source.File, err)
		}
		t.Source.Text = []byte(text)
		cured += n
	}
	fmt.Fprintf(s.stderr, "confine: %s taken out; no policy means anything else now\n", count(cured, "entry", "entries"))
	return nil
}

// replaceFile writes a file anew, whole or not at all, with the mode that it has.
func replaceFile(name string, data []byte) error {
	name, err := filepath.EvalSymlinks(name)
	if err != nil {
		return err
	}
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".confine-fix-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(data)
	if chmod := f.Chmod(info.Mode().Perm()); err == nil {
		err = chmod
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
