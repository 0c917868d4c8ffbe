//go:build linux

package stage

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy/syscalls"
)

// startProgram makes the test binary a stage that only tries and loads its filter
// and becomes the program of that name.
const startProgram = "CONFINE_TEST_START"

func init() {
	if os.Getenv(startProgram) != "" {
		runtime.LockOSThread()
	}
}

func TestMain(m *testing.M) {
	if program := os.Getenv(startProgram); program != "" {
		fmt.Fprintln(os.Stderr, "not started:", start(program))
		os.Exit(2)
	}
	os.Exit(m.Run())
}

// writable makes the filter of a start allow write as well.
const writable = "CONFINE_TEST_WRITABLE"

// strictest kills for every call but that which executes a program and that which
// ends it.
func strictest() []unix.SockFilter {
	more := uint32(unix.SYS_EXIT_GROUP)
	if os.Getenv(writable) != "" {
		more = unix.SYS_WRITE
	}
	return []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_EXECVE, Jt: 3},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_EXIT_GROUP, Jt: 2},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: more, Jt: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_KILL_PROCESS},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
}

// start is the way of a stage from the canaries of its filter to the program, with
// the rest of the runtime as busy as it will ever be.
func start(program string) error {
	debug.SetGCPercent(-1)
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	for range 4 {
		go func() {
			for {
				time.Sleep(10 * time.Microsecond)
			}
		}()
	}
	killed := canaryCall(unix.SYS_GETPPID, syscalls.KillProcess)
	e := expecting(killed, killed)
	checks, err := checkFilter(e, strictest(), nil)
	if err != nil {
		return err
	}
	if wrong := failed(checks); len(wrong) > 0 {
		return fmt.Errorf("%+v", checks)
	}
	order := &Order{Arguments: []string{program}, Expectation: compiler.Expectation{}}
	return become(order, strictest(), int(os.Stderr.Fd()))
}

// exiting is a static program that makes one call: exit_group(0).
func exiting(t *testing.T) string {
	t.Helper()
	machine, code := elf.EM_X86_64, []byte{0x31, 0xff, 0xb8, 0xe7, 0, 0, 0, 0x0f, 0x05} // xor edi,edi; mov eax,231; syscall
	if runtime.GOARCH == "arm64" {
		machine, code = elf.EM_AARCH64, []byte{0, 0, 0x80, 0xd2, 0xc8, 0x0b, 0x80, 0xd2, 1, 0, 0, 0xd4} // mov x0,0; mov x8,94; svc 0
	}
	const base, header, segment = 0x400000, 64, 56
	size := uint64(header + segment + len(code))
	var out bytes.Buffer
	for _, part := range []any{
		elf.Header64{
			Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
			Type:  uint16(elf.ET_EXEC), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT),
			Entry: base + header + segment, Phoff: header, Ehsize: header, Phentsize: segment, Phnum: 1,
		},
		elf.Prog64{
			Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_X), Vaddr: base, Paddr: base,
			Filesz: size, Memsz: size, Align: 0x1000,
		},
		code,
	} {
		must(t, binary.Write(&out, binary.LittleEndian, part))
	}
	path := filepath.Join(t.TempDir(), "exiting")
	must(t, os.WriteFile(path, out.Bytes(), 0o755))
	return path
}

// TestStartsUnderTheStrictestFilter: no thread, timer or signal of the Go runtime
// makes a call under a filter that kills for all but two.
func TestStartsUnderTheStrictestFilter(t *testing.T) {
	const starts, atOnce = 2000, 4
	program := exiting(t)
	var next, died atomic.Int32
	var workers sync.WaitGroup
	for range atOnce {
		workers.Go(func() {
			for next.Add(1) <= starts && died.Load() < 5 {
				if end := startOnce(program, int(next.Load())%2 == 0); end != "" {
					died.Add(1)
					t.Error(end)
				}
			}
		})
	}
	workers.Wait()
}

// startOnce gives what is wrong with one start, or "". With signals, the one that the
// runtime has a handler for and programs ignore comes all the time.
func startOnce(program string, signals bool) string {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = []string{startProgram + "=" + program}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return err.Error()
	}
	over := make(chan struct{})
	var sender sync.WaitGroup
	if signals {
		sender.Go(func() {
			for {
				select {
				case <-over:
					return
				case <-time.After(50 * time.Microsecond):
					_ = cmd.Process.Signal(unix.SIGURG)
				}
			}
		})
	}
	err := cmd.Wait()
	close(over)
	sender.Wait()
	if err != nil || out.Len() > 0 {
		return fmt.Sprintf("%v: %q", err, out.Bytes())
	}
	return ""
}

// TestExecuteFailsUnderTheFilter: the errno number comes through the pipe where the
// filter lets it; otherwise the filter does what it does to a program that writes.
func TestExecuteFailsUnderTheFilter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "text")
	must(t, os.WriteFile(path, []byte("no program"), 0o755))
	for _, tc := range []struct {
		name, writable string
		ended          func(unix.WaitStatus) bool
		told           string
	}{
		{"write is allowed", "1", func(s unix.WaitStatus) bool { return s.ExitStatus() == 1 }, string(rune(unix.ENOEXEC))},
		{"write kills", "", func(s unix.WaitStatus) bool { return s.Signal() == unix.SIGSYS }, ""},
	} {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = []string{startProgram + "=" + path, writable + "=" + tc.writable}
		var out bytes.Buffer
		cmd.Stderr = &out
		_ = cmd.Run()
		if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !tc.ended(unix.WaitStatus(status)) || out.String() != tc.told {
			t.Errorf("%s: %s, told %q, expected %q", tc.name, cmd.ProcessState, out.String(), tc.told)
		}
	}
}
