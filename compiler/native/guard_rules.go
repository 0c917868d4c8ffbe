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
	return slices.Concat(metadataRules(), sharedRules(), processRules(), memoryRules(), namespaceRules(), watchRules(), networkRules(mode))
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
		Name: "ioctl",
		Reason: "Landlock has no right for what file systems do by request: attributes, versions, encryption, subvolumes. " +
			"Terminals, pipes and sockets have requests of their own",
		Cases: []syscalls.Case{
			{When: []syscalls.Test{oneOf(1, typingRequests...)}, Then: syscalls.Fail(syscalls.EPERM)},
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

// namespaceRules: in a user namespace of its own the program has every capability there. What
// it makes with them is closed by Landlock, but a file system that works on others, overlayfs,
// makes and removes entries in them without asking it.
func namespaceRules() []syscalls.Rule {
	const reason = "file systems of the program's own work on others without asking Landlock"
	return slices.Concat(
		deny(reason, syscalls.EPERM,
			"mount", "umount2", "pivot_root", "move_mount", "mount_setattr", "open_tree", "open_tree_attr", "fsopen", "fsconfig", "fsmount", "fspick"),
		deny("a new namespace is not the one that was looked at", syscalls.EPERM, "unshare", "setns"),
		[]syscalls.Rule{{
			Name: "clone", Reason: "a new namespace is not the one that was looked at",
			Cases: []syscalls.Case{{
				When: []syscalls.Test{{Arg: 0, Width: syscalls.Low32, Op: syscalls.AnyBit, Values: syscalls.NamespaceFlags()}},
				Then: syscalls.Fail(syscalls.EPERM),
			}},
			Otherwise: syscalls.Allow,
		}},
		deny("its flags cannot be told; the C libraries take clone on ENOSYS", syscalls.ENOSYS, "clone3"),
	)
}

// watchRules: Landlock has no right for being told what happens in a directory.
func watchRules() []syscalls.Rule {
	return deny("it tells the names in directories that are closed", syscalls.EPERM,
		"inotify_init", "inotify_init1", "inotify_add_watch", "fanotify_init", "fanotify_mark")
}
