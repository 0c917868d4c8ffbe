package native

import (
	"slices"

	"confine/policy"
	"confine/policy/syscalls"
)

// guardRules are the rules of the guard, without numbers. All arguments that they look at
// are int or unsigned int in the kernel (SYSCALL_DEFINE in include/linux/syscalls.h), but
// for pointers.
func guardRules(mode policy.NetworkMode) []syscalls.Rule {
	return slices.Concat(metadataRules(), sharedRules(), processRules(), memoryRules(), networkRules(mode))
}

func deny(reason string, errno syscalls.Errno, calls ...string) []syscalls.Rule {
	rules := make([]syscalls.Rule, 0, len(calls))
	for _, call := range calls {
		rules = append(rules, syscalls.Rule{Name: call, Otherwise: syscalls.Fail(errno), Reason: reason})
	}
	return rules
}

func oneOf(arg int, values ...syscalls.Constant) syscalls.Test {
	return syscalls.Test{Arg: arg, Width: syscalls.Low32, Op: syscalls.OneOf, Values: values}
}

func number(n uint64) syscalls.Constant { return syscalls.Constant{Value: n} }

// metadataRules: Landlock has no right for what belongs to a file beside its content. The
// program's user may own files that the policy does not let it write.
func metadataRules() []syscalls.Rule {
	rules := deny("Landlock has no right for modes, owners, times and attributes of files", syscalls.EPERM,
		"chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "fchownat", "lchown",
		"utime", "utimes", "futimesat", "utimensat",
		"setxattr", "lsetxattr", "fsetxattr", "setxattrat", "removexattr", "lremovexattr", "fremovexattr", "removexattrat",
		"file_setattr")
	return append(rules, syscalls.Rule{
		Name:   "ioctl",
		Reason: "Landlock has no right for attributes of files (ioctl_iflags(2))",
		Cases: []syscalls.Case{{
			When: []syscalls.Test{oneOf(
				1,
				syscalls.Constant{Name: "FS_IOC_SETFLAGS", Value: 0x40086602},
				syscalls.Constant{Name: "FS_IOC32_SETFLAGS", Value: 0x40046602},
				syscalls.Constant{Name: "FS_IOC_FSSETXATTR", Value: 0x401c5820},
				syscalls.Constant{Name: "FS_IOC_SETVERSION", Value: 0x40087602},
				syscalls.Constant{Name: "FS_IOC32_SETVERSION", Value: 0x40047602},
			)},
			Then: syscalls.Fail(syscalls.EPERM),
		}},
		Otherwise: syscalls.Allow,
	})
}

// sharedRules: what all processes of a user share where no namespace parts them.
func sharedRules() []syscalls.Rule {
	return slices.Concat(
		deny("System V IPC is shared with every process of the machine", syscalls.ENOSYS,
			"shmget", "shmat", "shmctl", "shmdt", "msgget", "msgsnd", "msgrcv", "msgctl", "semget", "semop", "semtimedop", "semctl"),
		deny("message queues are shared with every process of the machine", syscalls.ENOSYS, "mq_open", "mq_unlink"),
		deny("keyrings are shared with every process of the user (keyrings(7))", syscalls.ENOSYS, "keyctl", "add_key", "request_key"),
	)
}

// processRules: limits and priorities of the user's other processes, which Landlock's scope
// of signals does not hold.
func processRules() []syscalls.Rule {
	const reason = "it reaches the user's processes outside; those that Landlock knows are reached by signals alone"
	var rules []syscalls.Rule
	for _, call := range []string{"prlimit64", "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler"} {
		rules = append(rules, syscalls.Rule{
			Name: call, Reason: reason,
			Cases:     []syscalls.Case{{When: []syscalls.Test{oneOf(0, number(0))}, Then: syscalls.Allow}},
			Otherwise: syscalls.Fail(syscalls.EPERM),
		})
	}
	for call, process := range map[string]syscalls.Constant{
		"setpriority": {Name: "PRIO_PROCESS", Value: 0}, "ioprio_set": {Name: "IOPRIO_WHO_PROCESS", Value: 1},
	} {
		rules = append(rules, syscalls.Rule{
			Name: call, Reason: reason,
			Cases:     []syscalls.Case{{When: []syscalls.Test{oneOf(0, process), oneOf(1, number(0))}, Then: syscalls.Allow}},
			Otherwise: syscalls.Fail(syscalls.EPERM),
		})
	}
	return rules
}

// memoryRules: files without a path, of which Landlock knows nothing.
func memoryRules() []syscalls.Rule {
	return deny("Landlock has no rule for a file without a path, which can be filled and executed", syscalls.ENOSYS, "memfd_create")
}
