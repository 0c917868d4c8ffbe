//go:build linux

package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// workshop is what the tests lay out for the deeds, in the variable of this name:
//
//	foreign        a file of another user's, mode 0600
//	open           a file of another user's, mode 0644
//	closed         a directory of another user's, mode 0700
//	stranger       the id of a process of another user's
//	work           a directory of the probe's own user
//	work/own       a file of the probe's own user, of another group
const workshop = "PROBE_WORKSHOP"

// powers do what a capability permits and nothing else does. They leave nothing
// behind. Capabilities that are not here have nothing to show, see holds.
var powers = map[string]func(dir string) error{
	"CAP_CHOWN":            func(dir string) error { return temporary(dir, func(name string) error { return os.Chown(name, 1, 1) }) },
	"CAP_DAC_OVERRIDE":     func(dir string) error { return openForWriting(filepath.Join(dir, "foreign")) },
	"CAP_DAC_READ_SEARCH":  func(dir string) error { _, err := os.ReadDir(filepath.Join(dir, "closed")); return err },
	"CAP_FOWNER":           func(dir string) error { return os.Chmod(filepath.Join(dir, "open"), 0o644) },
	"CAP_FSETID":           keepSetGID,
	"CAP_KILL":             signalFirst,
	"CAP_SETGID":           func(string) error { return errorOf(raw(unix.SYS_SETRESGID, 1, 1, 1)) },
	"CAP_SETUID":           func(string) error { return errorOf(raw(unix.SYS_SETRESUID, 1, 1, 1)) },
	"CAP_SETPCAP":          func(string) error { return errorOf(raw(unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, unix.CAP_AUDIT_READ)) },
	"CAP_LINUX_IMMUTABLE":  appendOnly,
	"CAP_NET_BIND_SERVICE": bindLowPort,
	"CAP_NET_ADMIN":        forceBuffer,
	"CAP_NET_RAW":          func(string) error { return errorOf(socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP)) },
	"CAP_IPC_LOCK":         lockPastLimit,
	"CAP_IPC_OWNER":        attachForeign,
	"CAP_SYS_RAWIO":        blockOfFile,
	"CAP_SYS_CHROOT":       func(string) error { return errorOf(chroot()) },
	"CAP_SYS_PTRACE":       followStranger,
	"CAP_SYS_ADMIN":        func(string) error { return errorOf(raw(unix.SYS_UNSHARE, unix.CLONE_NEWUTS)) },
	"CAP_SYS_BOOT":         func(string) error { return errorOf(reboot()) },
	"CAP_SYS_NICE":         func(string) error { return errorOf(raw(unix.SYS_SETPRIORITY, unix.PRIO_PROCESS, 0, ^uintptr(0))) },
	"CAP_SYS_TIME":         func(string) error { return errorOf(adjustClock()) },
	"CAP_SYS_TTY_CONFIG": func(string) error {
		return errorOf(forked(request{number: unix.SYS_SETSID}, request{number: unix.SYS_VHANGUP}))
	},
	"CAP_MKNOD":              makeDevice,
	"CAP_LEASE":              leaseForeign,
	"CAP_SETFCAP":            giveCapability,
	"CAP_SYSLOG":             func(string) error { return errorOf(syslog()) },
	"CAP_WAKE_ALARM":         func(string) error { return errorOf(alarmTimer()) },
	"CAP_PERFMON":            func(string) error { return errorOf(perf(0)) },
	"CAP_BPF":                func(string) error { return errorOf(bpf()) },
	"CAP_CHECKPOINT_RESTORE": mappedFile,
}

// capability holds one and does what it permits.
func capability(name string) error {
	steps := []step{{"holds", func() error { return holds(name) }}}
	if _, ok := powers[name]; ok {
		steps = append(steps, step{"uses", func() error { return uses(name) }})
	}
	return agree(steps...)
}

func uses(name string) error {
	power, ok := powers[name]
	if !ok {
		return unknown("capability", name)
	}
	return power(os.Getenv(workshop))
}

// holds looks for a capability in all five sets.
func holds(name string) error {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	bit, ok := capabilityNumbers[name]
	if !ok {
		return unknown("capability", name)
	}
	for _, set := range []string{"CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"} {
		bits, err := strconv.ParseUint(statusField(status, set), 16, 64)
		if err != nil {
			return fmt.Errorf("%s %w", set, err)
		}
		if bits&(1<<bit) != 0 {
			return nil
		}
	}
	return unix.EPERM
}

var capabilityNumbers = func() map[string]int {
	numbers := map[string]int{}
	for i, name := range strings.Fields(`CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP
		LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT
		SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE
		AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF
		CHECKPOINT_RESTORE`) {
		numbers["CAP_"+name] = i
	}
	return numbers
}()

