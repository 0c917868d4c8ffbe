package lint

var mounts = Rule{
	Code:     "CF606",
	Severity: Error,
	Title:    "calls that change what lies where",
	Why: `What the policy says of paths holds for the mounts that were made for it. A program that may mount, in a user namespace of its own where it has
all capabilities, can lay others over them, without noexec and without a size (user_namespaces(7)). Most calls here also open
parsers of file systems in the kernel.`,
	Instead: "Take them out, and say in [filesystem] what lies where.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nallow = [\"mount\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nbase = \"default\"\n"},
	check: func(s *Subject) []Found {
		return openedCalls(s, []opening{
			{"mount", "it lays file systems over what the policy says of paths"},
			{"umount2", "it takes away what covers a path"},
			{"pivot_root", "it changes the root directory of everything in its mount namespace"},
			{"chroot", "it changes its root directory, and paths then mean something else"},
			{"move_mount", "it lays file systems over what the policy says of paths"},
			{"open_tree", "it copies mounts, to lay them elsewhere"},
			{"open_tree_attr", "it copies mounts with other attributes, to lay them elsewhere"},
			{"fsopen", "it makes file systems: tmpfs without a size, proc, images of its own"},
			{"fsconfig", "it makes file systems: tmpfs without a size, proc, images of its own"},
			{"fsmount", "it makes file systems: tmpfs without a size, proc, images of its own"},
			{"fspick", "it changes options of a file system that is mounted"},
			{"mount_setattr", "it changes which mounts are read-only and noexec"},
		})
	},
}
