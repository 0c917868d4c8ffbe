//go:build linux

package stage

import (
	"encoding/binary"
	"slices"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"confine/compiler"
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
	if err != nil || len(program) != 0 || loadFilter(program) != 0 {
		t.Fatalf("%+v, %v", program, err)
	}
	checks := checkFilter(unfiltered, program)
	if len(checks) != 1 {
		t.Fatalf("%d checks", len(checks))
	}
	expectCheck(t, checks[0], Proven, "0")
	expectCheck(t, checkFilter(unfiltered, answering(unix.SECCOMP_RET_ALLOW))[0], Failed, "4")
	if program, err := filterOf(compiler.Expectation{}); err == nil {
		t.Errorf("no filter, where the policy wants one, became %+v", program)
	}
	if program, err := filterOf(compiler.Expectation{Unfiltered: true, Filter: []byte{1}}); err == nil {
		t.Errorf("a broken filter became %+v", program)
	}
}

// answering is a filter that answers unshare with a verdict and allows the rest.
func answering(verdict uint32) []unix.SockFilter {
	return []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // seccomp_data.nr
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_UNSHARE, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: verdict},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
}

func TestCheckFilter(t *testing.T) {
	if _, inside := apart(t, 0); !inside {
		return
	}
	for _, tc := range []struct {
		name         string
		program      []unix.SockFilter
		load, denied string
		status       Status
	}{
		{"denies", answering(unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)), "loaded", "EPERM", Proven},
		{"allows", answering(unix.SECCOMP_RET_ALLOW), "loaded", "allowed", Failed},
		{"denies with another number", answering(unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)), "loaded", "ENOSYS", Failed},
		{"is not a program", []unix.SockFilter{{Code: 0xffff}}, "EINVAL", "allowed", Failed},
	} {
		checks := checkFilter(compiler.Expectation{FilterCanary: "unshare"}, tc.program)
		if len(checks) != 2 {
			t.Fatalf("%s: %d checks", tc.name, len(checks))
		}
		loaded := Proven
		if tc.load != "loaded" {
			loaded = Failed
		}
		expectCheck(t, checks[0], loaded, tc.load)
		expectCheck(t, checks[1], tc.status, tc.denied)
		// The filter went with its thread.
		if err := unix.Unshare(0); err != nil {
			t.Fatalf("after %q: unshare(0): %v", tc.name, err)
		}
	}
}

// Where unshare failed before there was a filter, its failing proves nothing.
func TestCheckFilterUnderAnotherFilter(t *testing.T) {
	if _, inside := apart(t, 0); !inside {
		return
	}
	program := answering(unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM))
	fprog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	if _, _, e := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&fprog))); e != 0 {
		t.Fatalf("put every thread under a filter: %v", e)
	}
	checks := checkFilter(compiler.Expectation{FilterCanary: "unshare"}, program)
	expectCheck(t, checks[0], Proven, "loaded")
	expectCheck(t, checks[1], Unproven, "EPERM")
}

// TestCanariesOfTheFilter: every canary succeeds here, where nothing denies it, and
// one that the stage does not know proves nothing.
func TestCanariesOfTheFilter(t *testing.T) {
	if len(canaries) != len(compiler.FilterCanaries()) {
		t.Errorf("%d canaries, the compiler has %d", len(canaries), len(compiler.FilterCanaries()))
	}
	for _, name := range compiler.FilterCanaries() {
		call, ok := canaries[name]
		if !ok {
			t.Errorf("the stage does not know %s", name)
			continue
		}
		if _, _, errno := unix.RawSyscall6(call.number, call.arg0, 0, 0, 0, 0, 0); errno != 0 {
			t.Errorf("%s: %v without a filter", call.shown, errno)
		}
	}
	checks := checkFilter(compiler.Expectation{FilterCanary: "none"}, answering(unix.SECCOMP_RET_ALLOW))
	if len(checks) != 1 || checks[0].Status != Failed {
		t.Errorf("%+v", checks)
	}
}
