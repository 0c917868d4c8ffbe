package syscalls

// connectorBase is for data connectors: interpreted or compiled programs that
// read and write files, talk TCP and UDP, run threads and start children, and
// administer nothing. CPython with its native extensions, Node, Go programs and
// the usual shells and tools run under it, with glibc and with musl.
//
// What is left out, and why, where a reader may miss it:
//
//   - memfd_create, memfd_secret: a memfd is an executable file that no rule
//     about paths covers, so that execve could run what the program wrote.
//   - execveat: nothing needs it, and it takes a file without a path.
//   - landlock_*: the stage restricts itself before it loads the filter.
//   - inotify_*, fanotify_*: Landlock has no right for them (landlock(7)), so
//     they could tell the names of files in hidden directories.
//   - shm*, sem*, msg*, mq_*: shared with whoever is in the same IPC namespace,
//     whatever the rules about files say. Python's multiprocessing uses files.
//   - mbind, move_pages, set_mempolicy, vmsplice, io_submit and its kin, io_uring:
//     rarely used, with a history of kernel bugs; io_uring would also do what
//     other rules deny.
//   - name_to_handle_at, open_by_handle_at: files by inode, past their directories.
//   - sync, syncfs: they burden the disks of everybody on the host.
//   - setgroups, sethostname, clock_settime, mount and the rest of what takes
//     privileges that a connector does not have.
func connectorBase() Base {
	return Base{
		Name:    "connector",
		Purpose: "data connectors in Python, Node, Go or shell: files, sockets, threads and children, no administration",
		Groups:  connectorGroups(),
		Guards:  append(connectorGuards(), setIDGuards()...),
	}
}

