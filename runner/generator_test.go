//go:build linux

package runner

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"confine/compiler/seccomp"
	"confine/policy/syscalls"
)

// sleeperArgument makes the test binary a generator that hangs.
const sleeperArgument = "__sleep"

func init() {
	hiddenMains[sleeperArgument] = func() int {
		time.Sleep(time.Hour)
		return 0
	}
}

func connectorFilter(t *testing.T) syscalls.Filter {
	t.Helper()
	filter, err := syscalls.Set{Base: "connector"}.Filter(syscalls.X86_64)
	if err != nil {
		t.Fatal(err)
	}
	return filter
}

func TestHangingGeneratorIsKilled(t *testing.T) {
	g := generatorProcess{seccomp.Go(), sleeperArgument, 300 * time.Millisecond}
	_, err := g.Generate(context.Background(), connectorFilter(t))
	if err == nil || !strings.Contains(err.Error(), "was killed") || !strings.Contains(err.Error(), "--seccomp-generator go") {
		t.Errorf("a generator that hangs: %v", err)
	}
}

func TestFailingGeneratorSaysWhy(t *testing.T) {
	g := generatorProcess{seccomp.Go(), generatorArgument, generatorLimit}
	_, err := g.Generate(context.Background(), syscalls.Filter{})
	if err == nil || !strings.Contains(err.Error(), "failed") {
		t.Errorf("a filter that is none: %v", err)
	}
}

// TestLibraryInAProcess: a process of its own changes nothing.
func TestLibraryInAProcess(t *testing.T) {
	outside, err := Libseccomp()
	var missing *seccomp.LibraryMissingError
	if _, linked := seccomp.LinkedLibrary(); !linked {
		if !errors.As(err, &missing) {
			t.Errorf("without the library: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	inside, err := seccomp.Libseccomp()
	if err != nil {
		t.Fatal(err)
	}
	var programs [2][]byte
	for i, g := range []seccomp.Generator{outside, inside} {
		compiled, err := seccomp.CompileWith(context.Background(), g, connectorFilter(t))
		if err != nil {
			t.Fatal(err)
		}
		if programs[i], err = compiled.Program.MarshalBinary(); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(programs[0], programs[1]) {
		t.Error("libseccomp writes another program in a process of its own")
	}
}