// temporary makes a file of the probe's own for a deed.
func temporary(dir string, do func(name string) error) error {
	f, err := os.CreateTemp(filepath.Join(dir, "work"), "probe-")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	defer f.Close()
	return do(f.Name())
}

// signalFirst asks for the first process, which is somebody else's where there is one.
func signalFirst(string) error {
	if os.Getpid() == 1 {
		return errNotTried
	}
	return unix.Kill(1, 0)
}

func keepSetGID(dir string) error {
	name := filepath.Join(dir, "work", "own")
	if err := unix.Chmod(name, 0o2755); err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Stat(name, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_ISGID == 0 {
		return unix.EPERM // the kernel drops the bit without a word
	}
	return unix.Chmod(name, 0o755)
}

func appendOnly(dir string) error {
	return temporary(dir, func(name string) error {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		const fsAppend = 0x20
		if err := unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, fsAppend); err != nil {
			return err
		}
		return unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, 0)
	})
}

func bindLowPort(string) error {
	var err error
	for port := 1; port < 1024; port += 100 {
		var l net.Listener
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			return l.Close()
		}
	}
	return err
}

func forceBuffer(string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 4096)
}

func lockPastLimit(string) error {
	var now unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_MEMLOCK, &now); err != nil {
		return err
	}
	if now.Cur == unix.RLIM_INFINITY {
		return errNotTried
	}
	return lockMemory(now.Cur + uint64(os.Getpagesize()))
}

func attachForeign(string) error {
	id, _, e := unix.RawSyscall(unix.SYS_SHMGET, unix.IPC_PRIVATE, uintptr(os.Getpagesize()), unix.IPC_CREAT)
	if e != 0 {
		return e
	}
	defer func() { _, _ = unix.SysvShmCtl(int(id), unix.IPC_RMID, nil) }()
	data, err := unix.SysvShmAttach(int(id), 0, 0)
	if err != nil {
		return err
	}
	return unix.SysvShmDetach(data)
}

func blockOfFile(dir string) error {
	f, err := os.Open(filepath.Join(dir, "open"))
	if err != nil {
		return err
	}
	defer f.Close()
	const fibmap = 1
	err = unix.IoctlSetPointerInt(int(f.Fd()), fibmap, 0)
	if errors.Is(err, unix.EINVAL) {
		return nil // permitted, and not known to this file system
	}
	return err
}

func chroot() unix.Errno {
	return forked(request{unix.SYS_CHROOT, [6]uintptr{text("/")}})
}

// followStranger asks for the program of another user's process.
func followStranger(dir string) error {
	pid, err := os.ReadFile(filepath.Join(dir, "stranger"))
	if err != nil {
		return err
	}
	_, err = os.Readlink("/proc/" + string(pid) + "/exe")
	return err
}

// reboot asks with a magic number that the kernel looks at after the permission.
func reboot() unix.Errno { return expecting(unix.EINVAL, raw(unix.SYS_REBOOT, 0, 0, 0)) }

// adjustClock asks for a tick of 0, which is out of range.
func adjustClock() unix.Errno {
	const adjTick = 0x4000
	_, err := unix.Adjtimex(&unix.Timex{Modes: adjTick})
	return expecting(unix.EINVAL, number(err))
}

func makeDevice(dir string) error {
	name := filepath.Join(dir, "work", "null")
	if err := unix.Mknod(name, unix.S_IFCHR|0o600, int(unix.Mkdev(1, 3))); err != nil {
		return err
	}
	return os.Remove(name)
}

func leaseForeign(dir string) error {
	f, err := os.Open(filepath.Join(dir, "open"))
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_RDLCK)
	return err
}

func giveCapability(dir string) error {
	return temporary(dir, func(name string) error {
		// struct vfs_cap_data of revision 2, with no capability in it.
		data := make([]byte, 20)
		data[3] = 2
		return unix.Setxattr(name, "security.capability", data, 0)
	})
}

// syslog asks how much is unread, which takes no message away.
func syslog() unix.Errno { return raw(unix.SYS_SYSLOG, unix.SYSLOG_ACTION_SIZE_UNREAD) }

func alarmTimer() unix.Errno {
	fd, err := unix.TimerfdCreate(unix.CLOCK_REALTIME_ALARM, unix.TFD_CLOEXEC)
	if err == nil {
		_ = unix.Close(fd)
	}
	return number(err)
}

// mappedFile follows a link of /proc/self/map_files.
func mappedFile(string) error {
	names, err := os.ReadDir("/proc/self/map_files")
	if err != nil {
		return err
	}
	_, err = os.Stat("/proc/self/map_files/" + names[0].Name())
	return err
}
