package syscalls

// connectorGuards are the calls of the base list that depend on arguments. All
// the arguments that they look at are int or unsigned int in the kernel, which
// drops the high half of the register before it uses them (SYSCALL_DEFINE in
// include/linux/syscalls.h), or, for clone, an unsigned long of which
// kernel/fork.c takes lower_32_bits.
func connectorGuards() []Guard {
	return []Guard{
		{
			Syscall: "clone",
			Reason:  "threads and children, but no new namespaces: in a user namespace the program would have all capabilities",
			Cases: []Case{{
				When: []Test{{Arg: 0, Width: Low32, Op: AnyBit, Values: namespaceFlags()}},
				Then: Fail(EPERM),
			}},
			Otherwise: Allow,
		},
		{
			// Its flags lie behind a pointer, where no filter can look.
			Syscall:   "clone3",
			Reason:    "namespace flags cannot be told; the C libraries fall back to clone on ENOSYS",
			Otherwise: Fail(ENOSYS),
		},
		{
			// The errors are those of a kernel built without the family or protocol,
			// which programs that probe for one are ready for.
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
					When: []Test{
						{Arg: 0, Width: Low32, Op: OneOf, Values: []Constant{{Name: "AF_NETLINK", Value: 16}}},
						{Arg: 2, Width: Low32, Op: OneOf, Values: []Constant{{Name: "NETLINK_ROUTE", Value: 0}}},
					},
					Then: Allow,
				},
				{
					When: []Test{{Arg: 0, Width: Low32, Op: OneOf, Values: []Constant{{Name: "AF_NETLINK", Value: 16}}}},
					Then: Fail(EPROTONOSUPPORT),
				},
			},
			Otherwise: Fail(EAFNOSUPPORT),
		},
		{
			// It loads the module of a family just as socket does.
			Syscall: "socketpair",
			Reason:  "pairs of local sockets; no other family that is allowed makes pairs",
			Cases: []Case{{
				When: []Test{{Arg: 0, Width: Low32, Op: OneOf, Values: []Constant{{Name: "AF_UNIX", Value: 1}}}},
				Then: Allow,
			}},
			Otherwise: Fail(EAFNOSUPPORT),
		},
		{
			Syscall: "ioctl",
			Reason:  "terminals and devices that are open already, but no typing into the terminal of whoever started the program",
			Cases: []Case{{
				When: []Test{{Arg: 1, Width: Low32, Op: OneOf, Values: []Constant{
					{Name: "TIOCSTI", Value: 0x5412}, {Name: "TIOCLINUX", Value: 0x541c},
				}}},
				Then: Fail(EPERM),
			}},
			Otherwise: Allow,
		},
		{
			Syscall: "prctl",
			Reason:  "names, death signals, and giving up privileges, by option; new options of new kernels wait to be looked at",
			Cases: []Case{{
				When: []Test{{Arg: 0, Width: Low32, Op: OneOf, Values: processOptions()}},
				Then: Allow,
			}},
			Otherwise: Fail(EPERM),
		},
	}
}

// namespaceFlags are the flags of clone(2) that create namespaces. CLONE_NEWTIME
// is not among them: its bit is part of the exit signal in clone's flags.
func namespaceFlags() []Constant {
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

// processOptions are the options of prctl(2) that runtimes use. They act on the
// caller alone.
func processOptions() []Constant {
	return []Constant{
		{Name: "PR_SET_PDEATHSIG", Value: 1},
		{Name: "PR_GET_PDEATHSIG", Value: 2},
		{Name: "PR_GET_DUMPABLE", Value: 3},
		{Name: "PR_SET_DUMPABLE", Value: 4},
		{Name: "PR_GET_KEEPCAPS", Value: 7},
		{Name: "PR_SET_KEEPCAPS", Value: 8},
		{Name: "PR_SET_NAME", Value: 15},
		{Name: "PR_GET_NAME", Value: 16},
		{Name: "PR_GET_SECCOMP", Value: 21},
		{Name: "PR_SET_SECCOMP", Value: 22},
		{Name: "PR_CAPBSET_READ", Value: 23},
		{Name: "PR_CAPBSET_DROP", Value: 24},
		{Name: "PR_GET_SECUREBITS", Value: 27},
		{Name: "PR_SET_TIMERSLACK", Value: 29},
		{Name: "PR_GET_TIMERSLACK", Value: 30},
		{Name: "PR_SET_CHILD_SUBREAPER", Value: 36},
		{Name: "PR_GET_CHILD_SUBREAPER", Value: 37},
		{Name: "PR_SET_NO_NEW_PRIVS", Value: 38},
		{Name: "PR_GET_NO_NEW_PRIVS", Value: 39},
		{Name: "PR_GET_TID_ADDRESS", Value: 40},
		{Name: "PR_SET_THP_DISABLE", Value: 41},
		{Name: "PR_GET_THP_DISABLE", Value: 42},
		{Name: "PR_CAP_AMBIENT", Value: 47},
		// Vector lengths, pointer authentication and tagged addresses of aarch64.
		{Name: "PR_SVE_SET_VL", Value: 50},
		{Name: "PR_SVE_GET_VL", Value: 51},
		{Name: "PR_PAC_RESET_KEYS", Value: 54},
		{Name: "PR_SET_TAGGED_ADDR_CTRL", Value: 55},
		{Name: "PR_GET_TAGGED_ADDR_CTRL", Value: 56},
		{Name: "PR_SME_SET_VL", Value: 63},
		{Name: "PR_SME_GET_VL", Value: 64},
		{Name: "PR_SET_MDWE", Value: 65},
		{Name: "PR_GET_MDWE", Value: 66},
		// The Go runtime and glibc name their mappings with it.
		{Name: "PR_SET_VMA", Value: 0x53564d41},
	}
}
