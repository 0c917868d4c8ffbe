//go:build linux

package stage

import (
	"encoding/binary"
	"slices"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
	"confine/policy/syscalls"
)

func TestDecodeFilter(t *testing.T) {
	var data []byte
	for _, word := range []struct {
		code   uint16
		jt, jf byte
		k      uint32
	}{{0x20, 0, 0, 0}, {0x15, 1, 2, 0x01020304}} {
		data = binary.NativeEndian.AppendUint16(data, word.code)
		data = append(data, word.jt, word.jf)
		data = binary.NativeEndian.AppendUint32(data, word.k)
	}
	got, err := decodeFilter(data)
	want := []unix.SockFilter{{Code: 0x20}, {Code: 0x15, Jt: 1, Jf: 2, K: 0x01020304}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for _, broken := range [][]byte{nil, {}, data[:7], data[:9]} {
		if program, err := decodeFilter(broken); err == nil {
			t.Errorf("%d bytes became %+v", len(broken), program)
		}
	}
}

// TestUnfilteredOrder: no program is one that the policy wants, and nothing else.
func TestUnfilteredOrder(t *testing.T) {
	unfiltered := compiler.Expectation{Unfiltered: true}
	program, err := filterOf(unfiltered)
	if err != nil || len(program) != 0 {
		t.Fatalf("%+v, %v", program, err)
	}
	if img, err := newImage("/bin/true", []string{"true"}, nil, program); err != nil || img.filter.Len != 0 {
		t.Errorf("%+v, %v", img, err)
	}
	for _, tc := range []struct {
		program []unix.SockFilter
		status  Status
		found   string
	}{{program, Proven, "0"}, {answering(unix.SYS_UNSHARE, unix.SECCOMP_RET_ALLOW), Failed, "4"}} {
		checks, err := checkFilter(unfiltered, tc.program, nil)
		if err != nil || len(checks) != 1 {
			t.Fatalf("%v, %d checks", err, len(checks))
		}
		expectCheck(t, checks[0], tc.status, tc.found)
	}
	if program, err := filterOf(compiler.Expectation{}); err == nil {
		t.Errorf("no filter, where the policy wants one, became %+v", program)
	}
	if program, err := filterOf(compiler.Expectation{Unfiltered: true, Filter: []byte{1}}); err == nil {
		t.Errorf("a broken filter became %+v", program)
	}
}

// answering is a filter that answers one call and allows the rest.
func answering(number, verdict uint32) []unix.SockFilter {
	return []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // seccomp_data.nr
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: number, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: verdict},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
}

// expecting is an expectation with one canary, of calls without arguments.
func expecting(calls ...compiler.CanaryCall) compiler.Expectation {
	return compiler.Expectation{FilterCanaries: []compiler.FilterCanary{{
		Clause: "syscalls.deny", At: policy.Position{File: "p.toml", Line: 7, Column: 2}, Subject: "a call", Calls: calls,
	}}}
}

func canaryCall(number uint32, answer syscalls.Action) compiler.CanaryCall {
	return compiler.CanaryCall{Text: "a call", Number: number, Answer: answer}
}

const (
	eperm  = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	enosys = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
)

// TestCheckFilter: what the filter does to a call is found as it is, and the stage
// itself goes on without a filter whatever that is.
func TestCheckFilter(t *testing.T) {
	if _, inside := apart(t, 0); !inside {
		return
	}
	denied := canaryCall(unix.SYS_UNSHARE, syscalls.Fail(syscalls.EPERM))
	killed := canaryCall(unix.SYS_UNSHARE, syscalls.KillProcess)
	allowed := canaryCall(unix.SYS_UNSHARE, syscalls.Allow)
	for _, tc := range []struct {
		name    string
		call    compiler.CanaryCall
		verdict uint32
		found   string
		status  Status
	}{
		{"denies", denied, eperm, "EPERM", Proven},
		{"allows", denied, unix.SECCOMP_RET_ALLOW, "allowed", Failed},
		{"denies with another error", denied, enosys, "ENOSYS", Failed},
		{"kills instead", denied, unix.SECCOMP_RET_KILL_PROCESS, "SIGSYS", Failed},
		{"kills", killed, unix.SECCOMP_RET_KILL_PROCESS, "SIGSYS", Proven},
		{"does not kill", killed, eperm, "EPERM", Failed},
		{"allows what it should", allowed, unix.SECCOMP_RET_ALLOW, "allowed", Proven},
		{"denies what it should allow", allowed, eperm, "EPERM", Failed},
	} {
		checks, err := checkFilter(expecting(tc.call), answering(unix.SYS_UNSHARE, tc.verdict), nil)
		if err != nil || len(checks) != 3 {
			t.Fatalf("%s: %v, %d checks", tc.name, err, len(checks))
		}
		expectCheck(t, checks[0], Proven, "loaded")
		expectCheck(t, checks[1], Proven, "")
		expectCheck(t, checks[2], tc.status, tc.found)
		if checks[2].Clause != "syscalls.deny" || checks[2].At.Line != 7 {
			t.Errorf("%s: %+v names neither clause nor line", tc.name, checks[2])
		}
		if err := unix.Unshare(0); err != nil {
			t.Fatalf("after %q: unshare(0): %v", tc.name, err)
		}
	}
	checks, err := checkFilter(expecting(denied), []unix.SockFilter{{Code: 0xffff}}, nil)
	if err != nil || len(checks) != 1 {
		t.Fatalf("no program: %v, %d checks", err, len(checks))
	}
	expectCheck(t, checks[0], Failed, "EINVAL")
}

