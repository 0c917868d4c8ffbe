//go:build linux

package runner

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestRunscLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.json")
	for _, tc := range []struct {
		name, text string
		want       []string
	}{
		{"empty", "", nil},
		{"one error", `{"msg":"cause\n","level":"error","time":"2026"}`, []string{"cause"}},
		{"nothing between them", `{"msg":"a","level":"error"}{"msg":"b","level":"fatal"}`, []string{"a", "b"}},
		{"lines between them", "{\"msg\":\"a\",\"level\":\"error\"}\n{\"msg\":\"b\",\"level\":\"error\"}\n", []string{"a", "b"}},
		{"warnings", `{"msg":"a","level":"warning"}{"msg":"b","level":"info"}{"msg":"c","level":"debug"}`, nil},
		{"cut short", `{"msg":"a","level":"error"}{"msg":"b","lev`, []string{"a"}},
		{"no JSON", "runsc: panic", nil},
		{"another type", `[1, 2]{"msg":"a","level":"error"}`, nil},
	} {
		writeFile(t, path, tc.text, 0o600)
		if got := readRunscLog(path); !slices.Equal(got, tc.want) {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
	}
	// As long as the guest likes.
	long := `{"msg":"` + strings.Repeat("x", 10_000) + `","level":"error"}`
	writeFile(t, path, strings.Repeat(long, 100), 0o600)
	if got := readRunscLog(path); len(got) != 10 || len(got[0]) != 500 {
		t.Errorf("%d messages", len(got))
	}
	if got := readRunscLog(filepath.Join(t.TempDir(), "gone")); got != nil {
		t.Errorf("a missing file: %q", got)
	}
}

func TestPanicLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "panic.log")
	for text, want := range map[string]string{
		"": "", "\n\n": "", "panic: cause\n\ngoroutine 1 [running]:\n": "panic: cause", "\n\npanic: cause": "panic: cause",
		"panic: " + strings.Repeat("x", 1000): "panic: " + strings.Repeat("x", 493),
		// What the sentry logs about a program that lives.
		"I1128 05:20:00.514849       1 rate_limited.go:36] A process tried to create a raw socket\n": "",
	} {
		writeFile(t, path, text, 0o600)
		if got := readPanic(path); got != want {
			t.Errorf("%.20q: got %.20q", text, got)
		}
	}
	if got := readPanic(filepath.Join(t.TempDir(), "gone")); got != "" {
		t.Errorf("a missing file: %q", got)
	}
}

func TestSandboxThatDied(t *testing.T) {
	const (
		gone    = "W1128 04:15:24.620278       1 sandbox.go:1500] Wait RPC to container \"guest\" failed: EOF. Will try waiting on the sandbox process instead.\n"
		reaped  = "I1128 04:15:24.620278       1 container.go:701] Gofer process (PID=7) reaped: exit code = -1\n"
		ended   = "I1128 04:15:24.620278       1 container.go:701] Gofer process (PID=7) reaped: exit code = 0\n"
		earlier = "I1128 04:15:24.620277       1 boot.go:780] application exiting with {0 9}\n"
		later   = "I1128 04:15:24.620279       1 boot.go:780] application exiting with {0 9}\n"
		other   = "I1128 04:15:24.000000       1 boot.go:700] started\n"
	)
	for _, tc := range []struct {
		name, runsc, sentry string
		want                bool
	}{
		{"nothing", "", "", false},
		{"the sentry is gone", other + gone, other, true},
		{"the gofer ended by itself", ended, earlier, false},
		{"the gofer was killed after the guest's end", reaped, other + earlier, false},
		{"the gofer was killed before it", reaped, other + later, true},
		{"the gofer was killed, and the guest never ended", reaped, other, true},
		{"half a line", "Gofer process (PID=", "", false},
	} {
		if got := diedBy([]byte(tc.runsc), []byte(tc.sentry)); got != tc.want {
			t.Errorf("%s: got %t", tc.name, got)
		}
	}
}

func TestFailureOfAGuest(t *testing.T) {
	for _, tc := range []struct {
		report keeperReport
		want   string
	}{
		{keeperReport{Code: 0}, ""},
		// The program's own codes, and runsc's.
		{keeperReport{Code: 128}, ""},
		{keeperReport{Code: 137}, ""},
		{keeperReport{Code: 2}, ""},
		{keeperReport{Code: 137, Died: true}, "was killed"},
		{keeperReport{Code: 2, Panic: "panic: x"}, "the sentry panicked: panic: x"},
		{keeperReport{Code: 128, Log: []string{"first", "last"}}, "runsc failed: last"},
		{keeperReport{Error: "start runsc: ENOENT"}, "start runsc: ENOENT"},
	} {
		got := tc.report.failure()
		if (got == "") != (tc.want == "") || !strings.Contains(got, tc.want) {
			t.Errorf("%+v: got %q", tc.report, got)
		}
	}
}

func TestKeeperFindsTheHost(t *testing.T) {
	for path, want := range map[string]string{"/usr/local/bin/runsc": "/host/usr/local/bin/runsc", "/": "/host/"} {
		if got := insideKeeper(path); got != want {
			t.Errorf("%s: got %s", path, got)
		}
	}
}

// A runsc is started with nothing of the runner's environment, and dies with the keeper.
func TestKeeperStartsRunscClean(t *testing.T) {
	t.Setenv("SECRET", "1")
	cmd := keeper{runsc: "/host/runsc", flags: []string{"--a"}}.command("run", "x")
	if !slices.Equal(cmd.Args, []string{"/host/runsc", "--a", "run", "x"}) || !slices.Equal(cmd.Env, []string{"PATH=/usr/bin:/bin"}) || cmd.Dir != "/" {
		t.Errorf("%q in %s with %q", cmd.Args, cmd.Dir, cmd.Env)
	}
	if cmd.SysProcAttr == nil || cmd.SysProcAttr.Pdeathsig == 0 {
		t.Error("it would outlive the keeper")
	}
}
