//go:build linux

package integration

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// stream is a standard stream of the caller's, and what comes out at its other end.
type stream struct {
	end *os.File
	// received closes the stream and gives what was written to it.
	received func() []byte
}

const alreadyThere = "already there\n"

// opened leaves the flags of a descriptor alone, as os.OpenFile does not.
func opened(t *testing.T, path string, flags int) *os.File {
	t.Helper()
	fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0o600)
	if err != nil {
		t.Fatalf("open %s: %v", path, err)
	}
	f := os.NewFile(uintptr(fd), path)
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// collected takes what comes out of a file until it ends; the master of a terminal ends
// with EIO.
func collected(from, end *os.File) stream {
	all := make(chan []byte, 1)
	go func() {
		var b bytes.Buffer
		_, _ = io.Copy(&b, struct{ io.Reader }{from})
		all <- b.Bytes()
	}()
	return stream{end, func() []byte { _ = end.Close(); return <-all }}
}

// fileStream is a file that has something in it, before where the caller has got to.
func fileStream(t *testing.T, flags int) stream {
	path := file(t, filepath.Join(t.TempDir(), "out"), alreadyThere, 0o600)
	end := opened(t, path, unix.O_WRONLY|flags)
	if flags&unix.O_APPEND == 0 {
		if _, err := end.Seek(int64(len(alreadyThere)), io.SeekStart); err != nil {
			t.Fatal(err)
		}
	}
	return stream{end, func() []byte {
		_ = end.Close()
		text, found := strings.CutPrefix(readText(t, path), alreadyThere)
		if !found {
			t.Errorf("what was in the file is lost: %.40q", text)
		}
		return []byte(text)
	}}
}