// TestCheckFilterAfterKills: children that are killed, one after the other, lose no
// answer, and alternatives are taken in turn.
func TestCheckFilterAfterKills(t *testing.T) {
	if _, inside := apart(t, 0); !inside {
		return
	}
	kill := canaryCall(unix.SYS_UNSHARE, syscalls.KillProcess)
	getpid := canaryCall(unix.SYS_GETPID, syscalls.Allow)
	// A descriptor that is not open: denied or not, EBADF.
	undecided := compiler.CanaryCall{Text: "close(-1)", Number: unix.SYS_CLOSE, Arguments: [6]uint64{^uint64(0)}, Answer: syscalls.Fail(syscalls.Errno(unix.EBADF))}
	e := compiler.Expectation{FilterCanaries: []compiler.FilterCanary{
		{Subject: "kill", Calls: []compiler.CanaryCall{kill}},
		{Subject: "getpid", Calls: []compiler.CanaryCall{getpid, kill}},
		{Subject: "nothing"},
		{Subject: "undecided", Calls: []compiler.CanaryCall{undecided}},
		{Subject: "second", Calls: []compiler.CanaryCall{undecided, kill}},
	}}
	checks, err := checkFilter(e, answering(unix.SYS_UNSHARE, unix.SECCOMP_RET_KILL_PROCESS), nil)
	if err != nil || len(checks) != 7 {
		t.Fatalf("%v, %d checks", err, len(checks))
	}
	for i, want := range []Status{Proven, Proven, Proven, Proven, Unproven, Unproven, Proven} {
		expectCheck(t, checks[i], want, "")
	}
}

// TestCheckFilterDeniesEverything: the child says how it ended without any call.
func TestCheckFilterDeniesEverything(t *testing.T) {
	if _, inside := apart(t, 0); !inside {
		return
	}
	for _, verdict := range []uint32{eperm, unix.SECCOMP_RET_KILL_PROCESS} {
		answer := syscalls.Action(verdict)
		checks, err := checkFilter(expecting(canaryCall(unix.SYS_UNSHARE, answer)), []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: verdict}}, nil)
		if err != nil || len(checks) != 3 || len(failed(checks)) > 0 {
			t.Errorf("%s: %v, %+v", answer, err, checks)
		}
	}
}

// Where a call ends without the filter as it does under it, it proves nothing; an
// answer that kills still does.
func TestCheckFilterUnderAnotherFilter(t *testing.T) {
	if _, inside := apart(t, 0); !inside {
		return
	}
	program := answering(unix.SYS_UNSHARE, eperm)
	fprog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	if _, _, e := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&fprog))); e != 0 {
		t.Fatalf("put every thread under a filter: %v", e)
	}
	succeeded := []Outcome{{}}
	for _, tc := range []struct {
		answer  syscalls.Action
		outside []Outcome
		status  Status
		found   string
	}{
		{syscalls.Fail(syscalls.EPERM), nil, Unproven, "EPERM"},
		{syscalls.Fail(syscalls.EPERM), succeeded, Proven, "EPERM"},
		{syscalls.Fail(syscalls.ENOSYS), nil, Proven, "ENOSYS"},
		{syscalls.Allow, nil, Unproven, "EPERM"},
		{syscalls.Allow, succeeded, Unproven, "EPERM"},
		{syscalls.KillProcess, nil, Proven, "SIGSYS"},
	} {
		verdict := uint32(tc.answer)
		checks, err := checkFilter(expecting(canaryCall(unix.SYS_UNSHARE, tc.answer)), answering(unix.SYS_UNSHARE, verdict), tc.outside)
		if err != nil || len(checks) != 3 {
			t.Fatalf("%v, %d checks", err, len(checks))
		}
		expectCheck(t, checks[1], Proven, "")
		expectCheck(t, checks[2], tc.status, tc.found)
	}
}

// TestCanariesOfOtherEntries: on x86 the i386 entry is tried, and an entry that the
// kernel does not have is not taken for a denial.
func TestCanariesOfOtherEntries(t *testing.T) {
	call := compiler.CanaryCall{Text: "getpid", Entry: compiler.EntryI386, Number: 20, Answer: syscalls.KillProcess}
	outcomes, _, err := trial(nil, trialCalls([]compiler.CanaryCall{call}), nil)
	if err != nil || len(outcomes) != 1 {
		t.Fatalf("%v, %v", outcomes, err)
	}
	if found := outcomes[0].String(); found != "allowed" && found != "ENOSYS" && found != "SIGSEGV" {
		t.Errorf("getpid by int 0x80: %s", found)
	}
	canary := compiler.FilterCanary{Subject: "entry"}
	fault := Outcome{Signal: unix.SIGSEGV}
	expectCheck(t, judgeCall(canary, call, callControl{fault, fault}, fault), Unproven, "SIGSEGV")
	expectCheck(t, judgeCall(canary, call, callControl{}, fault), Failed, "SIGSEGV")
	expectCheck(t, judgeCall(canary, call, callControl{}, Outcome{Signal: unix.SIGSYS}), Proven, "SIGSYS")
}
