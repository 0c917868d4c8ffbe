package syscalls

// The guards that more than one base list has. All the arguments that they look at
// are int or unsigned int in the kernel, which drops the high half of the register
// before it uses them (SYSCALL_DEFINE in include/linux/syscalls.h), or, for clone,
// an unsigned long of which kernel/fork.c takes lower_32_bits.

func cloneGuard() Guard {
	return Guard{
		Syscall: "clone",
		Reason:  "threads and children, but no new namespaces: in a user namespace the program would have all capabilities",
		Cases: []Case{{
			When: []Test{{Arg: 0, Width: Low32, Op: AnyBit, Values: NamespaceFlags()}},
			Then: Fail(EPERM),
		}},
		Otherwise: Allow,
	}
}

// clone3Guard cannot tell: the flags lie behind a pointer, where no filter can look.
func clone3Guard() Guard {
	return Guard{
		Syscall:   "clone3",
		Reason:    "namespace flags cannot be told; the C libraries fall back to clone on ENOSYS",
		Otherwise: Fail(ENOSYS),
	}
}

// socketGuard answers with the errors of a kernel built without the family or
// protocol, which programs that probe for one are ready for.
func socketGuard() Guard {
	netlink := Test{Arg: 0, Width: Low32, Op: OneOf, Values: []Constant{{Name: "AF_NETLINK", Value: 16}}}
	return Guard{
		Syscall: "socket",
		Reason:  "local and internet sockets, and routing questions by netlink; other families are kernel code that no connector needs",
		Cases: []Case{
			{
				When: []Test{{Arg: 0, Width: Low32, Op: OneOf, Values: []Constant{
					{Name: "AF_UNIX", Value: 1}, {Name: "AF_INET", Value: 2}, {Name: "AF_INET6", Value: 10},
				}}},
				Then: Allow,
			},
			{
				When: []Test{netlink, {Arg: 2, Width: Low32, Op: OneOf, Values: []Constant{{Name: "NETLINK_ROUTE", Value: 0}}}},
				Then: Allow,
			},
			{When: []Test{netlink}, Then: Fail(EPROTONOSUPPORT)},
		},
		Otherwise: Fail(EAFNOSUPPORT),
	}
}

// socketpairGuard is there because the call loads the module of a family just as
// socket does.
func socketpairGuard() Guard {
	return Guard{
		Syscall: "socketpair",
		Reason:  "pairs of local sockets; no other family that is allowed makes pairs",
		Cases: []Case{{
			When: []Test{{Arg: 0, Width: Low32, Op: OneOf, Values: []Constant{{Name: "AF_UNIX", Value: 1}}}},
			Then: Allow,
		}},
		Otherwise: Fail(EAFNOSUPPORT),
	}
}

// typingCase are the requests of ioctl(2) that type into the terminal of whoever
// started the program.
func typingCase() Case {
	return Case{
		When: []Test{{Arg: 1, Width: Low32, Op: OneOf, Values: []Constant{
			{Name: "TIOCSTI", Value: 0x5412}, {Name: "TIOCLINUX", Value: 0x541c},
		}}},
		Then: Fail(EPERM),
	}
}

// openat2Guard cannot tell: the mode lies behind a pointer, where no filter can look.
func openat2Guard() Guard {
	return Guard{
		Syscall:   "openat2",
		Reason:    "set-user-ID bits in the mode cannot be told; callers fall back to openat on ENOSYS",
		Otherwise: Fail(ENOSYS),
	}
}

// NamespaceFlags are the flags of clone(2) that create namespaces. CLONE_NEWTIME
// is not among them: its bit is part of the exit signal in clone's flags.
func NamespaceFlags() []Constant {
	return []Constant{
		{Name: "CLONE_NEWNS", Value: 0x00020000},
		{Name: "CLONE_NEWCGROUP", Value: 0x02000000},
		{Name: "CLONE_NEWUTS", Value: 0x04000000},
		{Name: "CLONE_NEWIPC", Value: 0x08000000},
		{Name: "CLONE_NEWUSER", Value: 0x10000000},
		{Name: "CLONE_NEWPID", Value: 0x20000000},
		{Name: "CLONE_NEWNET", Value: 0x40000000},
	}
}
