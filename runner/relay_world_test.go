//go:build linux

package runner

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// relayLimit is for what has to end by itself.
const relayLimit = time.Minute

// relayed runs a program in the place of runsc.
func relayed(t *testing.T, caller [3]*os.File, limit time.Duration, program ...string) (*os.ProcessState, error) {
	t.Helper()
	r, err := newRelay(caller)
	if err != nil {
		t.Fatal(err)
	}
	defer r.finish(0)
	cmd := exec.Command(program[0], program[1:]...)
	ends := r.child()
	for i, end := range ends {
		var st unix.Stat_t
		if err := unix.Fstat(int(end.Fd()), &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFIFO {
			t.Errorf("%s of the program: mode %o, %v, want a pipe", streamNames[i], st.Mode, err)
		}
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = ends[0], ends[1], ends[2]
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.start()
	_ = cmd.Wait()
	return cmd.ProcessState, r.finish(limit)
}

// signalOf is the signal that ended a program, 0 for none.
func signalOf(state *os.ProcessState) syscall.Signal {
	if status := state.Sys().(syscall.WaitStatus); status.Signaled() {
		return status.Signal()
	}
	return 0
}

// leavesNothing fails a test that leaves goroutines or descriptors behind. It is
// called first, so that it looks last.
func leavesNothing(t *testing.T) {
	t.Helper()
	// What the Go runtime opens once and keeps.
	if r, w, err := os.Pipe(); err == nil {
		_, _ = r.Close(), w.Close()
	}
	_ = exec.Command("true").Run()
	goroutines, files := runtime.NumGoroutine(), openDescriptors(t)
	t.Cleanup(func() {
		for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > goroutines; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				stacks := make([]byte, 1<<16)
				t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), goroutines, stacks[:runtime.Stack(stacks, true)])
				return
			}
		}
		if now := openDescriptors(t); !slices.Equal(now, files) {
			t.Errorf("open descriptors %q, %q before", now, files)
		}
	})
}

func openDescriptors(t *testing.T) (open []string) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		// The one that reads the directory is gone by now.
		if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil {
			open = append(open, e.Name()+" "+target)
		}
	}
	return open
}

func openFile(t *testing.T, path string, flags int) *os.File {
	t.Helper()
	fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0o600)
	if err != nil {
		t.Fatalf("open %s: %v", path, err)
	}
	return ownedFile(t, fd, path)
}

// ownedFile leaves the flags of a descriptor alone, as nothing of os does that
// opens one.
func ownedFile(t *testing.T, fd int, name string) *os.File {
	f := os.NewFile(uintptr(fd), name)
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func pipePair(t *testing.T) (read, write *os.File) {
	t.Helper()
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	return ownedFile(t, fds[0], "pipe"), ownedFile(t, fds[1], "pipe")
}

// fifoPair opens a FIFO that has a name.
func fifoPair(t *testing.T) (read, write *os.File) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	both := openFile(t, path, unix.O_RDWR) // neither of the next two waits for the other
	defer both.Close()
	return openFile(t, path, unix.O_RDONLY), openFile(t, path, unix.O_WRONLY)
}

func socketEnds(t *testing.T, kind int) (a, b *os.File) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	return ownedFile(t, fds[0], "socket"), ownedFile(t, fds[1], "socket")
}

// terminal makes a pseudo-terminal that changes no byte, see cfmakeraw(3).
func terminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master = openFile(t, "/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY)
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave = openFile(t, "/dev/pts/"+strconv.Itoa(number), unix.O_RDWR|unix.O_NOCTTY)
	raw := unix.Termios{Cflag: unix.CS8 | unix.CREAD | unix.B38400}
	raw.Cc[unix.VMIN] = 1
	if err := unix.IoctlSetTermios(int(slave.Fd()), unix.TCSETS, &raw); err != nil {
		t.Fatal(err)
	}
	return master, slave
}

func statusFlags(t *testing.T, f *os.File) int {
	t.Helper()
	flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
	if err != nil {
		t.Fatal(err)
	}
	return flags
}

// sink is where a caller's stream leads. received closes the stream and returns
// what came out at the other end.
type sink struct {
	end      *os.File
	received func() []byte
}

// drained is a sink that somebody reads.
func drained(read, write *os.File) sink {
	all := make(chan []byte, 1)
	go func() {
		all <- readAll(read)
	}()
	return sink{write, func() []byte { _ = write.Close(); return <-all }}
}

// readAll takes a message in one piece, as io.ReadAll does not. The master of a
// terminal ends with EIO once the other side is closed.
func readAll(f *os.File) []byte {
	var all bytes.Buffer
	_, _ = io.CopyBuffer(struct{ io.Writer }{&all}, struct{ io.Reader }{f}, make([]byte, 1<<16))
	return all.Bytes()
}

const alreadyThere = "already there\n"

func fileSink(t *testing.T, flags int) sink {
	path := filepath.Join(t.TempDir(), "out")
	writeFile(t, path, alreadyThere, 0o600)
	end := openFile(t, path, unix.O_WRONLY|flags)
	if flags&unix.O_APPEND == 0 {
		// Where the caller has got to: neither the start nor what is in the file already.
		if _, err := end.Seek(int64(len(alreadyThere)), io.SeekStart); err != nil {
			t.Fatal(err)
		}
	}
	return sink{end, func() []byte {
		_ = end.Close()
		data, err := os.ReadFile(path)
		if err != nil || len(data) < len(alreadyThere) || string(data[:len(alreadyThere)]) != alreadyThere {
			t.Errorf("what was in the file is lost: %q, %v", data[:min(len(data), 40)], err)
			return data
		}
		return data[len(alreadyThere):]
	}}
}

// sinks are the kinds of file that a stream can be. Those that are relayed share
// one pipe if they are stdout and stderr.
var sinks = []struct {
	name    string
	relayed bool
	open    func(t *testing.T) sink
}{
	{"file", true, func(t *testing.T) sink { return fileSink(t, 0) }},
	{"append", true, func(t *testing.T) sink { return fileSink(t, unix.O_APPEND) }},
	{"terminal", true, func(t *testing.T) sink { return drained(terminal(t)) }},
	{"socket", true, func(t *testing.T) sink { return drained(socketEnds(t, unix.SOCK_STREAM)) }},
	{"non-blocking socket", true, func(t *testing.T) sink {
		read, write := socketEnds(t, unix.SOCK_STREAM)
		if err := unix.SetNonblock(int(write.Fd()), true); err != nil {
			t.Fatal(err)
		}
		return drained(read, write)
	}},
	{"socket of messages", true, func(t *testing.T) sink { return drained(socketEnds(t, unix.SOCK_SEQPACKET)) }},
	{"pipe", false, func(t *testing.T) sink { return drained(pipePair(t)) }},
	{"FIFO", false, func(t *testing.T) sink { return drained(fifoPair(t)) }},
}

// someData is a file with random bytes, and their digest.
func someData(t *testing.T, size int) (path string, data []byte) {
	t.Helper()
	data = make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(data)
	path = filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, data
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// relayAgain runs one test in a process of its own, which knows itself by the variable.
func relayAgain(t *testing.T, role string, stdout *os.File) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), relayRole+"="+role)
	cmd.Stdout = stdout
	return cmd
}

const relayRole = "RELAY_TEST_ROLE"
