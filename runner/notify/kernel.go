//go:build linux

package notify

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// SECCOMP_IOCTL_NOTIF_ID_VALID of linux/seccomp.h.
	ioctlIDValid = 0x40082102
	// The size of struct seccomp_notif_resp, which is that of its ioctl.
	answerSize = 24
)

// notification is struct seccomp_notif of a call.
type notification struct {
	id uint64
	// thread is the caller's id in this process's PID namespace, or 0 if it has none there.
	thread int
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
// its thread.
func (l listener) receive() (notification, error) {
	raw := make([]byte, l.size)
	if err := l.control(unix.SECCOMP_IOCTL_NOTIF_RECV, raw); err != nil {
		return notification{}, err
	}
	n := notification{id: binary.NativeEndian.Uint64(raw), thread: int(binary.NativeEndian.Uint32(raw[8:]))}
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
	return l.control(ioctlIDValid, raw) == nil
}

// answer makes a call return: 0, or an error. Its flags are always 0: with
// SECCOMP_USER_NOTIF_FLAG_CONTINUE the kernel would run it. A call that has gone is no
// failure.
func (l listener) answer(id uint64, errno unix.Errno) {
	raw := make([]byte, answerSize)
	binary.NativeEndian.PutUint64(raw, id)
	binary.NativeEndian.PutUint32(raw[16:], uint32(-int32(errno)))
	_ = l.control(unix.SECCOMP_IOCTL_NOTIF_SEND, raw)
}

func (l listener) control(request uint, raw []byte) error {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(l.fd), uintptr(request), uintptr(unsafe.Pointer(&raw[0])))
	if errno != 0 {
		return errno
	}
	return nil
}