func fifoStream(t *testing.T, uid, gid uint32) (s stream, path string) {
	path = filepath.Join(tree(t), "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	chown(t, path, int(uid), int(gid))
	both := opened(t, path, unix.O_RDWR) // neither of the next two waits for the other
	defer both.Close()
	return collected(opened(t, path, unix.O_RDONLY), opened(t, path, unix.O_WRONLY)), path
}

// terminalPair makes a pseudo-terminal that changes no byte, see cfmakeraw(3).
func terminalPair(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master = opened(t, "/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY)
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave = opened(t, "/dev/pts/"+strconv.Itoa(number), unix.O_RDWR|unix.O_NOCTTY)
	raw := unix.Termios{Cflag: unix.CS8 | unix.CREAD | unix.B38400}
	raw.Cc[unix.VMIN] = 1
	if err := unix.IoctlSetTermios(int(slave.Fd()), unix.TCSETS, &raw); err != nil {
		t.Fatal(err)
	}
	return master, slave
}

func socketStream(t *testing.T, kind int) stream {
	fds, err := unix.Socketpair(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	a, b := os.NewFile(uintptr(fds[0]), "socket"), os.NewFile(uintptr(fds[1]), "socket")
	t.Cleanup(func() { _, _ = a.Close(), b.Close() })
	return collected(a, b)
}

func pipeStream(t *testing.T) stream {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	r, w := os.NewFile(uintptr(fds[0]), "pipe"), os.NewFile(uintptr(fds[1]), "pipe")
	t.Cleanup(func() { _, _ = r.Close(), w.Close() })
	return collected(r, w)
}

// streamKinds are what a stream can be.
var streamKinds = []struct {
	name string
	open func(t *testing.T) stream
}{
	{"file", func(t *testing.T) stream { return fileStream(t, 0) }},
	{"append", func(t *testing.T) stream { return fileStream(t, unix.O_APPEND) }},
	{"pipe", pipeStream},
	{"FIFO of root's", func(t *testing.T) stream { s, _ := fifoStream(t, 0, 0); return s }},
	{"FIFO of the program's user", func(t *testing.T) stream { s, _ := fifoStream(t, account.uid, account.gid); return s }},
	{"terminal", func(t *testing.T) stream { return collected(terminalPair(t)) }},
	{"socket", func(t *testing.T) stream { return socketStream(t, unix.SOCK_STREAM) }},
}

const muchData = 8 << 20

// someData is a file with random bytes.
func someData(t *testing.T, size int) (path string, data []byte) {
	t.Helper()
	data = make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(data)
	return file(t, filepath.Join(tree(t), "data"), string(data), 0o644), data
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// What the program writes arrives byte for byte, wherever its stdout and stderr lead.
func TestGuestOutputArrives(t *testing.T) {
	path, data := someData(t, muchData)
	policy := guestPolicy(t, fmt.Sprintf("read = [%q]", filepath.Dir(path)), "")
	for i, kind := range streamKinds {
		caller := guestCallers[i%len(guestCallers)]
		for name, script := range map[string]string{"stdout": `cat "$0"`, "stderr": `cat "$0" >&2`} {
			t.Run(kind.name+"/"+name+"/"+caller.name, func(t *testing.T) {
				t.Parallel()
				s := kind.open(t)
				cmd := caller.cmd(policy, "/usr/bin/sh", "-c", script, path)
				cmd.Args = slices.Insert(cmd.Args, 2, "--quiet")
				if name == "stdout" {
					cmd.Stdout = s.end
				} else {
					cmd.Stderr = s.end
				}
				finish(t, cmd).must(t, 0)
				if got := s.received(); digestOf(got) != digestOf(data) {
					t.Errorf("%d bytes of %d arrived, digest %s", len(got), len(data), digestOf(got))
				}
			})
		}
	}
}

// The program reads to the end of its stdin, whatever that is.
func TestGuestInputArrives(t *testing.T) {
	path, data := someData(t, muchData)
	policy := guestPolicy(t, "", "")
	empty := digestOf(nil)
	for _, caller := range guestCallers {
		for name, open := range map[string]func(t *testing.T) (*os.File, string){
			"file": func(t *testing.T) (*os.File, string) { return opened(t, path, unix.O_RDONLY), digestOf(data) },
			"file from where the caller is": func(t *testing.T) (*os.File, string) {
				f := opened(t, path, unix.O_RDONLY)
				if _, err := f.Seek(1000, io.SeekStart); err != nil {
					t.Fatal(err)
				}
				return f, digestOf(data[1000:])
			},
			"pipe": func(t *testing.T) (*os.File, string) {
				r, w, err := os.Pipe()
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = r.Close() })
				go func() {
					_, _ = w.Write(data)
					_ = w.Close()
				}()
				return r, digestOf(data)
			},
			"socket": func(t *testing.T) (*os.File, string) {
				fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
				if err != nil {
					t.Fatal(err)
				}
				w := os.NewFile(uintptr(fds[1]), "socket")
				r := os.NewFile(uintptr(fds[0]), "socket")
				t.Cleanup(func() { _ = r.Close() })
				go func() {
					_, _ = w.Write(data)
					_ = w.Close()
				}()
				return r, digestOf(data)
			},
			"/dev/null": func(t *testing.T) (*os.File, string) { return opened(t, os.DevNull, unix.O_RDONLY), empty },
		} {
			t.Run(caller.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				cmd := caller.cmd(policy, "/usr/bin/sha256sum")
				var digest string
				cmd.Stdin, digest = open(t)
				if o := finish(t, cmd).must(t, 0); o.stdout != digest+"  -\n" {
					t.Errorf("the program read what has the digest %s", o.stdout)
				}
			})
		}
	}
}

// withStreams starts a command by a shell that has redirected its streams.
func withStreams(cmd *exec.Cmd, redirections string) *exec.Cmd {
	wrapped := exec.Command("/usr/bin/sh", append([]string{"-c", `exec "$@" ` + redirections, "sh"}, cmd.Args...)...)
	wrapped.SysProcAttr, wrapped.Env, wrapped.Dir = cmd.SysProcAttr, cmd.Env, cmd.Dir
	return wrapped
}

// A stream that the caller has closed is /dev/null to the program, as to every Go program.
func TestGuestWithClosedStreams(t *testing.T) {
	dir := owned(t, filepath.Join(tree(t), "w"))
	policy := guestPolicy(t, fmt.Sprintf("write = [%q]", dir), "")
	for _, caller := range guestCallers {
		for i, closed := range []string{"<&-", ">&-", "2>&-", "<&- >&- 2>&-"} {
			t.Run(caller.name+"/"+closed, func(t *testing.T) {
				t.Parallel()
				result := filepath.Join(dir, fmt.Sprintf("%s %d", caller.name, i))
				script := `wc -c >"$0"; echo out; echo err >&2; echo done >>"$0"`
				cmd := withStreams(caller.cmd(policy, "/usr/bin/sh", "-c", script, result), closed)
				o := finish(t, cmd).must(t, 0)
				if got := readText(t, result); got != "0\ndone\n" {
					t.Errorf("the program wrote %q", got)
				}
				if open := !strings.Contains(closed, " >&-") && closed != ">&-"; (o.stdout == "out\n") != open {
					t.Errorf("stdout %q", o.stdout)
				}
			})
		}
	}
}

// `> log 2>&1` keeps what the log had, the runner's own line in one piece, and the
// program's lines in their order; what follows is after them.
func TestGuestLogKeepsOrder(t *testing.T) {
	policy := guestPolicy(t, "", "")
	const lines = 200
	script := "i=0; while [ $i -lt " + strconv.Itoa(lines) + " ]; do echo out $i; echo err $i >&2; i=$((i+1)); done"
	var want strings.Builder
	for i := range lines {
		fmt.Fprintf(&want, "out %d\nerr %d\n", i, i)
	}
	for _, caller := range guestCallers {
		for name, flags := range map[string]int{"file": 0, "append": unix.O_APPEND} {
			t.Run(caller.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				s := fileStream(t, flags)
				cmd := caller.cmd(policy, "/usr/bin/sh", "-c", script)
				cmd.Stdout, cmd.Stderr = s.end, s.end
				finish(t, cmd).must(t, 0)
				if _, err := s.end.WriteString("trailer\n"); err != nil {
					t.Fatal(err)
				}
				var ours, theirs []string
				for line := range strings.Lines(string(s.received())) {
					if strings.HasPrefix(line, "confine: ") {
						ours = append(ours, line)
					} else {
						theirs = append(theirs, line)
					}
				}
				if len(ours) != 1 || !strings.Contains(ours[0], "proven in") || !strings.HasSuffix(ours[0], "\n") {
					t.Errorf("the runner's lines: %q", ours)
				}
				if got := strings.Join(theirs, ""); got != want.String()+"trailer\n" {
					t.Errorf("the program's lines:\n%.200q\n...\n%q", got, got[max(0, len(got)-200):])
				}
			})
		}
	}
}

