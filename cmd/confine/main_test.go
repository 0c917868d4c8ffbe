//go:build linux

package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"confine/runner"
)

// TestMain lets the test binary be confine itself, also where the runner starts
// /proc/self/exe again as guard, launcher or stage.
func TestMain(m *testing.M) {
	if code, ok := runner.Hidden(); ok {
		os.Exit(code)
	}
	testscript.Main(m, map[string]func(){"confine": main})
}