func connectorGroups() []Group {
	return []Group{
		{
			Name:   "start and end",
			Reason: "the dynamic loader and the C libraries make these before main and at exit",
			Syscalls: []string{
				"arch_prctl", "brk", "execve", "exit", "exit_group", "restart_syscall", "rseq",
				"set_robust_list", "set_tid_address",
			},
		},
		{
			Name:   "memory",
			Reason: "allocators, shared objects and JIT compilers manage the process's own memory",
			Syscalls: []string{
				"madvise", "map_shadow_stack", "mincore", "mlock", "mlock2", "mlockall", "mmap", "mprotect",
				"mremap", "mseal", "msync", "munlock", "munlockall", "munmap", "pkey_alloc", "pkey_free", "pkey_mprotect",
			},
		},
		{
			Name:   "threads",
			Reason: "locks and thread bookkeeping; clone is guarded separately",
			Syscalls: []string{
				"futex", "futex_requeue", "futex_wait", "futex_waitv", "futex_wake", "get_robust_list",
				"getcpu", "gettid", "membarrier",
			},
		},
		{
			Name:   "scheduling",
			Reason: "programs size their pools by the CPUs they may use and lower their own priority",
			Syscalls: []string{
				"getpriority", "sched_get_priority_max", "sched_get_priority_min", "sched_getaffinity", "sched_getattr",
				"sched_getparam", "sched_getscheduler", "sched_rr_get_interval", "sched_setaffinity", "sched_setattr",
				"sched_setparam", "sched_setscheduler", "sched_yield", "setpriority",
			},
		},
		{
			Name:   "children",
			Reason: "subprocess, os/exec and shells start children, wait for them and order them into groups and sessions",
			Syscalls: []string{
				"fork", "getpgid", "getpgrp", "getpid", "getppid", "getsid", "pidfd_open", "setpgid", "setsid",
				"vfork", "wait4", "waitid",
			},
		},
		{
			Name:   "signals",
			Reason: "handlers, masks, and signals to the processes that the caller may signal anyway",
			Syscalls: []string{
				"kill", "pause", "pidfd_send_signal", "rt_sigaction", "rt_sigpending", "rt_sigprocmask",
				"rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait", "rt_tgsigqueueinfo",
				"sigaltstack", "signalfd", "signalfd4", "tgkill", "tkill",
			},
		},
		{
			Name:   "identity",
			Reason: "reading who one is; without capabilities the setters can only give up identities, as busybox does at every start",
			Syscalls: []string{
				"capget", "capset", "getegid", "geteuid", "getgid", "getgroups", "getresgid", "getresuid", "getuid",
				"setfsgid", "setfsuid", "setgid", "setregid", "setresgid", "setresuid", "setreuid", "setuid",
			},
		},
		{
			Name:     "self-restriction",
			Reason:   "a program may add a filter of its own: of two filters the stricter answer counts",
			Syscalls: []string{"seccomp"},
		},
		{
			Name:   "limits and usage",
			Reason: "reading limits and consumption; hard limits can only be lowered",
			Syscalls: []string{
				"getrlimit", "getrusage", "prlimit64", "setrlimit", "sysinfo", "times", "uname",
			},
		},
		{
			Name:   "time",
			Reason: "reading clocks, sleeping and timers; no call that sets a clock",
			Syscalls: []string{
				"alarm", "clock_getres", "clock_gettime", "clock_nanosleep", "getitimer", "gettimeofday", "nanosleep",
				"setitimer", "time", "timer_create", "timer_delete", "timer_getoverrun", "timer_gettime",
				"timer_settime", "timerfd_create", "timerfd_gettime", "timerfd_settime",
			},
		},
		{
			Name:     "randomness",
			Reason:   "keys and hash seeds",
			Syscalls: []string{"getrandom"},
		},
		{
			Name:   "descriptors",
			Reason: "duplicating, closing, waiting for and signalling through open files; ioctl is guarded separately",
			Syscalls: []string{
				"close", "close_range", "dup", "dup2", "dup3", "epoll_create", "epoll_create1", "epoll_ctl",
				"epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd", "eventfd2", "fcntl", "flock", "pipe", "pipe2",
				"poll", "ppoll", "pselect6", "select",
			},
		},
		{
			Name:   "reading and writing",
			Reason: "the contents of files that are open already",
			Syscalls: []string{
				"copy_file_range", "fadvise64", "fallocate", "fdatasync", "fsync", "ftruncate", "lseek", "pread64",
				"preadv", "preadv2", "pwrite64", "pwritev", "pwritev2", "read", "readahead", "readv", "sendfile",
				"splice", "sync_file_range", "tee", "write", "writev",
			},
		},
		{
			Name:   "finding and opening files",
			Reason: "which files can be reached is for the rules about files; every generation of the C libraries has its own calls",
			Syscalls: []string{
				"access", "chdir", "faccessat", "faccessat2", "fchdir", "fstat", "fstatfs", "getcwd",
				"getdents", "getdents64", "lstat", "newfstatat", "readlink", "readlinkat",
				"stat", "statfs", "statx",
			},
		},
		{
			Name:   "changing directories and file attributes",
			Reason: "creating, renaming, removing and describing files",
			Syscalls: []string{
				"chown", "fchown", "fchownat", "futimesat", "lchown", "link",
				"linkat", "mkdir", "mkdirat", "rename", "renameat", "renameat2", "rmdir", "symlink",
				"symlinkat", "truncate", "umask", "unlink", "unlinkat", "utime", "utimensat", "utimes",
			},
		},
		{
			Name:   "extended attributes",
			Reason: "copying tools carry them over; Python's shutil.copy2 fails if listing them gives EPERM",
			Syscalls: []string{
				"fgetxattr", "flistxattr", "fremovexattr", "fsetxattr", "getxattr", "getxattrat", "lgetxattr",
				"listxattr", "listxattrat", "llistxattr", "lremovexattr", "lsetxattr", "removexattr", "removexattrat",
				"setxattr", "setxattrat",
			},
		},
		{
			Name:   "sockets",
			Reason: "clients and servers on sockets that could be created; socket and socketpair are guarded separately",
			Syscalls: []string{
				"accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen", "recvfrom",
				"recvmmsg", "recvmsg", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown",
			},
		},
	}
}
