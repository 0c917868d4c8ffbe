//go:build linux

package runner

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const relayVolume = 64 << 20

func TestRelayCarriesOutput(t *testing.T) {
	path, data := someData(t, relayVolume)
	want := digestOf(data)
	for _, kind := range sinks {
		for number := 1; number <= 2; number++ {
			t.Run(kind.name+" as "+streamNames[number], func(t *testing.T) {
				leavesNothing(t)
				null, out := openFile(t, os.DevNull, unix.O_RDWR), kind.open(t)
				flags := statusFlags(t, out.end)
				caller := [3]*os.File{null, null, null}
				caller[number] = out.end
				state, err := relayed(t, caller, relayLimit, "sh", "-c", `exec cat "$0" >&"$1"`, path, strconv.Itoa(number))
				if err != nil || !state.Success() {
					t.Errorf("%v, %v", state, err)
				}
				if now := statusFlags(t, out.end); now != flags {
					t.Errorf("flags %#x, %#x before", now, flags)
				}
				if got := out.received(); digestOf(got) != want {
					t.Errorf("got %d other bytes, want %d", len(got), len(data))
				}
			})
		}
	}
}

func TestRelayCarriesInput(t *testing.T) {
	path, data := someData(t, relayVolume)
	fed := func(read, write *os.File, hangUp bool) *os.File {
		go func() {
			_, _ = write.Write(data)
			if hangUp { // a terminal would drop what was not read
				_ = write.Close()
			}
		}()
		return read
	}
	for _, source := range []struct {
		name string
		open func(t *testing.T) *os.File
	}{
		{"file", func(t *testing.T) *os.File { return openFile(t, path, unix.O_RDONLY) }},
		{"pipe", func(t *testing.T) *os.File { r, w := pipePair(t); return fed(r, w, true) }},
		{"FIFO", func(t *testing.T) *os.File { r, w := fifoPair(t); return fed(r, w, true) }},
		{"socket", func(t *testing.T) *os.File { r, w := socketEnds(t, unix.SOCK_STREAM); return fed(r, w, true) }},
		{"non-blocking socket", func(t *testing.T) *os.File {
			r, w := socketEnds(t, unix.SOCK_STREAM)
			if err := unix.SetNonblock(int(r.Fd()), true); err != nil {
				t.Fatal(err)
			}
			return fed(r, w, true)
		}},
		{"terminal", func(t *testing.T) *os.File { m, s := terminal(t); return fed(s, m, false) }},
	} {
		t.Run(source.name, func(t *testing.T) {
			leavesNothing(t)
			null, in, out := openFile(t, os.DevNull, unix.O_RDWR), source.open(t), fileSink(t, 0)
			flags := statusFlags(t, in)
			state, err := relayed(t, [3]*os.File{in, out.end, null}, relayLimit,
				"sh", "-c", `head -c "$0" | sha256sum`, strconv.Itoa(len(data)))
			if err != nil || !state.Success() {
				t.Errorf("%v, %v", state, err)
			}
			if now := statusFlags(t, in); now != flags {
				t.Errorf("flags %#x, %#x before", now, flags)
			}
			if got := string(out.received()); got != digestOf(data)+"  -\n" {
				t.Errorf("got %q, want the digest %s", got, digestOf(data))
			}
		})
	}
}

