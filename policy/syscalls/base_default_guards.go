package syscalls

// defaultGuards are the calls of the base list default that depend on arguments.
func defaultGuards() []Guard {
	guards := []Guard{cloneGuard(), clone3Guard(), socketGuard(), socketpairGuard(), openat2Guard(), {
		Syscall:   "ioctl",
		Reason:    "terminals and devices that are open already, but no typing into the terminal of whoever started the program",
		Cases:     []Case{typingCase()},
		Otherwise: Allow,
	}, {
		Syscall: "prctl",
		Reason:  "names, death signals, and giving up privileges, by option; new options of new kernels wait to be looked at",
		Cases: []Case{{
			When: []Test{{Arg: 0, Width: Low32, Op: OneOf, Values: processOptions()}},
			Then: Allow,
		}},
		Otherwise: Fail(EPERM),
	}}
	return append(guards, setIDGuards(
		"chmod", "creat", "fchmod", "fchmodat", "fchmodat2", "mknod", "mknodat", "open", "openat")...)
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
