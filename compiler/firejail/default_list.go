package firejail

import (
	"slices"
	"strings"

	"confine/policy"
	"confine/policy/syscalls"
)

// defaultList is @default-nodebuggers of firejail 0.9.72 (syscalls.txt in its
// documentation), which "seccomp" denies besides what the line names; without what
// only other architectures have.
const defaultList = `
	adjtimex clock_adjtime clock_settime settimeofday modify_ldt
	lookup_dcookie perf_event_open pidfd_getfd process_vm_writev
	delete_module finit_module init_module
	chroot fsconfig fsmount fsopen fspick mount move_mount open_tree pivot_root umount2
	_sysctl afs_syscall create_module get_kernel_syms getpmsg putpmsg query_module security sysfs tuxcall uselib ustat vserver
	ioperm iopl kexec_load kexec_file_load reboot swapon swapoff
	open_by_handle_at name_to_handle_at ioprio_set syslog fanotify_init add_key request_key keyctl
	mbind migrate_pages move_pages remap_file_pages set_mempolicy vmsplice
	io_setup io_destroy io_getevents io_submit io_cancel
	userfaultfd acct bpf nfsservctl setdomainname sethostname vhangup
	ptrace personality process_vm_readv`

// DefaultList gives what "seccomp" denies by itself.
func DefaultList() []string { return strings.Fields(defaultList) }

// inOwnList reports whether a profile denies a call by name, unless it is allowed.
func inOwnList(name string) bool {
	return slices.Contains(DefaultList(), name) || slices.Contains(ioUring, name)
}

// ioUring are denied by name on top: io_uring goes around protocol and seccomp.
var ioUring = []string{"io_uring_setup", "io_uring_enter", "io_uring_register"}

// seccompLine is the line that denies firejail's default list and io_uring, but
// for what the policy allows: of two filters the stricter answer counts.
func seccompLine(calls policy.Syscalls) string {
	set := calls.Set()
	denies := func(name string) bool {
		return set.Decide(name, [6]syscalls.Argument{}).Verdict == syscalls.Denied
	}
	list := DefaultList()
	slices.Sort(list)
	var items []string
	for _, name := range list {
		if !denies(name) {
			items = append(items, "!"+name)
		}
	}
	for _, name := range ioUring {
		if denies(name) {
			items = append(items, name)
		}
	}
	if len(items) == 0 {
		return "seccomp"
	}
	return "seccomp " + strings.Join(items, ",")
}

// ownFilters are calls that other lines of the profile look at, whatever the
// policy allows, and what these lines deny.
var ownFilters = map[string]string{
	"clone":   "restrict-namespaces denies new namespaces",
	"clone3":  "restrict-namespaces answers ENOSYS",
	"setns":   "restrict-namespaces denies other namespaces",
	"unshare": "restrict-namespaces denies new namespaces",
	// fsec-print of firejail's seccomp.block_secondary; it looks at all 64 bits.
	"personality": "seccomp.block-secondary denies personalities other than 0 and 0xffffffff",
	"socket":      "protocol denies families other than unix, inet, inet6 and netlink",
}
