//go:build linux

package runner

import (
	"encoding/binary"
	"errors"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"confine/policy/syscalls"
)

// auditLog hears the kernel's audit records of processes that a filter ended; nil is
// one that cannot be heard. The same records are printed to /dev/kmsg, but only ten
// of them in five seconds.
type auditLog struct {
	file    *os.File
	records chan killedCall
}

// auditLag is how long a record may take: a thread of the kernel's own hands it out.
const auditLag = 300 * time.Millisecond

// killedCall is a system call for which a filter ended a process.
type killedCall struct {
	pid    int
	arch   syscalls.Arch
	number uint32
}

// listenToAudit joins the multicast group of all audit records, which takes
// CAP_AUDIT_READ and the first network namespace. The records have the process ids
// of the first PID namespace, so elsewhere they say nothing.
func (l *launchable) listenToAudit() *auditLog {
	if !l.host.Caller.KernelThreads {
		return nil
	}
	const readLog = 1 // AUDIT_NLGRP_READLOG of linux/audit.h
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_AUDIT)
	if err != nil {
		return nil
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: 1 << (readLog - 1)}); err != nil {
		_ = unix.Close(fd)
		return nil
	}
	return &auditLog{os.NewFile(uintptr(fd), "audit"), make(chan killedCall, 1)}
}

// follow keeps what is heard of one process. It reads all the time: when the
// socket's buffer is full, what comes last is lost.
func (a *auditLog) follow(pid int) {
	if a == nil {
		return
	}
	go func() {
		buf := make([]byte, 9000) // MAX_AUDIT_MESSAGE_LENGTH and a header
		for {
			n, err := a.file.Read(buf)
			switch {
			case errors.Is(err, unix.ENOBUFS), errors.Is(err, unix.EINTR):
				// Some were lost; the next read goes on.
			case err != nil:
				return
			default:
				if call, ok := parseSeccompRecord(buf[:n]); ok && call.pid == pid {
					select {
					case a.records <- call:
					default:
					}
				}
			}
		}
	}()
}

// killed is the call for which the process was ended that is followed.
func (a *auditLog) killed() (killedCall, bool) {
	if a == nil {
		return killedCall{}, false
	}
	select {
	case call := <-a.records:
		return call, true
	case <-time.After(auditLag):
		return killedCall{}, false
	}
}

func (a *auditLog) close() {
	if a != nil {
		_ = a.file.Close()
	}
}

// parseSeccompRecord reads a record of audit_seccomp in the kernel's auditsc.c, with
// its netlink header. Only the kernel can send to this family's sockets.
func parseSeccompRecord(message []byte) (killedCall, bool) {
	const auditSeccomp = 1326 // AUDIT_SECCOMP
	if len(message) < unix.NLMSG_HDRLEN || binary.NativeEndian.Uint16(message[4:]) != auditSeccomp {
		return killedCall{}, false
	}
	fields := map[string]string{}
	for _, word := range strings.Fields(string(message[unix.NLMSG_HDRLEN:])) {
		// The program chooses what stands in comm and exe; with a blank or a quote in
		// it, the kernel writes that in hexadecimal.
		if key, value, ok := strings.Cut(word, "="); ok {
			fields[key] = strings.TrimRight(value, "\x00")
		}
	}
	pid, pidError := strconv.Atoi(fields["pid"])
	arch, archError := strconv.ParseUint(fields["arch"], 16, 32)
	number, numberError := strconv.ParseUint(fields["syscall"], 10, 32)
	killed := fields["sig"] == strconv.Itoa(int(unix.SIGSYS))
	return killedCall{pid, syscalls.Arch(arch), uint32(number)}, killed && errors.Join(pidError, archError, numberError) == nil
}
