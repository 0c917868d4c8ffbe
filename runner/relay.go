//go:build linux

package runner

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// relay stands between the program's standard streams and the caller's, so that
// runsc gets nothing but pipes. The sentry writes to a regular file at an offset of
// its own, from 0 on (pkg/sentry/fsimpl/host/host.go), and lets the guest truncate it;
// runsc changes the owner of what it gets, be it /dev/null (configureStdios in
// runsc/sandbox/sandbox.go), and a terminal could be driven from inside.
//
// What passes through is neither kept nor looked at. Boundaries of messages are
// not kept: a socket gets a stream of bytes.
type relay struct {
	// ends are what the program inherits.
	ends  [3]*os.File
	flows []*flow
	// stop is an eventfd(2), readable once the flows have to end.
	stop    int
	started bool

	once sync.Once
	err  error
}

var streamNames = [3]string{"stdin", "stdout", "stderr"}

// newRelay prepares the streams; the caller must call finish. The caller's own
// descriptors keep their flags: whoever shares them would see a change.
func newRelay(caller [3]*os.File) (r *relay, err error) {
	r = &relay{}
	if r.stop, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return nil, fmt.Errorf("make an eventfd for the standard streams: %w", err)
	}
	defer func() {
		if err != nil {
			_ = r.finish(0)
			r = nil
		}
	}()
	var stdout callerEnd
	for number, file := range caller {
		end, err := newCallerEnd(file, number)
		if err != nil {
			return r, err
		}
		if r.ends[number] = end.openPipeAgain(number); r.ends[number] != nil {
			continue
		}
		// One pipe for one file: through two, what the program writes to stdout and
		// stderr in turn would arrive in any order.
		if number == 2 && end.same(stdout) {
			r.ends[2] = r.ends[1]
			end.close()
			continue
		}
		if number == 1 {
			stdout = end
		}
		if err := r.add(number, end); err != nil {
			return r, err
		}
	}
	return r, nil
}

// pipeSize is what a pipe for output should hold; 64 KiB is the kernel's default,
// 1 MiB what an ordinary user gets, see pipe(7). The one for input keeps the default:
// what it holds is taken away from whoever reads the same file after the program.
const pipeSize = 1 << 20

// add makes the pipe for a stream of the caller's.
func (r *relay) add(number int, caller callerEnd) error {
	caller.avoidBlocking(number)
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		caller.close()
		return fmt.Errorf("make a pipe for %s: %w", streamNames[number], err)
	}
	ours, theirs := fds[0], fds[1]
	if number == 0 {
		ours, theirs = theirs, ours
	}
	r.ends[number] = os.NewFile(uintptr(theirs), streamNames[number])
	r.flows = append(r.flows, &flow{
		name: streamNames[number], input: number == 0, pipe: ours, caller: caller, stop: r.stop, done: make(chan struct{}),
	})
	if err := unix.SetNonblock(ours, true); err != nil {
		return fmt.Errorf("use the pipe for %s: %w", streamNames[number], err)
	}
	if number != 0 {
		for size := pipeSize; size > 64<<10; size /= 2 {
			// EPERM: beyond fs.pipe-max-size or the user's share of pages.
			if _, err := unix.FcntlInt(uintptr(ours), unix.F_SETPIPE_SZ, size); err == nil {
				break
			}
		}
	}
	return nil
}

// child is what the program inherits, until start: pipes, all of them.
func (r *relay) child() [3]*os.File { return r.ends }

// start begins to copy, once the program has inherited its ends.
func (r *relay) start() {
	r.closeEnds()
	r.started = true
	for _, f := range r.flows {
		go f.run()
	}
}

// closeEnds closes our copies of the program's ends: as long as one is open, no
// pipe ends.
func (r *relay) closeEnds() {
	for _, end := range r.ends {
		if end != nil {
			_ = end.Close() // again, where stdout and stderr share one
		}
	}
}

// stopPatience is how long a flow may take to notice that it has to end.
const stopPatience = time.Second

// finish waits until everything that the program wrote has been copied, at most
// for the limit, and ends the relay; what the program has not read of its input is
// dropped. The error says what the caller did not get, or that it could not be read.
// Only a call that the kernel cannot be kept from blocking outlives finish, such as
// one to a stopped terminal of somebody else, or to a file on a server that is gone.
func (r *relay) finish(limit time.Duration) error {
	r.once.Do(func() { r.err = r.end(limit) })
	return r.err
}

func (r *relay) end(limit time.Duration) error {
	r.closeEnds()
	if !r.started {
		for _, f := range r.flows {
			f.close()
		}
		return unix.Close(r.stop)
	}
	r.awaitOutput(limit)
	r.halt()
	var errs []error
	for _, f := range r.flows {
		select {
		case <-f.done:
			if f.err == nil && f.left > 0 {
				f.err = fmt.Errorf("%s: %d bytes could not be written within %s", f.name, f.left, limit)
			}
			if f.err != nil && !f.input {
				f.err = lostOutput{f.err}
			}
			errs = append(errs, f.err)
		default:
			if !f.input {
				errs = append(errs, lostOutput{fmt.Errorf("%s: a write did not end within %s", f.name, limit)})
			}
		}
	}
	return errors.Join(errs...)
}

// lostOutput says that the caller did not get what the program wrote.
type lostOutput struct{ error }

func (l lostOutput) Unwrap() error { return l.error }

// awaitOutput does not wait for the input: nobody will read it.
func (r *relay) awaitOutput(limit time.Duration) {
	over := time.After(limit)
	for _, f := range r.flows {
		if f.input {
			continue
		}
		select {
		case <-f.done:
		case <-over:
			return
		}
	}
}

// halt stops the flows. The last one to end takes the eventfd with it, which
// others may still be looking at.
func (r *relay) halt() {
	_, _ = unix.Write(r.stop, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for _, f := range r.flows {
			<-f.done
		}
		_ = unix.Close(r.stop)
	}()
	select {
	case <-ended:
	case <-time.After(stopPatience):
	}
}