// The program gets pipes: a file behind them is not its own to truncate, rewind or seek.
func TestGuestCannotTruncateItsOutput(t *testing.T) {
	policy := guestPolicy(t, `proc = "self"`, "")
	script := `import os
def attempt(name, f):
    try: f(); print(name, "ok")
    except OSError as e: print(name, e.strerror)
attempt("ftruncate", lambda: os.ftruncate(1, 0))
attempt("lseek", lambda: os.lseek(1, 0, os.SEEK_SET))
attempt("pwrite", lambda: os.pwrite(1, b"overwritten", 0))
attempt("reopen", lambda: os.close(os.open("/proc/self/fd/1", os.O_WRONLY | os.O_TRUNC)))
`
	for _, caller := range guestCallers {
		t.Run(caller.name, func(t *testing.T) {
			s := fileStream(t, 0)
			cmd := caller.cmd(policy, "/usr/bin/python3.11", "-c", script)
			cmd.Stdout = s.end
			finish(t, cmd).must(t, 0)
			// received fails if what was there is not there any more.
			got := string(s.received())
			for _, name := range []string{"ftruncate", "lseek", "pwrite"} {
				if !strings.Contains(got, name+" ") || strings.Contains(got, name+" ok") {
					t.Errorf("%s inside:\n%s", name, got)
				}
			}
		})
	}
	path := file(t, filepath.Join(tree(t), "out"), alreadyThere, 0o600)
	control := exec.Command("/usr/bin/python3.11", "-c", script)
	control.Stdout = opened(t, path, unix.O_WRONLY)
	finish(t, control).must(t, 0)
	if got := readText(t, path); strings.Contains(got, alreadyThere) {
		t.Errorf("control: outside the file still has %q", got)
	}
}