// The end of input is one, whatever the input is.
func TestRelayEndsInput(t *testing.T) {
	for _, source := range []struct {
		name string
		open func(t *testing.T) *os.File
	}{
		{"null", func(t *testing.T) *os.File { return openFile(t, os.DevNull, unix.O_RDONLY) }},
		{"empty file", func(t *testing.T) *os.File { path, _ := someData(t, 0); return openFile(t, path, unix.O_RDONLY) }},
		{"closed", func(*testing.T) *os.File { return nil }},
		{"socket", func(t *testing.T) *os.File { r, w := socketEnds(t, unix.SOCK_STREAM); _ = w.Close(); return r }},
		{"pipe without a writer", func(t *testing.T) *os.File { r, w := pipePair(t); _ = w.Close(); return r }},
		{"FIFO without a writer", func(t *testing.T) *os.File { r, w := fifoPair(t); _ = w.Close(); return r }},
		{"terminal", func(t *testing.T) *os.File {
			master, slave := terminal(t)
			line := unix.Termios{Cflag: unix.CS8 | unix.CREAD, Lflag: unix.ICANON}
			line.Cc[unix.VEOF] = 4
			if err := unix.IoctlSetTermios(int(slave.Fd()), unix.TCSETS, &line); err != nil {
				t.Fatal(err)
			}
			if _, err := master.Write([]byte{4}); err != nil {
				t.Fatal(err)
			}
			return slave
		}},
	} {
		t.Run(source.name, func(t *testing.T) {
			leavesNothing(t)
			null := openFile(t, os.DevNull, unix.O_RDWR)
			if state, err := relayed(t, [3]*os.File{source.open(t), null, null}, relayLimit, "cat"); err != nil || !state.Success() {
				t.Errorf("%v, %v", state, err)
			}
		})
	}
}

// A FIFO that nobody writes any more may still hold something, and then ends, also
// for a program that polls: it would wait for ever on one that was opened too late.
func TestRelayCarriesWhatAFIFOHeld(t *testing.T) {
	if os.Getenv(relayRole) != "" {
		for buf := make([]byte, 100); ; {
			fds := []unix.PollFd{{Events: unix.POLLIN}}
			if n, err := unix.Poll(fds, 10_000); err != nil || n == 0 {
				fmt.Printf("no end: %v", err)
				os.Exit(1)
			}
			n, err := unix.Read(0, buf)
			if err != nil || n == 0 {
				os.Exit(0)
			}
			_, _ = os.Stdout.Write(buf[:n])
		}
	}
	t.Setenv(relayRole, "program")
	leavesNothing(t)
	read, write := fifoPair(t)
	if _, err := write.WriteString("left behind"); err != nil {
		t.Fatal(err)
	}
	_ = write.Close()
	null, out := openFile(t, os.DevNull, unix.O_RDWR), fileSink(t, 0)
	state, err := relayed(t, [3]*os.File{read, out.end, null}, relayLimit, "/proc/self/exe", "-test.run=^"+t.Name()+"$")
	if got := string(out.received()); err != nil || !state.Success() || got != "left behind" {
		t.Errorf("got %q, %v, %v", got, state, err)
	}
}

// What the program wrote to both in turn arrives in turn.
func TestRelayKeepsOrder(t *testing.T) {
	const lines = 3000
	var want strings.Builder
	for i := range lines {
		fmt.Fprintf(&want, "out %d\nerr %d\n", i, i)
	}
	for _, kind := range sinks {
		t.Run(kind.name, func(t *testing.T) {
			leavesNothing(t)
			null, out := openFile(t, os.DevNull, unix.O_RDWR), kind.open(t)
			dup, err := unix.FcntlInt(out.end.Fd(), unix.F_DUPFD_CLOEXEC, 0) // 2>&1
			if err != nil {
				t.Fatal(err)
			}
			twin := ownedFile(t, dup, "twin")
			state, err := relayed(t, [3]*os.File{null, out.end, twin}, relayLimit,
				"sh", "-c", `i=0; while [ $i -lt $0 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done`, strconv.Itoa(lines))
			if err != nil || !state.Success() {
				t.Errorf("%v, %v", state, err)
			}
			_ = twin.Close()
			if got := string(out.received()); got != want.String() {
				t.Errorf("got %d bytes in another order, want %d", len(got), want.Len())
			}
		})
	}
}

