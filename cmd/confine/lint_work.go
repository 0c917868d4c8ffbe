package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"

	"confine/policy"
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
	return lint.Sort(lint.Settle(all))
}

// withLibrary gives the linter a library of its own: it remembers what one policy read.
func withLibrary(linter lint.Linter) *lint.Linter {
	linter.Library = &library{}
	return &linter
}

// fixAll writes the policies that --fix changes, and leaves in the targets what they now
// are. A change is taken back where a policy that extends the file would mean something
// else by it.
func fixAll(linter lint.Linter, targets []lint.Target, s streams) error {
	before := make([]*policy.Policy, len(targets))
	for i, t := range targets {
		before[i], _ = resolveTarget(t) // what is not valid is told by the rules
	}
	cured := 0
	for i := range targets {
		t := &targets[i]
		if t.Source.Embedded {
			continue
		}
		fixed := withLibrary(linter).Fix(*t, func(lint.Finding) bool { return true })
		if fixed.Untried > 0 {
			fmt.Fprintf(s.stderr, "confine: %s: --fix stopped before the end, and did not try %s\n", t.Source.File, count(fixed.Untried, "entry", "entries"))
		}
		if fixed.Cured == 0 {
			continue
		}
		if err := replaceFile(t.Source.File, []byte(fixed.Text)); err != nil {
			return fmt.Errorf("fix %s: %w", t.Source.File, err)
		}
		if child, changed := changedNow(targets, before); changed {
			if err := replaceFile(t.Source.File, t.Source.Text); err != nil {
				return fmt.Errorf("take the fix of %s back: %w", t.Source.File, err)
			}
			fmt.Fprintf(s.stderr, "confine: %s is left as it was: %s extends it, and would mean something else\n", t.Source.File, child)
			continue
		}
		t.Source.Text = []byte(fixed.Text)
		cured += fixed.Cured
	}
	fmt.Fprintf(s.stderr, "confine: %s taken out; none of these policies means anything else now\n", count(cured, "entry", "entries"))
	return nil
}

func resolveTarget(t lint.Target) (*policy.Policy, error) {
	return policy.Resolve(t.Source, policy.Options{Library: &library{}, Unbound: true})
}

// changedNow names a policy that is another one since a file changed: every one is asked
// again, as a base can be reached by names that say nothing of the file.
func changedNow(targets []lint.Target, before []*policy.Policy) (file string, changed bool) {
	for i, t := range targets {
		if before[i] == nil {
			continue
		}
		now, err := resolveTarget(t)
		if err != nil || len(policy.Compare(before[i], now)) > 0 {
			return t.Source.File, true
		}
	}
	return "", false
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
