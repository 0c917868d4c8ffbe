//go:build linux

package runner

import (
	"os"
	"time"

	"confine/runner/stage"
)

// enclosure is a sandbox that was started and has a stage in it, whichever tool made
// it. Its methods are called in the order of a launch: attest and adopt when the stage
// has reported, awaitExecve when it goes, supervise while the program runs, and close
// whatever happened.
type enclosure interface {
	// receive waits for the stage's next message, its sender and its descriptor.
	receive(limit time.Duration) (m stage.Message, pid, fd int, err error)
	// proceed lets the stage go on.
	proceed() error
	// told are the digests of what was meant for the stage.
	told() (stage.Digests, error)
	// interruptBy makes a signal end the attestation.
	interruptBy(signals <-chan os.Signal) func() os.Signal

	// attest looks from the host's side at the process that reported.
	attest(pid int, order *stage.Order) ([]stage.Check, error)
	// mediate begins to answer the calls that the stage's listener asks about. It takes
	// the descriptor.
	mediate(listener int) error
	// restricted looks again when the stage has added what it adds.
	restricted(order *stage.Order) []stage.Check
	// onHost is the program's process, with a pidfd; ok is false for one that the host's
	// kernel does not know, but the sentry.
	onHost() (pid, pidfd int, ok bool)
	// record makes its gateway, if there is one, tell what is tried from now on.
	record()
	// adopt takes hold of it, so that it can be supervised.
	adopt(pid int) error
	// awaitExecve waits until the stage has become the program. The code is 126 or 127
	// if that failed, and 0 if the program runs. fd came with the stage's last word.
	awaitExecve(fd int) (code int, err error)
	// supervise waits for the program's end, passes signals on to it and counts its
	// time. A limit of 0 is none.
	supervise(signals <-chan os.Signal, limit time.Duration) (code int, err error)

	// refuse words what went wrong between the start and execve.
	refuse(err error) *Refusal
	// warnings are the tool's own.
	warnings() []string
	// kill ends everything in it at once.
	kill()
	// close returns when nothing of the sandbox is left.
	close()
}