func TestRelaySharesAPipeOnlyForOneFile(t *testing.T) {
	leavesNothing(t)
	null := openFile(t, os.DevNull, unix.O_RDWR)
	for _, kind := range sinks {
		if !kind.relayed {
			continue
		}
		one, other := kind.open(t), kind.open(t)
		for _, tc := range []struct {
			stderr *os.File
			want   bool
		}{{one.end, true}, {other.end, false}} {
			r, err := newRelay([3]*os.File{null, one.end, tc.stderr})
			if err != nil {
				t.Fatal(err)
			}
			if ends := r.child(); (ends[1] == ends[2]) != tc.want {
				t.Errorf("%s: one pipe: %t, want %t", kind.name, ends[1] == ends[2], tc.want)
			}
			if err := r.finish(0); err != nil {
				t.Error(err)
			}
		}
		one.received()
		other.received()
	}
}

// The caller goes on where the program ended, and a line that it writes in between
// stays: a shell's (first; confine run ...; last) > file, and the runner's own words.
func TestRelayWritesBesideTheCaller(t *testing.T) {
	leavesNothing(t)
	const lines = 20000
	line := strings.Repeat("x", 99) + "\n"
	null, out := openFile(t, os.DevNull, unix.O_RDWR), fileSink(t, 0)
	written := make(chan error, 1)
	go func() {
		for range lines {
			if _, err := out.end.WriteString(line); err != nil {
				written <- err
				return
			}
		}
		written <- nil
	}()
	state, err := relayed(t, [3]*os.File{null, out.end, null}, relayLimit,
		"sh", "-c", `yes "$0" | head -n $1`, strings.TrimSpace(line), strconv.Itoa(5*lines))
	if err != nil || !state.Success() {
		t.Errorf("%v, %v", state, err)
	}
	if err := <-written; err != nil {
		t.Error(err)
	}
	if _, err := out.end.WriteString("last\n"); err != nil {
		t.Error(err)
	}
	got, want := out.received(), len(line)*6*lines+len("last\n")
	if len(got) != want || !bytes.HasSuffix(got, []byte("x\nlast\n")) {
		t.Errorf("got %d bytes that end in %q, want %d", len(got), got[max(0, len(got)-10):], want)
	}
}

func TestRelayReplacesClosedStreams(t *testing.T) {
	leavesNothing(t)
	closed, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	for name, caller := range map[string][3]*os.File{
		"closed": {closed, closed, closed},
		"none":   {},
	} {
		state, err := relayed(t, caller, relayLimit, "sh", "-c", `cat && echo out && echo err >&2`)
		if err != nil || !state.Success() {
			t.Errorf("%s: %v, %v", name, state, err)
		}
	}
}

// A program that sets O_NONBLOCK, as the sentry does, sets its own.
func TestRelayKeepsTheCallersDescriptorsBlocking(t *testing.T) {
	leavesNothing(t)
	program := []string{"dd", "iflag=nonblock", "oflag=nonblock", "count=0", "status=none"}
	for _, tc := range []struct {
		name string
		want int
		run  func(stdin, stdout *os.File) error
	}{
		{"control: inherited", unix.O_NONBLOCK, func(stdin, stdout *os.File) error {
			cmd := exec.Command(program[0], program[1:]...)
			cmd.Stdin, cmd.Stdout = stdin, stdout
			return cmd.Run()
		}},
		{"relay", 0, func(stdin, stdout *os.File) error {
			_, err := relayed(t, [3]*os.File{stdin, stdout, stdout}, relayLimit, program...)
			return err
		}},
	} {
		stdin, feed := pipePair(t)
		reader, stdout := fifoPair(t)
		if err := tc.run(stdin, stdout); err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
		for _, f := range []*os.File{stdin, stdout} {
			if got := statusFlags(t, f) & unix.O_NONBLOCK; got != tc.want {
				t.Errorf("%s: O_NONBLOCK %#x, want %#x", tc.name, got, tc.want)
			}
		}
		_, _, _, _ = feed.Close(), reader.Close(), stdin.Close(), stdout.Close()
	}
}

