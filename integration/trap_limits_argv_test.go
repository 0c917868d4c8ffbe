//go:build linux

package integration

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// TestTrapCommandLineLimits: firejail takes 127 arguments of 4127 bytes and 255
// variables (main.c, check_arg and the start of main), and ends with code 1 beyond.
// The program of confine gets its own from the stage (TestManyArgumentsAndVariables).
func TestTrapCommandLineLimits(t *testing.T) {
	profile := naive(t, "net none")
	many := func(n int) (words []string) {
		for i := range n {
			words = append(words, fmt.Sprint(i))
		}
		return words
	}
	run := func(change func(*exec.Cmd), words ...string) int {
		cmd := standaloneWorld{}.command(profile, append([]string{"/usr/bin/true"}, words...)...)
		change(cmd)
		return finish(t, cmd).code
	}
	nothing := func(*exec.Cmd) {}
	variables := func(n int) func(*exec.Cmd) {
		return func(cmd *exec.Cmd) {
			for i := range n {
				cmd.Env = append(cmd.Env, fmt.Sprintf("V%d=x", i))
			}
		}
	}
	for _, c := range []struct {
		name      string
		got, want int
	}{
		{"120 arguments", run(nothing, many(120)...), 0},
		{"130 arguments", run(nothing, many(130)...), 1},
		{"an argument of 4100 bytes", run(nothing, strings.Repeat("x", 4100)), 0},
		{"an argument of 4200 bytes", run(nothing, strings.Repeat("x", 4200)), 1},
		{"240 variables", run(variables(240)), 0},
		{"260 variables", run(variables(260)), 1},
	} {
		if c.got != c.want {
			t.Errorf("%s: exit code %d, expected %d: the trap is gone", c.name, c.got, c.want)
		}
	}
	words := append([]string{"/usr/bin/sh", "-c", "echo $# ${#1}; env | grep -c ^V", "sh", strings.Repeat("x", 5000)}, many(130)...)
	cmd := confined(writePolicy(t, "", "[environment]\npass = [\"V*\"]\n"), words...)
	variables(260)(cmd)
	if got := finish(t, cmd).must(t, 0).stdout; got != "131 5000\n260\n" {
		t.Errorf("%q under confine", got)
	}
}

// TestTrapRlimitOverflow: firejail multiplies a size without a look at 64 bits, takes
// 0 for an error and clamps what is above the caller's own hard limit in silence
// (profile.c, rlimit.c).
func TestTrapRlimitOverflow(t *testing.T) {
	shown := func(flag string, lines ...string) string {
		t.Helper()
		o := finish(t, standaloneWorld{}.command(naive(t, lines...), "/usr/bin/sh", "-c", "ulimit -H "+flag))
		return strings.TrimSpace(o.stdout)
	}
	for _, c := range []struct{ flag, line, want string }{
		{"-v", "rlimit-as 17179869185g", "1048576"},
		{"-v", "rlimit-as 99999999999999999999", "unlimited"},
		{"-v", "rlimit-as 4G", ""},
		{"-v", "rlimit-as 0", ""},
		{"-v", "rlimit-as 4294967296", "4194304"},
	} {
		if got := shown(c.flag, c.line); got != c.want {
			t.Errorf("%s: %q, expected %q: the trap is gone", c.line, got, c.want)
		}
	}
	policy := writePolicy(t, "", "[rlimits]\nas = \"4GiB\"\n")
	if got := strings.TrimSpace(finish(t, confined(policy, "/usr/bin/sh", "-c", "ulimit -H -v")).must(t, 0).stdout); got != "4194304" {
		t.Errorf("as = 4GiB: %s KiB under confine", got)
	}
	for _, value := range []string{`"17179869185GiB"`, `"99999999999999999999"`} {
		wants(t, finish(t, confined(writePolicy(t, "", "[rlimits]\nas = "+value+"\n"), "/usr/bin/true")).must(t, 125), "policy.toml:11:")
	}
	// A limit that the caller cannot have is refused, not clamped.
	low := func(cmd *exec.Cmd) *exec.Cmd {
		return exec.Command("/usr/bin/sh", append([]string{"-c", `ulimit -n 200; exec "$@"`, "sh"}, cmd.Args...)...)
	}
	clamped := standaloneWorld{}.command(naive(t, "rlimit-nofile 300"), "/usr/bin/sh", "-c", "ulimit -H -n")
	wrapped := low(clamped)
	wrapped.Env, wrapped.Dir, wrapped.SysProcAttr = clamped.Env, clamped.Dir, clamped.SysProcAttr
	if got := strings.TrimSpace(finish(t, wrapped).must(t, 0).stdout); got != "200" {
		t.Errorf("rlimit-nofile above the hard limit: %q: the trap is gone", got)
	}
	wants(t, finish(t, low(confined(writePolicy(t, "", "[rlimits]\nnofile = 300\n"), "/usr/bin/true"))).must(t, 125), "nothing ran", "rlimits.nofile")
}
