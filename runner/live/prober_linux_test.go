package live

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"confine/policy"
)

// TestMain lets the test binary be the prober, which starts itself again.
func TestMain(m *testing.M) {
	if code, ok := Hidden(); ok {
		os.Exit(code)
	}
	if len(os.Args) == 3 && os.Args[1] == withoutSockets {
		fmt.Fprintln(os.Stderr, withoutSocketsMain(os.Args[2]))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func write(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestStartedRunsNothing: whatever kind of program it is, none of its instructions run.
func TestStartedRunsNothing(t *testing.T) {
	trace := filepath.Join(t.TempDir(), "trace")
	script := write(t, "script", "#!/bin/sh\ntouch "+trace+"\n", 0o755)
	for _, c := range []struct {
		path      string
		arguments []string
		want      Answer
	}{
		{script, nil, Answer{Outcome: Allowed}},
		{"/bin/touch", []string{trace}, Answer{Outcome: Allowed}},
		{os.Args[0], []string{Argument, nothing}, Answer{Outcome: Allowed}},
		{write(t, "plain", "x", 0o644), nil, Answer{Outcome: Denied, Errno: "EACCES"}},
		{write(t, "neither", "x", 0o755), nil, Answer{Outcome: Allowed}},
		{"/nonexistent", nil, Answer{Outcome: Absent, Errno: "ENOENT"}},
		{t.TempDir(), nil, Answer{Outcome: Denied, Errno: "EACCES"}},
	} {
		if got := started(c.path, c.arguments...); got != c.want {
			t.Errorf("%s: %s, expected %s", c.path, got, c.want)
		}
	}
	if _, err := os.Stat(trace); err == nil {
		t.Error("a program ran")
	}
}

// TestInterpreter reads who starts a program.
func TestInterpreter(t *testing.T) {
	sh, err := filepath.EvalSymlinks("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, want string }{
		{write(t, "script", "#! /bin/sh -e\n", 0o755), sh},
		{write(t, "nowhere", "#!/nonexistent\n", 0o755), "/nonexistent"},
		{write(t, "empty", "", 0o755), ""},
		{write(t, "bare", "#!", 0o755), ""},
		{write(t, "cut", "\x7fELF\x02\x01\x01", 0o755), ""},
		{"/nonexistent", ""},
	} {
		if got := interpreter(c.path); got != c.want {
			t.Errorf("%s: %q, expected %q", c.path, got, c.want)
		}
	}
	if got := interpreter("/bin/sh"); !strings.Contains(filepath.Base(got), "ld-") {
		t.Errorf("the loader of /bin/sh: %q", got)
	}
}

// TestFilesAreLeftAsTheyWere: no attempt changes a file, or leaves one behind.
func TestFilesAreLeftAsTheyWere(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "file")
	if err := os.WriteFile(name, []byte("as it was"), 0o755); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	p := prober{outside: true, program: os.Args[0], order: write(t, "order", "", 0o644)}
	fresh := filepath.Join(dir, "new")
	for _, kind := range []policy.AccessKind{policy.AccessRead, policy.AccessWrite, policy.AccessExec, policy.AccessMap} {
		for _, a := range []Attempt{
			{Access: string(kind) + " " + name, How: HowOpen, Path: name},
			{Access: string(kind) + " " + fresh, How: HowFresh, Path: fresh},
		} {
			if got := p.try(a); got.Outcome != Allowed {
				t.Errorf("%s: %s", a.Access, got)
			}
		}
		gone := filepath.Join(dir, "gone", "x")
		if got := p.try(Attempt{Access: string(kind) + " " + gone, How: HowOpen, Path: gone}); got.Outcome != Absent {
			t.Errorf("%s %s: %s", kind, gone, got)
		}
	}
	after, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(name)
	if err != nil || string(data) != "as it was" || !after.ModTime().Equal(before.ModTime()) || after.Mode() != before.Mode() {
		t.Errorf("%q, %v, %v", data, after.ModTime(), err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left: %v, %v", left, err)
	}
	// A name that something has is never made.
	if got := p.fresh(policy.AccessWrite, name); got != (Answer{Outcome: Denied, Errno: "EEXIST"}) {
		t.Errorf("a file that was there: %s", got)
	}
}

// TestStates looks at the test's own process.
func TestStates(t *testing.T) {
	t.Setenv("CONFINE_LIVE_TEST", "")
	var now unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &now); err != nil {
		t.Fatal(err)
	}
	p := prober{outside: true}
	for _, c := range []struct {
		access policy.Access
		want   Outcome
	}{
		{policy.Access{Kind: policy.AccessEnv, Target: "CONFINE_LIVE_TEST"}, Allowed},
		{policy.Access{Kind: policy.AccessEnv, Target: "CONFINE_LIVE_TEST_NOT"}, Denied},
		{policy.Access{Kind: policy.AccessRlimit, Target: "core", Value: now.Max}, Allowed},
	} {
		if got := p.try(Attempt{Access: c.access.String(), How: HowState}); got.Outcome != c.want {
			t.Errorf("%s: %s, expected %s", c.access, got, c.want)
		}
	}
	for name := range resources {
		if _, err := policy.ParseAccess("rlimit " + name + "=1"); err != nil {
			t.Errorf("%v", err)
		}
	}
	for _, name := range policy.CapabilityNames() {
		if got := capability(name); got.Outcome == Unclear {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestCalls: an error of the call itself is not the filter's.
func TestCalls(t *testing.T) {
	for name, number := range map[string]uint32{"getpid": unix.SYS_GETPID, "close": unix.SYS_CLOSE} {
		if got := call(&Call{Number: number, Arguments: [6]uint64{^uint64(0)}}); got.Outcome != Allowed {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := call(&Call{Number: 0xffff}); got != (Answer{Outcome: Denied, Errno: "ENOSYS"}) {
		t.Errorf("no call: %s", got)
	}
	if got := ofEnd(unix.WaitStatus(unix.SIGSYS)); got != (Answer{Outcome: Denied, Errno: "SIGSYS"}) {
		t.Errorf("killed by a filter: %s", got)
	}
	if got := ofEnd(unix.WaitStatus(unix.SIGKILL)); got.Outcome != Unclear {
		t.Errorf("killed otherwise: %s", got)
	}
}

// TestSupervise: where a filter kills the child, that is the answer to one attempt, and
// another child goes on behind it.
func TestSupervise(t *testing.T) {
	reads := Attempt{Access: "read /", How: HowOpen, Path: "/"}
	dies := Attempt{Access: "connect 127.0.0.1:1", How: HowDial}
	data, err := json.Marshal(order{Program: os.Args[0], Attempts: []Attempt{reads, dies, dies, reads, dies}, Network: true})
	if err != nil {
		t.Fatal(err)
	}
	output, err := exec.Command(os.Args[0], withoutSockets, write(t, "order", string(data), 0o644)).Output()
	if err != nil {
		t.Fatal(err)
	}
	answers, err := parseAnswers(string(output))
	if err != nil {
		t.Fatal(err)
	}
	killed, yes := Answer{Outcome: Denied, Errno: "SIGSYS"}, Answer{Outcome: Allowed}
	if want := []Answer{yes, killed, killed, yes, killed}; !slices.Equal(answers, want) {
		t.Errorf("%v, expected %v", answers, want)
	}
}

// withoutSockets makes the test binary the prober, under a filter that kills who opens a
// socket.
const withoutSockets = "__without-sockets"

func withoutSocketsMain(order string) error {
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // nr of struct seccomp_data
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_SOCKET, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_KILL_PROCESS},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	// execve(2) keeps the filter of the thread that calls it.
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0); err != nil {
		return err
	}
	return unix.Exec(os.Args[0], []string{os.Args[0], Argument, outside, order}, os.Environ())
}