// runsc, started by root, changes the owner of what is its stdin. /dev/null is a node of
// this test's own, in a mount namespace of its own.
func TestGuestLeavesDevicesAndPipesToTheirOwners(t *testing.T) {
	policy := guestPolicy(t, "", "")
	const script = `set -e
mount --make-rprivate /
mknod -m 666 "$0" c 1 3
chown 12:34 "$0"
mount --bind "$0" /dev/null
"$@" </dev/null >/dev/null 2>/dev/null
stat -c '%u %g %a %F' /dev/null`
	for _, caller := range guestCallers {
		t.Run(caller.name, func(t *testing.T) {
			args := append([]string{"--mount", "--", "/usr/bin/sh", "-c", script, filepath.Join(tree(t), "null")}, asWrapped(caller.cmd(policy, "/usr/bin/cat"))...)
			if o := finish(t, exec.Command("/usr/bin/unshare", args...)).must(t, 0); o.stdout != "12 34 666 character special file\n" {
				t.Errorf("/dev/null is %q", o.stdout)
			}
			for _, owner := range []uint32{0, account.uid} {
				s, path := fifoStream(t, owner, owner)
				cmd := caller.cmd(policy, "/usr/bin/echo", "text")
				cmd.Stdout = s.end
				finish(t, cmd).must(t, 0)
				if got := s.received(); string(got) != "text\n" {
					t.Errorf("the FIFO carried %q", got)
				}
				var st unix.Stat_t
				if err := unix.Stat(path, &st); err != nil || st.Uid != owner || st.Gid != owner || st.Mode&0o7777 != 0o600 {
					t.Errorf("the FIFO of uid %d: uid %d, gid %d, mode %o, %v", owner, st.Uid, st.Gid, st.Mode, err)
				}
			}
		})
	}
}

// The caller's descriptors stay blocking: whoever shares them would see a change.
func TestGuestLeavesDescriptorsBlocking(t *testing.T) {
	policy := guestPolicy(t, "", "")
	for _, kind := range streamKinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			s := kind.open(t)
			cmd := guest(policy, "/usr/bin/echo", "text")
			cmd.Stdout = s.end
			finish(t, cmd).must(t, 0)
			fd := int(s.end.Fd()) // os.File's own way to make a descriptor blocking would hide a change
			flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
			if err != nil || flags&unix.O_NONBLOCK != 0 {
				t.Errorf("flags %o, %v", flags, err)
			}
			s.received()
		})
	}
}

// A full disk is the program's failure if it still runs, and that of its run if it has
// ended: what it wrote did not arrive.
func TestGuestOutputOnAFullDisk(t *testing.T) {
	path, _ := someData(t, muchData)
	policy := guestPolicy(t, fmt.Sprintf("read = [%q]", filepath.Dir(path)), "")
	for _, caller := range guestCallers {
		for name, script := range map[string]string{"much": `cat "$0"`, "little": "echo text"} {
			t.Run(caller.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				cmd := caller.cmd(policy, "/usr/bin/sh", "-c", script, path)
				cmd.Stdout = opened(t, "/dev/full", unix.O_WRONLY)
				o := finish(t, cmd).must(t, 1)
				if !strings.Contains(o.stderr, "stdout: write: no space left on device") {
					t.Errorf("stderr: %s", o.stderr)
				}
			})
		}
		// The code of a program that failed by itself is its own.
		cmd := caller.cmd(policy, "/usr/bin/sh", "-c", "echo text; exit 7")
		cmd.Stdout = opened(t, "/dev/full", unix.O_WRONLY)
		finish(t, cmd).must(t, 7)
	}
	control := exec.Command("/usr/bin/cat", path)
	control.Stdout = opened(t, "/dev/full", unix.O_WRONLY)
	finish(t, control).must(t, 1)
}

// When its reader goes away, the program gets EPIPE. SIGPIPE does not come with it: the
// sentry sends that for its own pipes only (pkg/sentry/syscalls/linux/error.go).
func TestGuestWhoseReaderGoesAway(t *testing.T) {
	policy := guestPolicy(t, "", "")
	for _, caller := range guestCallers {
		for name, open := range map[string]func(t *testing.T) (reader, end *os.File){
			"pipe": func(t *testing.T) (*os.File, *os.File) {
				r, w, err := os.Pipe()
				if err != nil {
					t.Fatal(err)
				}
				return r, w
			},
			"socket": func(t *testing.T) (*os.File, *os.File) {
				fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
				if err != nil {
					t.Fatal(err)
				}
				return os.NewFile(uintptr(fds[0]), "socket"), os.NewFile(uintptr(fds[1]), "socket")
			},
		} {
			t.Run(caller.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				reader, end := open(t)
				var stderr bytes.Buffer
				cmd := caller.cmd(policy, "/usr/bin/yes")
				cmd.Stdout, cmd.Stderr = end, &stderr
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				_ = end.Close()
				stuck := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
				defer stuck.Stop()
				if _, err := io.ReadFull(reader, make([]byte, 1)); err != nil {
					t.Fatal(err)
				}
				_ = reader.Close()
				_ = cmd.Wait()
				if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(stderr.String(), "Broken pipe") {
					t.Errorf("exit code %d: %s", code, &stderr)
				}
			})
		}
	}
	// What the guest's kernel has of its own behaves as elsewhere.
	if o := finish(t, guest(policy, "/usr/bin/bash", "-c", `yes | head -c 1; echo " ${PIPESTATUS[0]}"`)).must(t, 0); o.stdout != "y 141\n" {
		t.Errorf("a pipe inside: %q", o.stdout)
	}
}

