//go:build linux && (amd64 || arm64)

package seccomp

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"confine/policy/syscalls"
)

// The tests against the running kernel start this test binary again as a
// subject: it loads the filter of a base list, if told so, and then makes one system
// call or executes a program. A filter cannot be taken off again, so the test
// process itself never loads one.
const (
	roleVariable   = "SECCOMP_TEST_ROLE"   // call, calls, exec or a Go workload; unset: run the tests
	filterVariable = "SECCOMP_TEST_FILTER" // the program in hexadecimal; unset: load none
)

// Exit codes of a subject that could not do its part; those of programs are
// smaller.
const (
	exitBadSubject = 100 + iota
	exitNotLoaded
	exitNotExecuted
)

func TestMain(m *testing.M) {
	role := os.Getenv(roleVariable)
	switch role {
	case "":
		os.Exit(m.Run())
	case goClientWord, goServerWord:
		os.Exit(runGoWorkload(role == goServerWord))
	}
	// seccomp(2) without TSYNC is about the calling thread.
	runtime.LockOSThread()
	if program := os.Getenv(filterVariable); program != "" {
		if err := load(program); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(exitNotLoaded)
		}
	}
	switch role {
	case "call":
		callAsTold(os.Args[1:])
		os.Exit(0)
	case "calls":
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			callAsTold(strings.Fields(lines.Text()))
		}
		os.Exit(0)
	case "exec":
		err := syscall.Exec(os.Args[1], os.Args[1:], workloadEnvironment())
		fmt.Fprintln(os.Stderr, "execve:", err)
		os.Exit(exitNotExecuted)
	}
	os.Exit(exitBadSubject)
}

func load(program string) error {
	raw, err := hex.DecodeString(program)
	if err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	array := unix.SockFprog{Len: uint16(len(raw) / 8), Filter: (*unix.SockFilter)(unsafe.Pointer(&raw[0]))}
	if _, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&array))); errno != 0 {
		return fmt.Errorf("loading the filter: %w", errno)
	}
	return nil
}

// callAsTold makes the system call whose number and arguments are words, and
// prints the error number that it returned, 0 for success.
func callAsTold(words []string) {
	var values [7]uintptr
	for i, word := range words {
		value, err := strconv.ParseUint(word, 0, 64)
		if err != nil {
			os.Exit(exitBadSubject)
		}
		values[i] = uintptr(value)
	}
	_, _, errno := unix.RawSyscall6(values[0], values[1], values[2], values[3], values[4], values[5], values[6])
	fmt.Println(uint16(errno))
}

// programHere is the filter of a base list for this machine, in hexadecimal.
func programHere(t *testing.T, base string) string {
	t.Helper()
	arch, err := syscalls.ParseArch(runtime.GOARCH)
	if err != nil {
		t.Fatal(err)
	}
	program, err := Compile(baseFilter(t, base, arch))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := program.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(raw)
}

// subject returns the command that makes this test binary play role, under the
// filter of the connector list or under none.
func subject(t *testing.T, role string, filtered bool, words ...string) *exec.Cmd {
	t.Helper()
	if !filtered {
		return subjectUnder(t, role, "", words...)
	}
	return subjectUnder(t, role, connectorHere(t), words...)
}

// connectorHere spares compiling the filter for each of many subjects.
func connectorHere(t *testing.T) string {
	t.Helper()
	connectorOnce.Do(func() { connectorProgram = programHere(t, "connector") })
	return connectorProgram
}

var (
	connectorOnce    sync.Once
	connectorProgram string
)

// subjectUnder is subject under any program; empty is none.
func subjectUnder(t *testing.T, role, program string, words ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, words...)
	// A race-detecting binary would sleep for a second at every exit.
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0", roleVariable+"="+role)
	if program != "" {
		cmd.Env = append(cmd.Env, filterVariable+"="+program)
	}
	return cmd
}

// describeExit returns how a subject ended, for messages.
func describeExit(err error) string {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return fmt.Sprint(err)
	}
	return fmt.Sprintf("%v, stderr %q", exit, exit.Stderr)
}