// A pipe that cannot be opened once more, because it is another user's, is relayed.
func TestRelayCarriesAnotherUsersPipes(t *testing.T) {
	needRoot(t)
	leavesNothing(t)
	_, data := someData(t, 8<<20)
	stdin, feed := pipePair(t)
	go func() {
		_, _ = feed.Write(data)
		_ = feed.Close()
	}()
	out := drained(pipePair(t))
	null := openFile(t, os.DevNull, unix.O_RDWR)

	// setfsuid(2) is the thread's: the relay is made by a user that may not open them.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const daemon = 1
	if err := unix.Setfsuid(daemon); err != nil {
		t.Fatal(err)
	}
	r, err := newRelay([3]*os.File{stdin, out.end, null})
	if err := unix.Setfsuid(0); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer r.finish(0)
	if len(r.flows) != 3 {
		t.Errorf("%d streams are relayed, want all 3", len(r.flows))
	}
	ends := r.child()
	cmd := exec.Command("cat")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = ends[0], ends[1], ends[2]
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.start()
	if err := errors.Join(cmd.Wait(), r.finish(relayLimit)); err != nil {
		t.Error(err)
	}
	if got := out.received(); digestOf(got) != digestOf(data) {
		t.Errorf("got %d other bytes, want %d", len(got), len(data))
	}
}

// What was read ahead is lost to whoever reads after the program: a pipe's worth.
func TestRelayReadsAheadNoMoreThanAPipe(t *testing.T) {
	const pipe, used = 64 << 10, 5000 // more than a page, which makes room for one
	path, _ := someData(t, 1<<20)
	for name, program := range map[string][]string{
		"reads a little": {"dd", "bs=1", "count=" + strconv.Itoa(used), "status=none"},
		"reads nothing":  {"true"},
		"closes it":      {"sh", "-c", "exec <&-; sleep 0.1"},
		"waits":          {"sleep", "0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			leavesNothing(t)
			null, in := openFile(t, os.DevNull, unix.O_RDWR), openFile(t, path, unix.O_RDONLY)
			state, err := relayed(t, [3]*os.File{in, null, null}, relayLimit, program...)
			if err != nil || !state.Success() {
				t.Errorf("%v, %v", state, err)
			}
			if at, err := in.Seek(0, io.SeekCurrent); err != nil || at > pipe+used {
				t.Errorf("read up to %d, %v, want no more than %d", at, err, pipe+used)
			}
		})
	}
}

func TestRelayReportsWhatCouldNotBeRead(t *testing.T) {
	leavesNothing(t)
	null, directory := openFile(t, os.DevNull, unix.O_RDWR), openFile(t, t.TempDir(), unix.O_RDONLY)
	_, err := relayed(t, [3]*os.File{directory, null, null}, relayLimit, "cat")
	if err == nil || err.Error() != "stdin: read: is a directory" {
		t.Errorf("got %v", err)
	}
}

func TestRelayReportsAFullDisk(t *testing.T) {
	leavesNothing(t)
	null, full := openFile(t, os.DevNull, unix.O_RDWR), openFile(t, "/dev/full", unix.O_WRONLY)
	if _, err := full.WriteString("x"); !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("control: got %v, want ENOSPC", err)
	}
	for number, want := range map[int]string{
		1: "stdout: write: no space left on device",
		2: "stderr: write: no space left on device",
	} {
		caller := [3]*os.File{null, null, null}
		caller[number] = full
		state, err := relayed(t, caller, relayLimit, "sh", "-c", `exec yes >&$0`, strconv.Itoa(number))
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		if signalOf(state) != syscall.SIGPIPE {
			t.Errorf("the program ended with %v, want SIGPIPE", state)
		}
	}
}

