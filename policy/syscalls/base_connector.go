package syscalls

// connectorBase is for data connectors: programs that read their code and
// configuration, call an API, write files and end. CPython with native extensions,
// static Go programs, sh and what it usually starts run under it, with glibc and
// with musl.
//
// It allows at most a third of what Docker's default profile allows on x86_64. What
// has no place there is left out although it is harmless: a program that misses one
// of these takes the base list default.
//
//   - listen, accept, accept4, shutdown: a connector calls, and is not called.
//   - prctl, setpriority and the setters of identities, sessions and limits: the
//     sandbox has decided these.
//   - mremap: realloc copies instead. fchmod: chmod and fchmodat do the same by name.
//   - select: only glibc before 2.34 and musl make it; newer ones make pselect6.
//   - getpgrp: bash does not start without it; dash, Debian's sh, does. getppid: in a PID
//     namespace of one's own it tells nothing.
//   - extended attributes, links, file locks, timers, memory locks, pidfds, inotify.
func connectorBase() Base {
	return Base{
		Name:    "connector",
		Purpose: "data connectors: files, outgoing sockets, threads and children, and little else",
		Groups:  connectorGroups(),
		Guards:  connectorGuards(),
	}
}

func connectorGroups() []Group {
	return []Group{
		{
			Name:   "start and end",
			Reason: "the dynamic loader and the C libraries make these before main and at exit",
			Syscalls: []string{
				"arch_prctl", "brk", "execve", "exit", "exit_group", "rseq", "set_robust_list", "set_tid_address",
			},
		},
		{
			Name:     "memory",
			Reason:   "allocators and shared objects manage the process's own memory",
			Syscalls: []string{"madvise", "mmap", "mprotect", "munmap"},
		},
		{
			Name:     "threads",
			Reason:   "locks, and pools as large as the CPUs that may be used; clone is guarded separately",
			Syscalls: []string{"futex", "gettid", "sched_getaffinity", "sched_yield"},
		},
		{
			Name:     "children",
			Reason:   "subprocess, os/exec and shells start children and wait for them",
			Syscalls: []string{"getpid", "vfork", "wait4"},
		},
		{
			Name:   "signals",
			Reason: "handlers, masks, and signals to the processes that the caller may signal anyway; the Go runtime stops its threads with tgkill, musl with tkill",
			Syscalls: []string{
				// The kernel makes restart_syscall itself, when a stopped process goes on.
				"kill", "restart_syscall", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "tgkill",
				"tkill",
			},
		},
		{
			Name:     "identity",
			Reason:   "reading who one is",
			Syscalls: []string{"getegid", "geteuid", "getgid", "getuid"},
		},
		{
			Name:     "limits and usage",
			Reason:   "reading limits and what machine this is; hard limits can only be lowered",
			Syscalls: []string{"prlimit64", "uname"},
		},
		{
			Name:     "time",
			Reason:   "sleeping, and the clocks that the vDSO does not read without the kernel",
			Syscalls: []string{"clock_gettime", "clock_nanosleep", "gettimeofday", "nanosleep"},
		},
		{
			Name:     "randomness",
			Reason:   "keys and hash seeds",
			Syscalls: []string{"getrandom"},
		},
		{
			Name:   "descriptors",
			Reason: "duplicating, closing and waiting for open files; ioctl is guarded separately",
			Syscalls: []string{
				// Older versions of CPython probe stdin, stdout and stderr with dup.
				"close", "close_range", "dup", "dup2", "dup3", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_wait",
				"eventfd2", "fcntl", "pipe2", "poll", "ppoll", "pselect6",
			},
		},
		{
			Name:   "reading and writing",
			Reason: "the contents of files that are open already; musl's stdio makes readv and writev, SQLite fdatasync",
			Syscalls: []string{
				"fdatasync", "fsync", "ftruncate", "lseek", "pread64", "pwrite64", "read", "readv", "write", "writev",
			},
		},
		{
			Name:   "finding files",
			Reason: "which files can be reached is for the rules about files; musl and older glibc make stat and lstat, aarch64 and Go the calls in -at",
			Syscalls: []string{
				"access", "chdir", "faccessat", "fchdir", "fstat", "getcwd", "getdents64", "lstat", "newfstatat",
				"readlink", "readlinkat", "stat",
			},
		},
		{
			Name:   "changing directories and file attributes",
			Reason: "creating, renaming, removing and dating files; opening and modes are guarded separately",
			Syscalls: []string{
				"mkdir", "mkdirat", "rename", "renameat", "rmdir", "umask", "unlink", "unlinkat", "utimensat",
			},
		},
		{
			Name:   "sockets",
			Reason: "clients on sockets that could be created; the C libraries bind before they ask for addresses",
			Syscalls: []string{
				"bind", "connect", "getpeername", "getsockname", "getsockopt", "recvfrom", "recvmsg", "sendmmsg", "sendmsg",
				"sendto", "setsockopt",
			},
		},
	}
}
