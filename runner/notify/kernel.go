//go:build linux

package notify

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// SECCOMP_IOCTL_NOTIF_ID_VALID and SECCOMP_IOCTL_NOTIF_ADDFD of linux/seccomp.h.
	ioctlIDValid = 0x40082102
	ioctlAddFD   = 0x40182103
	// The sizes of struct seccomp_notif_resp and struct seccomp_notif_addfd, which are those
	// of their ioctls.
	answerSize = 24
	addFDSize  = 24
)

// notification is struct seccomp_notif of a call.
type notification struct {
	id uint64
	// thread is the caller's id in this process's PID namespace, or 0 if it has none there.
	thread int
	// number is that of the call.
	number int
	args   [6]uint64
}

// listener is the descriptor of seccomp_unotify(2).
type listener struct {
	fd int
	// size is that of the kernel's struct seccomp_notif.
	size int
}

func newListener(fd int) (listener, error) {
	// The kernel's struct seccomp_notif_sizes has three sizes of 16 bits.
	var sizes [3]uint16
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_NOTIF_SIZES, 0, uintptr(unsafe.Pointer(&sizes)))
	if errno != 0 {
		return listener{}, fmt.Errorf("ask for the size of notifications: %w", errno)
	}
	return listener{fd: fd, size: max(int(sizes[0]), notificationSize)}, nil
}

// notificationSize is what is known of struct seccomp_notif.
const notificationSize = 80

// receive takes a notification. The error is ENOENT if the one that was there has gone with
// its thread, or EINTR.
func (l listener) receive() (notification, error) {
	raw := make([]byte, l.size)
	if _, err := l.control(unix.SECCOMP_IOCTL_NOTIF_RECV, raw); err != nil {
		return notification{}, err
	}
	n := notification{
		id: binary.NativeEndian.Uint64(raw), thread: int(binary.NativeEndian.Uint32(raw[8:])), number: int(binary.NativeEndian.Uint32(raw[16:])),
	}
	// struct seccomp_data begins at 16, and its arguments 16 bytes later.
	for i := range n.args {
		n.args[i] = binary.NativeEndian.Uint64(raw[32+8*i:])
	}
	return n, nil
}

// valid reports whether a call still waits. What was read of its thread before was its own.
func (l listener) valid(id uint64) bool {
	raw := make([]byte, 8)
	binary.NativeEndian.PutUint64(raw, id)
	_, err := l.patient(ioctlIDValid, raw)
	return err == nil
}

// answer makes a call fail, or succeed with 0.
func (l listener) answer(id uint64, errno unix.Errno) { l.send(id, 0, errno) }

// give makes a call return a new descriptor of what this process has as fd. It takes two
// steps: SECCOMP_ADDFD_FLAG_SEND would be one, but if a signal comes to this thread
// meanwhile, the call returns 0 and has got nothing.
func (l listener) give(id uint64, fd int, closeOnExec bool) error {
	raw := make([]byte, addFDSize)
	binary.NativeEndian.PutUint64(raw, id)
	binary.NativeEndian.PutUint32(raw[12:], uint32(fd))
	if closeOnExec {
		binary.NativeEndian.PutUint32(raw[20:], unix.O_CLOEXEC)
	}
	given, err := l.patient(ioctlAddFD, raw)
	if err != nil {
		return err
	}
	l.send(id, given, 0)
	return nil
}

// send makes a call return. Its flags are always 0: with SECCOMP_USER_NOTIF_FLAG_CONTINUE
// the kernel would run it. A call that has gone is no failure.
func (l listener) send(id uint64, value int, errno unix.Errno) {
	raw := make([]byte, answerSize)
	binary.NativeEndian.PutUint64(raw, id)
	binary.NativeEndian.PutUint64(raw[8:], uint64(value))
	binary.NativeEndian.PutUint32(raw[16:], uint32(-int32(errno)))
	_, _ = l.patient(unix.SECCOMP_IOCTL_NOTIF_SEND, raw)
}

// patient repeats what a signal has interrupted.
func (l listener) patient(request uint, raw []byte) (int, error) {
	for {
		if value, err := l.control(request, raw); !errors.Is(err, unix.EINTR) {
			return value, err
		}
	}
}

func (l listener) control(request uint, raw []byte) (int, error) {
	value, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(l.fd), uintptr(request), uintptr(unsafe.Pointer(&raw[0])))
	if errno != 0 {
		return -1, errno
	}
	return int(value), nil
}