// What fits is written, and not a byte more.
func TestRelayPastTheLimitOfFiles(t *testing.T) {
	const limit = 100_000
	if os.Getenv(relayRole) != "" {
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: limit, Max: limit}); err != nil {
			t.Fatal(err)
		}
		null := openFile(t, os.DevNull, unix.O_RDWR)
		state, err := relayed(t, [3]*os.File{null, os.Stdout, null}, relayLimit, "yes")
		fmt.Fprintln(os.Stderr, signalOf(state), err)
		os.Exit(0)
	}
	leavesNothing(t)
	path := filepath.Join(t.TempDir(), "out")
	var stderr bytes.Buffer
	cmd := relayAgain(t, "relay", openFile(t, path, unix.O_WRONLY|unix.O_CREAT))
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil || stderr.String() != "broken pipe stdout: write: file too large\n" {
		t.Errorf("ended with %v, says %q", err, stderr.String())
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != strings.Repeat("y\n", limit/2) {
		t.Errorf("%d bytes in the file, %v, want %d", len(data), err, limit)
	}
}

// The reader of stdout goes away: the program gets SIGPIPE, and the runner, whose
// stdout it is, does not.
func TestRelayOutlivesItsReader(t *testing.T) {
	switch os.Getenv(relayRole) {
	case "control":
		for {
			_, _ = os.Stdout.Write([]byte("y\n"))
		}
	case "relay":
		null := openFile(t, os.DevNull, unix.O_RDWR)
		state, err := relayed(t, [3]*os.File{null, os.Stdout, null}, relayLimit, "yes")
		fmt.Fprintln(os.Stderr, signalOf(state), err)
		os.Exit(0)
	}
	for _, tc := range []struct {
		name  string
		open  func(t *testing.T) (read, write *os.File)
		early bool // the reader goes before the runner starts
	}{
		{name: "pipe", open: pipePair},
		{name: "FIFO", open: fifoPair},
		{name: "FIFO without a reader", open: fifoPair, early: true}, // relayed: it cannot be opened again
		{name: "socket", open: func(t *testing.T) (_, _ *os.File) { return socketEnds(t, unix.SOCK_STREAM) }},
		{name: "socket of messages", open: func(t *testing.T) (_, _ *os.File) { return socketEnds(t, unix.SOCK_SEQPACKET) }},
	} {
		for _, role := range []string{"control", "relay"} {
			t.Run(tc.name+" "+role, func(t *testing.T) {
				leavesNothing(t)
				read, write := tc.open(t)
				if tc.early {
					_ = read.Close()
				}
				var stderr bytes.Buffer
				cmd := relayAgain(t, role, write)
				cmd.Stderr = &stderr
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				_ = write.Close()
				if !tc.early {
					if _, err := read.Read(make([]byte, 1)); err != nil {
						t.Error(err)
					}
					_ = read.Close()
				}
				_ = cmd.Wait()
				if role == "control" {
					if signalOf(cmd.ProcessState) != syscall.SIGPIPE {
						t.Errorf("ended with %v, want SIGPIPE", cmd.ProcessState)
					}
					return
				}
				if !cmd.ProcessState.Success() || stderr.String() != "broken pipe <nil>\n" {
					t.Errorf("ended with %v, says %q", cmd.ProcessState, stderr.String())
				}
			})
		}
	}
}

// A terminal that was hung up is no reader that went away.
func TestRelayReportsATerminalThatIsGone(t *testing.T) {
	leavesNothing(t)
	null := openFile(t, os.DevNull, unix.O_RDWR)
	master, slave := terminal(t)
	_ = master.Close()
	state, err := relayed(t, [3]*os.File{null, slave, null}, relayLimit, "yes")
	if !errors.Is(err, unix.EIO) || signalOf(state) != syscall.SIGPIPE {
		t.Errorf("got %v, %v", state, err)
	}
}

