package seccomp

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"confine/policy/syscalls"
)

// shippedFilters yields the filter of every base list for every architecture.
func shippedFilters(t testing.TB) map[string]syscalls.Filter {
	t.Helper()
	filters := map[string]syscalls.Filter{}
	for _, base := range syscalls.Bases() {
		for _, arch := range syscalls.Arches() {
			filter, err := syscalls.Set{Base: base.Name}.Filter(arch)
			if errors.Is(err, syscalls.ErrNoFilter) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			filters[base.Name+" "+arch.String()] = filter
		}
	}
	return filters
}

func compileWith(t testing.TB, g Generator, f syscalls.Filter) Compiled {
	t.Helper()
	compiled, err := CompileWith(context.Background(), g, f)
	if err != nil {
		t.Fatalf("%s: %v", g.Name(), err)
	}
	return compiled
}

// TestGeneratorsAgree: programs for one filter answer alike on the proof points of all
// of them.
func TestGeneratorsAgree(t *testing.T) {
	for title, filter := range shippedFilters(t) {
		var programs []Program
		for _, g := range generators(t) {
			programs = append(programs, compileWith(t, g, filter).Program)
		}
		for _, points := range programs {
			for call := range proofCalls(filter, points, nil) {
				first, _, _ := Run(programs[0], call)
				for i, p := range programs {
					if got, _, err := Run(p, call); err != nil || got != first {
						t.Fatalf("%s: %+v: %s by %s, %s by %s, %v", title, call, first, generators(t)[0].Name(), got, generators(t)[i].Name(), err)
					}
				}
			}
		}
	}
}

func TestGeneratorsRepeatThemselves(t *testing.T) {
	for title, filter := range shippedFilters(t) {
		for _, g := range generators(t) {
			first, _ := compileWith(t, g, filter).Program.MarshalBinary()
			for range 3 {
				again, _ := compileWith(t, g, filter).Program.MarshalBinary()
				if !bytes.Equal(first, again) {
					t.Fatalf("%s: two programs by %s differ", title, g.Name())
				}
			}
		}
	}
}

// TestWrongProgramsAreNotEmitted: a library that compiles rules wrong is noticed.
func TestWrongProgramsAreNotEmitted(t *testing.T) {
	filter := connectorFilter(t, syscalls.X86_64)
	if _, err := CompileWith(context.Background(), imitation(true), filter); err == nil {
		t.Error("a program of a library that answers the contrary is emitted")
	}
}