// A reader that takes nothing does not keep a program beyond its time, nor what it wrote.
func TestGuestWallTimeWithoutAReader(t *testing.T) {
	policy := guestPolicy(t, "", "wall_time = \"1s\"\n")
	for _, caller := range guestCallers {
		t.Run(caller.name, func(t *testing.T) {
			t.Parallel()
			fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				t.Fatal(err)
			}
			nobody, end := os.NewFile(uintptr(fds[0]), "socket"), os.NewFile(uintptr(fds[1]), "socket")
			t.Cleanup(func() { _, _ = nobody.Close(), end.Close() })
			cmd := caller.cmd(policy, "/usr/bin/yes")
			cmd.Stdout = end
			o := finish(t, cmd).must(t, 124)
			for _, text := range []string{"the wall time of 1s is over", "stdout: ", "could not be written"} {
				if !strings.Contains(o.stderr, text) {
					t.Errorf("stderr lacks %q: %s", text, o.stderr)
				}
			}
		})
	}
}

// Lines that are written one by one arrive one by one, and answers get through.
func TestGuestTalks(t *testing.T) {
	policy := guestPolicy(t, "", "")
	for _, caller := range guestCallers {
		for name, pair := range map[string]func(t *testing.T) (ours, theirs *os.File){
			"terminal": terminalPair,
			"socket": func(t *testing.T) (*os.File, *os.File) {
				fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
				if err != nil {
					t.Fatal(err)
				}
				return os.NewFile(uintptr(fds[0]), "socket"), os.NewFile(uintptr(fds[1]), "socket")
			},
		} {
			t.Run(caller.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				ours, theirs := pair(t)
				cmd := caller.cmd(policy, "/usr/bin/sh", "-c", `while read -r line; do echo "heard $line"; [ "$line" = end ] && exit 8; done`)
				cmd.Stdin, cmd.Stdout = theirs, theirs
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				stuck := time.AfterFunc(patience, func() { _ = cmd.Process.Kill(); _ = ours.Close() })
				defer stuck.Stop()
				buf := make([]byte, 100)
				for _, word := range []string{"one", "two", "end"} {
					if _, err := io.WriteString(ours, word+"\n"); err != nil {
						t.Fatal(err)
					}
					n, err := ours.Read(buf)
					if got := string(buf[:n]); err != nil || got != "heard "+word+"\n" {
						t.Errorf("%q, %v", got, err)
					}
				}
				_ = cmd.Wait()
				if code := cmd.ProcessState.ExitCode(); code != 8 {
					t.Errorf("exit code %d", code)
				}
			})
		}
	}
}

// A terminal of the caller's is none to the program: it could put words into its input.
func TestGuestHasNoTerminal(t *testing.T) {
	policy := guestPolicy(t, "", "")
	script := `import fcntl, os, termios
print(os.isatty(0), os.isatty(1))
for fd in 0, 1:
    try: fcntl.ioctl(fd, termios.TIOCSTI, b"x"); print("pushed")
    except OSError as e: print("not pushed")
`
	for _, caller := range guestCallers {
		master, slave := terminalPair(t)
		cmd := caller.cmd(policy, "/usr/bin/python3.11", "-c", script)
		s := collected(master, slave)
		cmd.Stdin, cmd.Stdout = slave, slave
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credentialOf(cmd), Setsid: true, Setctty: true}
		finish(t, cmd).must(t, 0)
		if got := string(s.received()); got != "False False\nnot pushed\nnot pushed\n" {
			t.Errorf("%s: %q", caller.name, got)
		}
	}
}

func credentialOf(cmd *exec.Cmd) *syscall.Credential {
	if cmd.SysProcAttr == nil {
		return nil
	}
	return cmd.SysProcAttr.Credential
}
