//go:build linux

package integration

import (
	"fmt"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// TestTrapRunscErrorIsEOF: a mistake that the sentry or the gofer finds is told as the end of
// a connection, and only --log has the cause, in most cases (runsc/sandbox/sandbox.go). One
// that runsc finds by itself is told.
func TestTrapRunscErrorIsEOF(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*runscBundle)
		// cause is in the log, and on stderr unless that says EOF.
		cause string
		eof   bool
	}{
		{"an unknown limit", func(b *runscBundle) {
			b.Process.Rlimits = []specs.POSIXRlimit{{Type: "RLIMIT_NOSUCH"}}
		}, "RLIMIT_NOSUCH", true},
		{"a variable without a value", func(b *runscBundle) {
			b.Process.Env = append(b.Process.Env, "NOSUCH")
		}, "NOSUCH", true},
		{"a source that is missing", func(b *runscBundle) {
			b.bind("/srv/confine-none", "/data")
		}, "/srv/confine-none", true},
		{"an unknown capability, which the log does not name", func(b *runscBundle) {
			b.Process.Capabilities = &specs.LinuxCapabilities{Bounding: []string{"CAP_NOSUCH"}}
		}, "getting root credentials", true},
		{"a directory that is relative", func(b *runscBundle) { b.Process.Cwd = "usr" }, `"usr"`, false},
		{"a program that is missing", func(b *runscBundle) { b.Process.Args = []string{"/confine-none"} }, "/confine-none", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newRunscBundle(t, "/usr/bin/true")
			c.change(b)
			o, log := b.run(t), b.logged(t, "error")
			runscControl(t, o.code, 128, "a failed start")
			told := strings.Contains(o.stderr, c.cause)
			if c.eof {
				runscTrap(t, fmt.Sprint(told, strings.HasSuffix(o.stderr, ": EOF\n")), "false true", "tells of "+c.name+": "+o.stderr, "runsc/sandbox/sandbox.go")
			} else {
				runscControl(t, told, true, "the cause on stderr: "+o.stderr)
			}
			runscControl(t, strings.Contains(log, c.cause), true, "the cause in the log: "+log)
		})
	}
	b := newRunscBundle(t, "/usr/bin/true")
	o := b.run(t).must(t, 0)
	runscControl(t, o.stderr+b.logged(t, "error"), "", "no mistake")
}

// TestTrapRunscConditionOnASeventhArgument: a condition on an argument that no system call
// has makes the sentry panic (runsc/specutils/seccomp/seccomp.go).
func TestTrapRunscConditionOnASeventhArgument(t *testing.T) {
	b := newRunscBundle(t, "/usr/bin/true").filtered(rule(specs.ActErrno, "getppid", equal(6, 0)))
	runscTrap(t, b.run(t).code, 128, "accepts a condition on argument 6", seccompSource)
	runscTrap(t, strings.Contains(b.panicked(t), "index out of range"), true, "refuses a condition on argument 6", seccompSource)
	b.Linux.Seccomp.Syscalls[0].Args[0].Index = 5
	b.run(t).must(t, 0)
	runscControl(t, b.panicked(t), "", "a condition on argument 5")
}

// TestTrapRunscLogIsNotLines: messages in --log of runsc's own processes follow each other without
// the end of a line (pkg/log/json.go), so that it is a sequence of JSON values and not lines of them.
func TestTrapRunscLogIsNotLines(t *testing.T) {
	b := newRunscBundle(t, "/usr/bin/true")
	b.bind("/srv/confine-none", "/data")
	b.run(t).must(t, 128)
	text := readText(t, b.at("log"))
	messages := strings.Count(b.logged(t, "error"), "\n") + 1
	runscControl(t, messages > 1, true, "several messages: "+text)
	runscTrap(t, strings.Contains(text, "}{"), true, "ends the lines of its log", "pkg/log/json.go")
}
