//go:build linux

package notify

import (
	"encoding/binary"
	"errors"

	"golang.org/x/sys/unix"
)

// The supervisor's messages to the runner are a number and an address, with the socket
// that is to be connected there; the runner's are the number and an error, after a first
// one that brings the listener.
const (
	numberSize = 8
	replySize  = numberSize + 4
	// maxAddress is that of the kernel, sizeof(struct sockaddr_storage).
	maxAddress = 128
	maxRequest = numberSize + maxAddress
)

// handOver is the first message.
var handOver = []byte("l")

func appendRequest(id uint64, address []byte) []byte {
	return append(binary.LittleEndian.AppendUint64(nil, id), address...)
}

func readRequest(p []byte) (id uint64, address []byte, ok bool) {
	if len(p) < numberSize {
		return 0, nil, false
	}
	return binary.LittleEndian.Uint64(p), p[numberSize:], true
}

func appendReply(id uint64, errno unix.Errno) []byte {
	return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint64(nil, id), uint32(errno))
}

// readReply never gives an error number that the kernel would not: one beyond 4095 would
// be taken for a value that the call returns.
func readReply(p []byte) (id uint64, errno unix.Errno, ok bool) {
	if len(p) != replySize {
		return 0, 0, false
	}
	const maxErrno = 4095
	e := binary.LittleEndian.Uint32(p[numberSize:])
	return binary.LittleEndian.Uint64(p), unix.Errno(e), e <= maxErrno
}

// errnoOf is what a call returns for an error. None is a success.
func errnoOf(err error) unix.Errno {
	var errno unix.Errno
	if !errors.As(err, &errno) || errno == 0 {
		return unix.ECONNABORTED
	}
	return errno
}
