package syscalls

// connectorGuards are the calls of the base list connector that depend on arguments
// or that are answered with an error to fall back from.
func connectorGuards() []Guard {
	guards := []Guard{cloneGuard(), clone3Guard(), socketGuard(), socketpairGuard(), {
		// ENOTTY is what every file answers that a request is not meant for.
		Syscall: "ioctl",
		Reason:  "terminals, pipes and sockets, by request; a driver's own requests are kernel code that no connector needs",
		Cases: []Case{
			typingCase(),
			{When: []Test{{Arg: 1, Width: Low32, Op: OneOf, Values: terminalRequests()}}, Then: Allow},
		},
		Otherwise: Fail(ENOTTY),
	}}
	guards = append(guards, setIDGuards("chmod", "fchmodat", "open", "openat")...)
	return append(guards, fallbackGuards()...)
}

// terminalRequests are the requests of ioctl(2) that the C libraries, Python and
// shells make: all but those of files are of asm-generic/ioctls.h, which x86_64 and
// aarch64 share.
func terminalRequests() []Constant {
	return []Constant{
		{Name: "TCGETS", Value: 0x5401},
		{Name: "TCSETS", Value: 0x5402},
		{Name: "TCSETSW", Value: 0x5403},
		{Name: "TCSETSF", Value: 0x5404},
		{Name: "TIOCGPGRP", Value: 0x540f},
		{Name: "TIOCSPGRP", Value: 0x5410},
		{Name: "TIOCGWINSZ", Value: 0x5413},
		{Name: "FIONREAD", Value: 0x541b},
		{Name: "FIONBIO", Value: 0x5421},
		{Name: "FIONCLEX", Value: 0x5450},
		{Name: "FIOCLEX", Value: 0x5451},
		// glibc from 2.42 on asks terminals with these.
		{Name: "TCGETS2", Value: 0x802c542a},
		{Name: "TCSETS2", Value: 0x402c542b},
		{Name: "TCSETSW2", Value: 0x402c542c},
		{Name: "TCSETSF2", Value: 0x402c542d},
	}
}

// fallbackGuards are calls for which libraries have another one that is allowed, and
// the error on which they take it. Each call that is not allowed is kernel code out
// of reach.
func fallbackGuards() []Guard {
	var guards []Guard
	for _, fallback := range []struct {
		reason string
		errno  Errno
		names  []string
	}{
		{
			"an older call does the same; the C libraries, Go and Rust take it on ENOSYS", ENOSYS,
			[]string{"epoll_pwait2", "faccessat2", "fchmodat2", "preadv2", "pwritev2", "renameat2", "statx", "waitid"},
		},
		{
			"a faster copy; cp, Python and Go read and write on ENOSYS", ENOSYS,
			[]string{"copy_file_range", "sendfile", "splice"},
		},
		{
			"processes are known by their numbers; Python and Go use them on ENOSYS", ENOSYS,
			[]string{"pidfd_open", "pidfd_send_signal"},
		},
		{
			"as on a file system without them: copying tools and Python go on without", EOPNOTSUPP,
			[]string{
				"fgetxattr", "flistxattr", "fsetxattr", "getxattr", "lgetxattr", "listxattr", "llistxattr", "lsetxattr",
				"setxattr",
			},
		},
		{
			"as on a file system that cannot: posix_fallocate writes instead", EOPNOTSUPP,
			[]string{"fallocate"},
		},
	} {
		for _, name := range fallback.names {
			guards = append(guards, Guard{Syscall: name, Reason: fallback.reason, Otherwise: Fail(fallback.errno)})
		}
	}
	return append(guards, openat2Guard())
}
