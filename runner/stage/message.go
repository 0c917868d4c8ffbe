//go:build linux

package stage

import (
	"encoding/json"
	"fmt"

	"golang.org/x/sys/unix"
)

// Message is what the launcher and the stage send to the runner, one a packet.
// The kernel adds the sender's credentials (SO_PASSCRED, unix(7)), which cannot
// be forged across the PID namespace.
type Message struct {
	Kind Kind `json:"kind"`
	// Checks of a report.
	Checks []Check `json:"checks,omitempty"`
	// Landlock is the version of the interface in use, in the second report.
	Landlock int `json:"landlock,omitempty"`
	// Heard are the digests of what the stage was told, in the first report.
	Heard Digests `json:"heard,omitempty"`
	// Error of a failure; the checks of a stage's say which clause it is about.
	Error string `json:"error,omitempty"`
}

// Kind says what a message is.
type Kind string

// The kinds, in the order in which a launch sends them.
const (
	// Found reports on what the wrapper established.
	Found Kind = "found"
	// Listening carries the listener of a filter that asks about calls; there is one
	// where the policy has a gateway and the sandbox no link to it.
	Listening Kind = "listening"
	// Restricted reports on what the stage added.
	Restricted Kind = "restricted"
	// Executing carries the read end of a pipe that execve closes; a failure of
	// execve is written to it as an errno number.
	Executing Kind = "executing"
	// Failure ends a launch in the launcher or the stage.
	Failure Kind = "failure"
)

// NotPlaced is written to the pipe instead of an errno number when the last
// restrictions could not be put in place; a Failure follows.
const NotPlaced = 0xff

// MaxMessage bounds a packet; it is below the default size of a socket's buffer.
const MaxMessage = 192 << 10

// Proceed is the runner's answer to a report; anything else ends the stage.
const Proceed = 'p'

// Send gives the runner one message, with descriptors.
func Send(m Message, descriptors ...int) error {
	data, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode %s: %w", m.Kind, err)
	}
	if len(data) > MaxMessage {
		return fmt.Errorf("%s is %d bytes long, more than %d", m.Kind, len(data), MaxMessage)
	}
	var rights []byte
	if len(descriptors) > 0 {
		rights = unix.UnixRights(descriptors...)
	}
	if err := unix.Sendmsg(ControlFD, data, rights, nil, unix.MSG_NOSIGNAL); err != nil {
		return fmt.Errorf("send %s: %w", m.Kind, err)
	}
	return nil
}

// Await waits for the runner's leave to go on. A dead runner reads as a refusal.
func Await() bool {
	var answer [1]byte
	for {
		n, err := unix.Read(ControlFD, answer[:])
		if err == unix.EINTR {
			continue
		}
		return err == nil && n == 1 && answer[0] == Proceed
	}
}
