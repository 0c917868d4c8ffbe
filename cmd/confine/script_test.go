//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"confine/compiler/seccomp"
)

var update = flag.Bool("update", false, "rewrite the expected output in testdata/script")

// connectorUser is the system user that scripts/setup makes.
const connectorUser = "confine-connector"

// TestScripts runs the real command, one file of testdata/script a topic.
func TestScripts(t *testing.T) {
	root := publicDirectory(t)
	scripts, err := filepath.Abs("../../scripts")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		WorkdirRoot:         root,
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", filepath.Join(root, "bin")+":"+env.Getenv("PATH")+":/usr/sbin:/sbin")
			env.Setenv("CONNECTOR", connectorUser)
			env.Setenv("SCRIPTS", scripts)
			env.Setenv("LC_ALL", "C")
			return nil
		},
		Condition: condition,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": exits,
			"mask":  mask,
			"width": width,
		},
	})
}

// publicDirectory holds the scripts' own directories and a confine that an
// ordinary user can start: those of go test are open to their owner only.
func publicDirectory(t *testing.T) string {
	t.Helper()
	root, err := os.MkdirTemp("", "confine-script-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	bin := filepath.Join(root, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{root, bin} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, "confine"), self, 0o755); err != nil {
		t.Fatal(err)
	}
	return root
}

// condition tells whether a script has what it needs. A script that lacks it
// skips with the name of what is missing.
func condition(name string) (bool, error) {
	switch name {
	case "libseccomp":
		_, linked := seccomp.LinkedLibrary()
		return linked, nil
	case "root":
		return os.Geteuid() == 0, nil
	case "firejail":
		_, err := os.Stat("/usr/bin/firejail")
		return err == nil, nil
	case "gvisor":
		_, err := os.Stat("/usr/local/bin/runsc")
		return err == nil, nil
	case "connector":
		_, err := user.Lookup(connectorUser)
		return err == nil, nil
	}
	return false, fmt.Errorf("unknown condition %q", name)
}

// exits runs a command that has to end with an exact code: exits 125 confine run ...
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARGUMENT...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, expected %d", got, want)
	}
}

// changing is what differs between machines, or two launches of the same policy.
var changing = []struct {
	pattern *regexp.Regexp
	name    string
}{
	{regexp.MustCompile(`proven in \d+ ms, \d+ of \d+ checks`), "proven in N ms, N of N checks"},
	{regexp.MustCompile(`\buid \d+`), "uid N"},
	{regexp.MustCompile(`cgroup v\d`), "cgroup vN"},
	{regexp.MustCompile(`; Linux \S+`), "; Linux N"},
	{regexp.MustCompile(`\.confine-receipt-\d+`), ".confine-receipt-N"},
}

// mask writes the last stdout or stderr to a file, less what differs between
// machines and launches: mask stderr FILE
func mask(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mask stdout|stderr FILE")
	}
	text := strings.ReplaceAll(ts.ReadFile(args[0]), ts.Getenv("WORK"), "WORK")
	for _, c := range changing {
		text = c.pattern.ReplaceAllString(text, c.name)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o600))
}

// width refuses output with lines of more than 100 columns: width stdout
func width(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: width stdout|stderr|FILE")
	}
	const most = 100
	for i, line := range strings.Split(ts.ReadFile(args[0]), "\n") {
		if n := len([]rune(line)); n > most {
			ts.Fatalf("line %d has %d columns, more than %d: %s", i+1, n, most, line)
		}
	}
}
