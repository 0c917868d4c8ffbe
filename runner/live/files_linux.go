package live

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"confine/policy"
)

// open tries an access on what is there.
func (p *prober) open(kind policy.AccessKind, path string) Answer {
	// Neither a terminal that becomes the prober's nor a pipe that waits for its other end.
	const quietly = unix.O_CLOEXEC | unix.O_NOCTTY | unix.O_NONBLOCK
	if kind == policy.AccessExec {
		return p.execute(path)
	}
	flags := unix.O_RDONLY
	if kind == policy.AccessWrite {
		flags = unix.O_WRONLY
	}
	f, err := os.OpenFile(path, flags|quietly, 0)
	if err != nil {
		return answerOf(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return answerOf(err)
	}
	switch {
	case kind == policy.AccessMap:
		return answerOf(mapExecutable(f))
	case kind == policy.AccessRead && info.IsDir():
		_, err = f.ReadDir(-1)
	}
	return answerOf(err)
}

func mapExecutable(f *os.File) error {
	data, err := unix.Mmap(int(f.Fd()), 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE)
	if err != nil {
		return err
	}
	return unix.Munmap(data)
}

// fresh makes a new file, tries the access on it, and removes it.
func (p *prober) fresh(kind policy.AccessKind, path string) Answer {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		a := answerOf(err)
		if kind != policy.AccessWrite {
			return unclear("no file to try it on could be made: %s", a)
		}
		return a
	}
	if kind != policy.AccessWrite {
		// A program of nothing is one that cannot be understood once it may be executed.
		_, err = f.WriteString("nothing\n")
	}
	err = errors.Join(err, f.Close())
	a := Answer{Outcome: Allowed}
	switch {
	case err != nil:
		a = unclear("the file to try it on could not be written: %v", err)
	case kind != policy.AccessWrite:
		a = p.open(kind, path)
	}
	if err := os.Remove(path); err != nil {
		return unclear("a file was made and cannot be removed: %v", err)
	}
	return a
}

// see looks whether a name is there, and opens nothing.
func see(path string) Answer {
	var st unix.Stat_t
	err := unix.Stat(path, &st)
	if err == nil {
		return unclear("it is there; it is no file, so it is not opened")
	}
	return answerOf(err)
}

// execute starts a program under a limit of memory in which no program fits: the kernel
// looks whether it may be executed, and then ends the process before its first
// instruction. The errors of a program that cannot be loaded come after the permission,
// see execve(2).
func (p *prober) execute(path string) Answer {
	if p.stops == nil {
		a := p.canStop()
		p.stops = &a
	}
	if p.stops.Outcome != Allowed {
		return *p.stops
	}
	return started(path)
}

// canStop shows on the prober itself that the limit stops a program, and on a file that
// is none that the permission is looked at first.
func (p *prober) canStop() Answer {
	if a := started(p.order); a.Outcome != Denied || a.Errno != "EACCES" {
		return unclear("nothing can be executed without running it here: a file without the permission is %s", a)
	}
	if a := started(p.program, Argument, nothing); a.Outcome != Allowed {
		return unclear("nothing can be executed without running it here: the prober itself is %s", a)
	}
	return Answer{Outcome: Allowed}
}

// started gives whether the kernel would execute a program.
func started(path string, arguments ...string) Answer {
	limit := &unix.Rlimit{Cur: 4096, Max: 4096}
	// One byte is no room for a core file, and the value that keeps pipes from getting one,
	// see core(5).
	core := &unix.Rlimit{Cur: 1, Max: 1}
	name, err := unix.BytePtrFromString(path)
	if err != nil {
		return unclear("%v", err)
	}
	argv := []*byte{name}
	for _, argument := range arguments {
		text, err := unix.BytePtrFromString(argument)
		if err != nil {
			return unclear("%v", err)
		}
		argv = append(argv, text)
	}
	argv = append(argv, nil)
	environment := []*byte{nil}
	prlimit := func(resource int, l *unix.Rlimit) [6]uintptr {
		return [6]uintptr{0, uintptr(resource), uintptr(unsafe.Pointer(l))}
	}
	status, err := forked([]request{
		{number: unix.SYS_PRLIMIT64, args: prlimit(unix.RLIMIT_CORE, core)},
		{number: unix.SYS_PRLIMIT64, args: prlimit(unix.RLIMIT_AS, limit), needed: true},
		{number: unix.SYS_EXECVE, args: [6]uintptr{
			uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(&argv[0])), uintptr(unsafe.Pointer(&environment[0])),
		}},
	}, limit, core, name, argv, environment)
	switch {
	case err != nil:
		return unclear("start a child: %v", err)
	case status.Signaled() && (status.Signal() == unix.SIGSEGV || status.Signal() == unix.SIGKILL):
		return Answer{Outcome: Allowed}
	case status.Signaled():
		return ofEnd(status)
	case status.ExitStatus() == notPrepared:
		return unclear("a child's memory cannot be limited")
	}
	switch errno := unix.Errno(status.ExitStatus()); errno {
	case 0, nothingCode:
		return unclear("the program ran in spite of the limit")
	case unix.ENOMEM, unix.ENOEXEC:
		return Answer{Outcome: Allowed}
	default:
		return answerOf(errno)
	}
}
