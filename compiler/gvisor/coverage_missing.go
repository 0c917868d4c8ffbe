package gvisor

import (
	"slices"

	"confine/policy"
	"confine/policy/syscalls"
)

// missing are calls of Linux that the sentry answers with an error, mostly ENOSYS,
// whatever is asked of them (pkg/sentry/syscalls/linux/linux64.go).
var missing = []string{
	"add_key", "cachestat", "fanotify_init", "fanotify_mark", "fchmodat2", "file_getattr", "file_setattr", "fspick",
	"futex_requeue", "futex_wait", "futex_waitv", "futex_wake", "getxattrat", "io_pgetevents", "io_uring_enter",
	"io_uring_register", "io_uring_setup", "landlock_add_rule", "landlock_create_ruleset", "landlock_restrict_self",
	"listmount", "listns", "listxattrat", "lsm_get_self_attr", "lsm_list_modules", "lsm_set_self_attr",
	"map_shadow_stack", "memfd_secret", "modify_ldt", "mount_setattr", "mq_getsetattr", "mq_notify",
	"mq_timedreceive", "mq_timedsend", "mseal", "name_to_handle_at", "open_by_handle_at", "open_tree_attr",
	"perf_event_open", "pkey_alloc", "pkey_free", "pkey_mprotect", "process_madvise", "process_mrelease",
	"quotactl_fd", "remap_file_pages", "removexattrat", "request_key", "rseq_slice_yield", "sched_rr_get_interval",
	"set_mempolicy_home_node", "setfsgid", "setfsuid", "setxattrat", "statmount", "sysfs", "userfaultfd", "ustat",
	"vmsplice",
}

// missingOf counts those that a policy allows.
func missingOf(calls policy.Syscalls) int {
	set, n := calls.Set(), 0
	for _, name := range missing {
		if set.Decide(name, [6]syscalls.Argument{}).Verdict != syscalls.Denied && !allowedByName(calls, name) {
			n++
		}
	}
	return n
}

// allowedByName reports whether a call has a row of its own.
func allowedByName(calls policy.Syscalls, name string) bool {
	return slices.ContainsFunc(calls.Allow, func(e policy.SyscallEntry) bool { return e.Name == name })
}
