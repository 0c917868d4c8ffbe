package syscalls

import "fmt"

// A Kernel is a version of Linux.
type Kernel struct{ Major, Minor int }

// Before reports whether k is older than other.
func (k Kernel) Before(other Kernel) bool {
	return k.Major < other.Major || k.Major == other.Major && k.Minor < other.Minor
}

// String is "6.10".
func (k Kernel) String() string { return fmt.Sprintf("%d.%d", k.Major, k.Minor) }

// Oldest is the kernel whose calls are taken for granted: of those that came with it
// or before, [Since] knows nothing.
var Oldest = Kernel{5, 4}

// Since returns the first version of Linux that has a system call, on any of
// [Arches], if that is newer than [Oldest]. Older kernels answer ENOSYS to it.
func Since(name string) (Kernel, bool) {
	version, ok := since[name]
	return version, ok
}

// since follows syscalls(2), and from Linux 6.8 on the lists of the GNU C library's
// sysdeps/unix/sysv/linux/syscall-names.list.
var since = map[string]Kernel{
	"openat2":                 {5, 6},
	"pidfd_getfd":             {5, 6},
	"faccessat2":              {5, 8},
	"close_range":             {5, 9},
	"process_madvise":         {5, 10},
	"epoll_pwait2":            {5, 11},
	"mount_setattr":           {5, 12},
	"landlock_add_rule":       {5, 13},
	"landlock_create_ruleset": {5, 13},
	"landlock_restrict_self":  {5, 13},
	"memfd_secret":            {5, 14},
	"quotactl_fd":             {5, 14},
	"process_mrelease":        {5, 15},
	"futex_waitv":             {5, 16},
	"set_mempolicy_home_node": {5, 17},
	"cachestat":               {6, 5},
	"fchmodat2":               {6, 6},
	"map_shadow_stack":        {6, 6},
	"futex_requeue":           {6, 7},
	"futex_wait":              {6, 7},
	"futex_wake":              {6, 7},
	"listmount":               {6, 8},
	"lsm_get_self_attr":       {6, 8},
	"lsm_list_modules":        {6, 8},
	"lsm_set_self_attr":       {6, 8},
	"statmount":               {6, 8},
	"mseal":                   {6, 10},
	"uretprobe":               {6, 11},
	"getxattrat":              {6, 13},
	"listxattrat":             {6, 13},
	"removexattrat":           {6, 13},
	"setxattrat":              {6, 13},
	"open_tree_attr":          {6, 15},
	"file_getattr":            {6, 17},
	"file_setattr":            {6, 17},
	"uprobe":                  {6, 18},
	"listns":                  {6, 19},
	"rseq_slice_yield":        {7, 0},
}
