package native

import (
	"slices"

	"confine/compiler/guard"
	"confine/policy"
	"confine/policy/syscalls"
)

// guardRules are the rules of the guard, which denies what goes around Landlock. All
// arguments that they look at are int or unsigned int in the kernel (SYSCALL_DEFINE in
// include/linux/syscalls.h), but for pointers.
func guardRules(mode policy.NetworkMode) []syscalls.Rule {
	return slices.Concat(metadataRules(), sharedRules(), processRules(), memoryRules(), namespaceRules(), watchRules(), guard.Network(mode))
}

// metadataRules: Landlock has no right for what belongs to a file beside its content. The
// program's user may own files that the policy does not let it write.
func metadataRules() []syscalls.Rule {
	rules := guard.Deny("Landlock has no right for modes, owners, times and attributes of files", syscalls.EPERM,
		"chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "fchownat", "lchown",
		"utime", "utimes", "futimesat", "utimensat",
		"setxattr", "lsetxattr", "fsetxattr", "setxattrat", "removexattr", "lremovexattr", "fremovexattr", "removexattrat",
		"file_setattr")
	return append(rules, syscalls.Rule{
		Name: "ioctl",
		Reason: "Landlock has no right for what file systems do by request: attributes, versions, encryption, subvolumes. " +
			"Terminals, pipes and sockets have requests of their own",
		Cases: []syscalls.Case{
			{When: []syscalls.Test{guard.OneOf(1, typingRequests...)}, Then: syscalls.Fail(syscalls.EPERM)},
			{
				When: []syscalls.Test{{
					Arg: 1, Width: syscalls.Low32, Op: syscalls.OneOf, Mask: requestType, Values: []syscalls.Constant{
						{Name: "'T'", Value: 'T' << 8}, {Name: "SIOC", Value: 0x89 << 8},
					},
				}},
				Then: syscalls.Allow,
			},
		},
		Otherwise: syscalls.Fail(syscalls.ENOTTY),
	})
}

// requestType are the bits of a request that name whose it is, _IOC_TYPE of asm-generic/ioctl.h.
const requestType = 0xff00

// typingRequests push characters into a terminal, or take it from others.
var typingRequests = []syscalls.Constant{
	{Name: "TIOCEXCL", Value: 0x540c},
	{Name: "TIOCSCTTY", Value: 0x540e},
	{Name: "TIOCSTI", Value: 0x5412},
	{Name: "TIOCLINUX", Value: 0x541c},
}

// sharedRules: what all processes of a user share where no namespace parts them.
func sharedRules() []syscalls.Rule {
	return slices.Concat(
		guard.Deny("System V IPC is shared with every process of the machine", syscalls.ENOSYS,
			"shmget", "shmat", "shmctl", "shmdt", "msgget", "msgsnd", "msgrcv", "msgctl", "semget", "semop", "semtimedop", "semctl"),
		guard.Deny("message queues are shared with every process of the machine", syscalls.ENOSYS, "mq_open", "mq_unlink"),
		guard.Keyrings(),
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
			Cases:     []syscalls.Case{{When: []syscalls.Test{guard.OneOf(0, guard.Number(0))}, Then: syscalls.Allow}},
			Otherwise: syscalls.Fail(syscalls.EPERM),
		})
	}
	for call, process := range map[string]syscalls.Constant{
		"setpriority": {Name: "PRIO_PROCESS", Value: 0}, "ioprio_set": {Name: "IOPRIO_WHO_PROCESS", Value: 1},
	} {
		rules = append(rules, syscalls.Rule{
			Name: call, Reason: reason,
			Cases:     []syscalls.Case{{When: []syscalls.Test{guard.OneOf(0, process), guard.OneOf(1, guard.Number(0))}, Then: syscalls.Allow}},
			Otherwise: syscalls.Fail(syscalls.EPERM),
		})
	}
	return rules
}

// memoryRules: files without a path, of which Landlock knows nothing.
func memoryRules() []syscalls.Rule {
	return guard.Deny("Landlock has no rule for a file without a path, which can be filled and executed", syscalls.ENOSYS, "memfd_create")
}

// namespaceRules: in a user namespace of its own the program has every capability there. What
// it makes with them is closed by Landlock, but a file system that works on others, overlayfs,
// makes and removes entries in them without asking it.
func namespaceRules() []syscalls.Rule {
	const reason = "file systems of the program's own work on others without asking Landlock"
	return slices.Concat(
		guard.Deny(reason, syscalls.EPERM,
			"mount", "umount2", "pivot_root", "move_mount", "mount_setattr", "open_tree", "open_tree_attr", "fsopen", "fsconfig", "fsmount", "fspick"),
		guard.Namespaces(),
	)
}

// watchRules: Landlock has no right for being told what happens in a directory.
func watchRules() []syscalls.Rule {
	return guard.Deny("it tells the names in directories that are closed", syscalls.EPERM,
		"inotify_init", "inotify_init1", "inotify_add_watch", "fanotify_init", "fanotify_mark")
}