// A process that outlives the program may hold the pipe for ever. What was written
// before arrives.
func TestRelayFinishIsBounded(t *testing.T) {
	leavesNothing(t)
	null, out := openFile(t, os.DevNull, unix.O_RDWR), fileSink(t, 0)
	pid := filepath.Join(t.TempDir(), "pid")
	state, err := relayed(t, [3]*os.File{null, out.end, null}, 100*time.Millisecond,
		"sh", "-c", `echo written; sleep 600 & echo $! > "$0"`, pid)
	text, _ := os.ReadFile(pid)
	holder, convErr := strconv.Atoi(strings.TrimSpace(string(text)))
	if convErr != nil {
		t.Fatal(convErr)
	}
	if killErr := unix.Kill(holder, unix.SIGKILL); killErr != nil {
		t.Errorf("control: the holder of the pipe is not there: %v", killErr)
	}
	if got := string(out.received()); err != nil || !state.Success() || got != "written\n" {
		t.Errorf("got %q, %v, %v", got, state, err)
	}
}

// Nobody reads: what the caller did not get is no secret.
func TestRelayFinishSaysWhatIsMissing(t *testing.T) {
	for _, tc := range []struct {
		name string
		open func(t *testing.T) (read, write *os.File)
	}{
		{"socket", func(t *testing.T) (_, _ *os.File) { return socketEnds(t, unix.SOCK_STREAM) }},
		{"socket of messages", func(t *testing.T) (_, _ *os.File) { return socketEnds(t, unix.SOCK_SEQPACKET) }},
		{"terminal", terminal},
	} {
		t.Run(tc.name, func(t *testing.T) {
			leavesNothing(t)
			null := openFile(t, os.DevNull, unix.O_RDWR)
			read, write := tc.open(t)
			r, err := newRelay([3]*os.File{null, write, null})
			if err != nil {
				t.Fatal(err)
			}
			// The pipe is full before the relay starts: one write carries more than fits.
			const size = pipeSize
			if _, err := r.child()[1].Write(make([]byte, size)); err != nil {
				t.Fatal(err)
			}
			r.start()
			err = r.finish(100 * time.Millisecond)
			var missing int
			if err == nil {
				t.Fatal("nothing is missing")
			}
			if _, scanErr := fmt.Sscanf(err.Error(), "stdout: %d bytes could not be written within 100ms", &missing); scanErr != nil {
				t.Fatalf("got %v", err)
			}
			_ = write.Close()
			got := readAll(read)
			if len(got)+missing != size || missing == 0 {
				t.Errorf("%d bytes arrived, %d are said to be missing, of %d", len(got), missing, size)
			}
		})
	}
}

// An input that never ends does not keep the runner.
func TestRelayFinishDoesNotWaitForInput(t *testing.T) {
	for _, tc := range []struct {
		name string
		open func(t *testing.T) (write, read *os.File)
	}{
		{"terminal", terminal},
		{"socket", func(t *testing.T) (_, _ *os.File) { return socketEnds(t, unix.SOCK_STREAM) }},
		{"zeros", func(t *testing.T) (_, _ *os.File) { return nil, openFile(t, "/dev/zero", unix.O_RDONLY) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			leavesNothing(t)
			null := openFile(t, os.DevNull, unix.O_RDWR)
			_, read := tc.open(t)
			if state, err := relayed(t, [3]*os.File{read, null, null}, relayLimit, "true"); err != nil || !state.Success() {
				t.Errorf("%v, %v", state, err)
			}
		})
	}
}

func TestRelayFinish(t *testing.T) {
	leavesNothing(t)
	null := openFile(t, os.DevNull, unix.O_RDWR)
	_, slave := terminal(t)
	full := openFile(t, "/dev/full", unix.O_WRONLY)
	for name, start := range map[string]bool{"never started": false, "started": true} {
		r, err := newRelay([3]*os.File{slave, full, null})
		if err != nil {
			t.Fatal(err)
		}
		if start {
			if _, err := r.child()[1].WriteString("x"); err != nil {
				t.Fatal(err)
			}
			r.start()
		}
		first, second := r.finish(relayLimit), r.finish(relayLimit)
		if start != (first != nil) || !errors.Is(second, first) {
			t.Errorf("%s: got %v, then %v", name, first, second)
		}
	}
}
