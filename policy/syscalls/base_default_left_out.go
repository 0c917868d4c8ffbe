package syscalls

// leftOutOfDefault are the calls that Docker's default profile allows a container
// without privileges, and the base list default does not.
func leftOutOfDefault() []Group {
	return []Group{
		{
			Name:     "other processes",
			Reason:   "they read and change other processes of the same user",
			Syscalls: []string{"process_mrelease", "process_vm_readv", "process_vm_writev", "ptrace"},
		},
		{
			Name:     "files that no rule about files covers",
			Reason:   "a memfd can be executed and has no path; execveat takes a file without one",
			Syscalls: []string{"execveat", "memfd_create", "memfd_secret"},
		},
		{
			Name:     "files past their directories",
			Reason:   "a handle names a file by its inode",
			Syscalls: []string{"name_to_handle_at"},
		},
		{
			Name:     "watching files",
			Reason:   "Landlock has no right for it (landlock(7)), so that the names of files in hidden directories could be told",
			Syscalls: []string{"fanotify_mark", "inotify_add_watch", "inotify_init", "inotify_init1", "inotify_rm_watch"},
		},
		{
			Name:     "what the host is doing",
			Reason:   "they tell which files others read, and what the host mounts",
			Syscalls: []string{"cachestat", "listmount", "statmount"},
		},
		{
			Name:   "System V and POSIX message queues, semaphores and shared memory",
			Reason: "shared with whoever is in the same IPC namespace, whatever the rules about files say",
			Syscalls: []string{
				"mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive", "mq_timedsend", "mq_unlink", "msgctl", "msgget",
				"msgrcv", "msgsnd", "semctl", "semget", "semop", "semtimedop", "shmat", "shmctl", "shmdt", "shmget",
			},
		},
		{
			Name:   "rarely used, with a history of kernel bugs",
			Reason: "kernel code that programs without privileges do not need",
			Syscalls: []string{
				"io_cancel", "io_destroy", "io_getevents", "io_pgetevents", "io_setup", "io_submit", "modify_ldt",
				"remap_file_pages", "vmsplice",
			},
		},
		{
			Name:     "weakening the program's own memory protection",
			Reason:   "personality switches off address randomisation and makes readable memory executable",
			Syscalls: []string{"personality"},
		},
		{
			Name:     "administration",
			Reason:   "they take privileges, or burden the disks of everybody on the host",
			Syscalls: []string{"adjtimex", "chroot", "clock_adjtime", "ioprio_get", "ioprio_set", "setgroups", "sync", "syncfs"},
		},
		{
			Name:     "a mode behind a pointer",
			Reason:   "set-user-ID bits cannot be told; it gets ENOSYS, and callers fall back to openat",
			Syscalls: []string{"openat2"},
		},
		{
			Name:     "not for 64-bit programs",
			Reason:   "the kernel answers ENOSYS, or ends the program; uretprobe is made by the kernel's own probes",
			Syscalls: []string{"epoll_ctl_old", "epoll_wait_old", "get_thread_area", "set_thread_area", "uretprobe"},
		},
	}
}
