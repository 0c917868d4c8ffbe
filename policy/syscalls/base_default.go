package syscalls

// defaultBase is what the base list connector allows and what other programs without
// privileges make besides: servers, Node, the usual tools. It compares with Docker's
// default profile; leftOutOfDefault says where it is narrower and why.
func defaultBase() Base {
	return Base{
		Name:    "default",
		Purpose: "programs without privileges: what connector allows, servers, timers, sessions, extended attributes",
		Groups:  append(connectorGroups(), defaultGroups()...),
		Guards:  defaultGuards(),
		LeftOut: leftOutOfDefault(),
	}
}

// defaultGroups are what default allows on top of connector.
func defaultGroups() []Group {
	return []Group{
		{
			Name:   "more of memory",
			Reason: "growing and locking mappings, protection keys and shadow stacks, of the process's own memory",
			Syscalls: []string{
				"map_shadow_stack", "mincore", "mlock", "mlock2", "mlockall", "mremap", "mseal", "msync", "munlock",
				"munlockall", "pkey_alloc", "pkey_free", "pkey_mprotect",
			},
		},
		{
			Name:   "more of threads",
			Reason: "locks of newer C libraries and bookkeeping of threads",
			Syscalls: []string{
				"futex_requeue", "futex_wait", "futex_waitv", "futex_wake", "get_robust_list", "getcpu", "membarrier",
			},
		},
		{
			Name:   "scheduling",
			Reason: "programs choose the CPUs that they may use and lower their own priority",
			Syscalls: []string{
				"getpriority", "sched_get_priority_max", "sched_get_priority_min", "sched_getattr", "sched_getparam",
				"sched_getscheduler", "sched_rr_get_interval", "sched_setaffinity", "sched_setattr", "sched_setparam",
				"sched_setscheduler", "setpriority",
			},
		},
		{
			Name:   "more of children",
			Reason: "shells order children into groups and sessions; process descriptors, of one's own processes",
			Syscalls: []string{
				"fork", "getpgid", "getpgrp", "getppid", "getsid", "pidfd_open", "pidfd_send_signal", "setpgid", "setsid",
				"waitid",
			},
		},
		{
			Name:   "more of signals",
			Reason: "waiting for signals and queueing them, to the processes that the caller may signal anyway",
			Syscalls: []string{
				"pause", "rt_sigpending", "rt_sigqueueinfo", "rt_sigsuspend", "rt_sigtimedwait", "rt_tgsigqueueinfo",
				"signalfd", "signalfd4",
			},
		},
		{
			Name:   "more of identity",
			Reason: "without capabilities the setters can only give up identities, as busybox does at every start",
			Syscalls: []string{
				"capget", "capset", "getgroups", "getresgid", "getresuid", "setfsgid", "setfsuid", "setgid", "setregid",
				"setresgid", "setresuid", "setreuid", "setuid",
			},
		},
		{
			Name:     "self-restriction",
			Reason:   "a program may add restrictions of its own: of two the stricter counts",
			Syscalls: []string{"landlock_add_rule", "landlock_create_ruleset", "landlock_restrict_self", "seccomp"},
		},
		{
			Name:     "more of limits and usage",
			Reason:   "reading consumption; hard limits can only be lowered",
			Syscalls: []string{"getrlimit", "getrusage", "setrlimit", "sysinfo", "times"},
		},
		{
			Name:   "timers",
			Reason: "reading clocks and waiting for them; no call that sets a clock",
			Syscalls: []string{
				"alarm", "clock_getres", "getitimer", "setitimer", "time", "timer_create", "timer_delete",
				"timer_getoverrun", "timer_gettime", "timer_settime", "timerfd_create", "timerfd_gettime", "timerfd_settime",
			},
		},
		{
			Name:     "more of descriptors",
			Reason:   "file locks, and older and newer calls for what connector has",
			Syscalls: []string{"epoll_create", "epoll_pwait2", "eventfd", "flock", "pipe", "select"},
		},
		{
			Name:   "more of reading and writing",
			Reason: "copying without the program's memory, hints and space for files that are open already",
			Syscalls: []string{
				"copy_file_range", "fadvise64", "fallocate", "preadv", "preadv2", "pwritev", "pwritev2", "readahead",
				"sendfile", "splice", "sync_file_range", "tee",
			},
		},
		{
			Name:     "more of finding files",
			Reason:   "which files can be reached is for the rules about files; every generation of the C libraries has its own calls",
			Syscalls: []string{"faccessat2", "fstatfs", "getdents", "statfs", "statx"},
		},
		{
			Name:   "more of changing directories and file attributes",
			Reason: "links, owners and dates; an owner can only be changed to oneself without capabilities",
			Syscalls: []string{
				"chown", "fchown", "fchownat", "futimesat", "lchown", "link", "linkat", "renameat2", "symlink",
				"symlinkat", "truncate", "utime", "utimes",
			},
		},
		{
			Name:   "extended attributes",
			Reason: "copying tools carry them over",
			Syscalls: []string{
				"fgetxattr", "flistxattr", "fremovexattr", "fsetxattr", "getxattr", "getxattrat", "lgetxattr",
				"listxattr", "listxattrat", "llistxattr", "lremovexattr", "lsetxattr", "removexattr", "removexattrat",
				"setxattr", "setxattrat",
			},
		},
		{
			Name:     "servers",
			Reason:   "connections that others open, on sockets that could be created",
			Syscalls: []string{"accept", "accept4", "listen", "recvmmsg", "shutdown"},
		},
	}
}
