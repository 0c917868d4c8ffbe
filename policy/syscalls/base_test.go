package syscalls

import (
	"errors"
	"strings"
	"testing"
)

// observed are the calls that strace(1) saw an Airbyte declarative connector
// make on x86_64 with glibc 2.36, over HTTP, TLS and DNS. What the base list
// guards is tested apart.
const observed = `access arch_prctl bind brk clock_nanosleep close close_range connect dup2 epoll_create1
	execve exit exit_group fcntl fstat ftruncate futex getcwd getdents64 getegid geteuid getgid getpeername getpid
	getrandom getsockname getsockopt gettid getuid lseek madvise mkdir mmap mprotect munmap newfstatat 	pipe2 poll pread64 prlimit64 pwrite64 read readlink recvfrom recvmsg rmdir rseq rt_sigaction rt_sigprocmask
	sendmmsg sendto set_robust_list set_tid_address setsockopt uname unlink unlinkat vfork wait4 write`

// dangerous are calls that no base list may allow with any arguments.
const dangerous = `ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd process_madvise
	bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register
	mount umount2 mount_setattr move_mount open_tree open_tree_attr fsopen fsconfig fsmount fspick pivot_root chroot
	unshare setns clone3 keyctl add_key request_key kexec_load kexec_file_load
	open_by_handle_at name_to_handle_at init_module finit_module delete_module
	reboot swapon swapoff quotactl quotactl_fd acct syslog vhangup
	settimeofday clock_settime clock_adjtime adjtimex sethostname setdomainname personality
	vmsplice move_pages mbind migrate_pages set_mempolicy remap_file_pages
	memfd_create memfd_secret execveat iopl ioperm modify_ldt uselib lookup_dcookie nfsservctl
	inotify_add_watch fanotify_init fanotify_mark shmget semget msgget mq_open io_setup io_submit`

func TestBasesAllowWhatConnectorsMake(t *testing.T) {
	verdictOfEach(t, observed, Allowed, "connector", "default", "unrestricted")
}

func TestBasesDenyWhatIsDangerous(t *testing.T) {
	verdictOfEach(t, dangerous, Denied, "connector", "default")
	verdictOfEach(t, dangerous, Allowed, "unrestricted")
}

func verdictOfEach(t *testing.T, names string, want Verdict, bases ...string) {
	t.Helper()
	for _, base := range bases {
		for name := range strings.FieldsSeq(names) {
			if got := (Set{Base: base}).Decide(name, [6]Argument{}); got.Verdict != want {
				t.Errorf("%s: %s: %s, want %s", base, name, got.Verdict, want)
			}
		}
	}
}

// TestConnectorIsPartOfDefault compares what the filters answer to every call, with
// the arguments that the guards of either look at.
func TestConnectorIsPartOfDefault(t *testing.T) {
	var values []uint64
	for _, base := range Bases() {
		for _, guard := range base.Guards {
			for _, constant := range constantsOf(guard) {
				values = append(values, constant.Value, constant.Value|garbage, constant.Value-1, constant.Value+1)
			}
		}
	}
	values = append(values, 0, ^uint64(0))
	for _, arch := range Arches() {
		narrow := connectorFilter(t, arch)
		wide, err := Set{Base: "default"}.Filter(arch)
		if err != nil {
			t.Fatal(err)
		}
		narrower := 0
		for name, number := range arch.Calls() {
			differs := false
			for i, value := range values {
				// The arguments of the guards are 0 to 3; the second is another value.
				other := values[(i*7+3)%len(values)]
				for _, args := range [][6]uint64{{value, value, value, value}, {value, other, value, other}, {other, value, other, value}, {other, other, value, value}} {
					data := Data{Number: number, Arch: arch, Args: args}
					x, y := narrow.Decide(data), wide.Decide(data)
					if x == Allow && y != Allow {
						t.Errorf("%s: connector allows %s%#x, default answers %s", arch, name, args, y)
					}
					differs = differs || x != y
				}
			}
			if differs {
				narrower++
			}
		}
		if narrower < 100 {
			t.Errorf("%s: only %d calls are narrower in connector", arch, narrower)
		}
	}
}

func TestUnrestricted(t *testing.T) {
	set := Set{Base: Unrestricted}
	for _, arch := range Arches() {
		for name := range arch.Calls() {
			if got := set.Decide(name, [6]Argument{}); got.Verdict != Allowed || name != Execve && got.Because != "the base list unrestricted allows "+name {
				t.Errorf("%s: %+v", name, got)
			}
		}
		if _, err := set.Filter(arch); !errors.Is(err, ErrNoFilter) {
			t.Errorf("a filter on %s: %v", arch, err)
		}
	}
	if got := set.Decide("scoket", [6]Argument{}); got.Verdict != Denied {
		t.Errorf("a name that is none: %+v", got)
	}
	for _, changed := range []Set{
		{Base: Unrestricted, Allow: []string{"ptrace"}},
		{Base: Unrestricted, Deny: []string{"ptrace"}},
		{Base: Unrestricted, OnDeny: DenyKill},
		{Base: Unrestricted, Rules: []SetRule{rule(t, "socket", "arg0 == AF_UNIX")}},
	} {
		if err := changed.Check(); !errors.Is(err, ErrNoFilter) {
			t.Errorf("%+v: %v", changed, err)
		}
	}
	if err := (Set{Base: Unrestricted, OnDeny: DenyErrno}).Check(); err != nil {
		t.Error(err)
	}
}

// A guardedCall is what a filter answers to arguments.
type guardedCall struct {
	name string
	args [6]uint64
	want Action
}

// garbage is what the kernel cuts off an int.
const garbage = 0xdeadbeef << 32

// The constants are written out once more: the tables of the bases are what is
// tested.
func TestGuardsOfBothBases(t *testing.T) {
	calls := []guardedCall{
		{"clone", [6]uint64{0x3d0f00}, Allow}, // pthread_create of glibc
		{"clone", [6]uint64{0x4111}, Allow},   // CLONE_VM|CLONE_VFORK|SIGCHLD: posix_spawn
		{"clone", [6]uint64{0x10000000}, Fail(EPERM)},
		{"clone", [6]uint64{garbage | 0x40000011}, Fail(EPERM)},
		{"clone", [6]uint64{0x7e020000}, Fail(EPERM)},
		{"clone", [6]uint64{garbage}, Allow},
		{"clone3", [6]uint64{}, Fail(ENOSYS)},
		{"openat2", [6]uint64{}, Fail(ENOSYS)},
		{"open", [6]uint64{0, 0, 0o6755}, Allow}, // no file is made: the mode is whatever was in the register
		{"open", [6]uint64{0, 0o101, 0o644}, Allow},
		{"open", [6]uint64{0, 0o101, 0o4755}, Fail(EPERM)},
		{"openat", [6]uint64{0, 0, garbage | 0o100, garbage | 0o2755}, Fail(EPERM)},
		{"openat", [6]uint64{0, 0, 0o20200000, 0o4755}, Fail(EPERM)},
		{"chmod", [6]uint64{0, 0o1777}, Allow},
		{"chmod", [6]uint64{0, 0o2775}, Fail(EPERM)},
		{"fchmodat", [6]uint64{0, 0, 0o4755}, Fail(EPERM)},
		{"socket", [6]uint64{1, 1, 0}, Allow},
		{"socket", [6]uint64{2, 1, 6}, Allow},
		{"socket", [6]uint64{10, 2, 17}, Allow},
		{"socket", [6]uint64{garbage | 2, 1, 0}, Allow},
		{"socket", [6]uint64{16, 3, 0}, Allow},
		{"socket", [6]uint64{16, 3, garbage}, Allow},
		{"socket", [6]uint64{16, 3, 9}, Fail(EPROTONOSUPPORT)},           // NETLINK_AUDIT
		{"socket", [6]uint64{16, 3, garbage | 4}, Fail(EPROTONOSUPPORT)}, // NETLINK_SOCK_DIAG
		{"socket", [6]uint64{17, 3, 0}, Fail(EAFNOSUPPORT)},              // AF_PACKET
		{"socket", [6]uint64{38, 5, 0}, Fail(EAFNOSUPPORT)},              // AF_ALG
		{"socket", [6]uint64{40, 1, 0}, Fail(EAFNOSUPPORT)},              // AF_VSOCK
		{"socket", [6]uint64{0, 1, 0}, Fail(EAFNOSUPPORT)},
		{"socketpair", [6]uint64{1, 1, 0}, Allow},
		{"socketpair", [6]uint64{30, 1, 0}, Fail(EAFNOSUPPORT)}, // AF_TIPC
		{"ioctl", [6]uint64{0, 0x5401}, Allow},                  // TCGETS
		{"ioctl", [6]uint64{0, 0x5412}, Fail(EPERM)},
		{"ioctl", [6]uint64{0, garbage | 0x5412}, Fail(EPERM)}, // CVE-2019-10063
		{"ioctl", [6]uint64{0, garbage | 0x541c}, Fail(EPERM)},
	}
	checkGuards(t, connector, calls)
	checkGuards(t, Set{Base: "default"}, calls)
}

func TestConnectorGuards(t *testing.T) {
	checkGuards(t, connector, []guardedCall{
		{"ioctl", [6]uint64{0, 0x5421}, Allow}, // FIONBIO
		{"ioctl", [6]uint64{0, garbage | 0x5421}, Allow},
		{"ioctl", [6]uint64{0, 0x40049409}, Fail(ENOTTY)}, // FICLONE
		{"ioctl", [6]uint64{0, 0}, Fail(ENOTTY)},
		{"statx", [6]uint64{}, Fail(ENOSYS)},
		{"listxattr", [6]uint64{}, Fail(EOPNOTSUPP)},
		{"prctl", [6]uint64{15}, Fail(EPERM)},
		{"listen", [6]uint64{}, Fail(EPERM)},
	})
}

func TestDefaultGuards(t *testing.T) {
	checkGuards(t, Set{Base: "default"}, []guardedCall{
		{"creat", [6]uint64{0, 0o4755}, Fail(EPERM)},
		{"fchmod", [6]uint64{0, garbage | 0o4000}, Fail(EPERM)},
		{"fchmodat2", [6]uint64{0, 0, 0o4755}, Fail(EPERM)},
		{"mknod", [6]uint64{0, 0o104755}, Fail(EPERM)},
		{"mknodat", [6]uint64{0, 0, 0o104755}, Fail(EPERM)},
		{"mknodat", [6]uint64{0, 0, 0o010644}, Allow},
		{"prctl", [6]uint64{15}, Allow},
		{"prctl", [6]uint64{38, 1}, Allow},
		{"prctl", [6]uint64{35}, Fail(EPERM)}, // PR_SET_MM
		{"prctl", [6]uint64{garbage | 35}, Fail(EPERM)},
		{"prctl", [6]uint64{59, 1}, Fail(EPERM)},   // PR_SET_SYSCALL_USER_DISPATCH
		{"ioctl", [6]uint64{0, 0x40049409}, Allow}, // FICLONE
		{"statx", [6]uint64{}, Allow},
	})
}

func checkGuards(t *testing.T, set Set, calls []guardedCall) {
	t.Helper()
	for _, arch := range Arches() {
		filter, err := set.Filter(arch)
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range calls {
			number, err := arch.Number(tt.name)
			if elsewhere := (*OtherArchError)(nil); errors.As(err, &elsewhere) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := filter.Decide(Data{Number: number, Arch: arch, Args: tt.args}); got != tt.want {
				t.Errorf("%s, %s: %s%#x: %s, want %s", set.Base, arch, tt.name, tt.args, got, tt.want)
			}
		}
	}
}

func TestAnswersOutsideTheTable(t *testing.T) {
	filter := connectorFilter(t, X86_64)
	for _, tt := range []struct {
		call Data
		want Action
	}{
		{Data{Number: 101, Arch: X86_64}, Fail(EPERM)}, // ptrace
		{Data{Number: 400, Arch: X86_64}, Fail(ENOSYS)},
		{Data{Number: 9999, Arch: X86_64}, Fail(ENOSYS)},
		{Data{Number: X32Bit, Arch: X86_64}, Fail(ENOSYS)},
		{Data{Number: X32Bit | 521, Arch: X86_64}, Fail(ENOSYS)}, // ptrace of x32
		{Data{Number: ^uint32(0), Arch: X86_64}, Fail(ENOSYS)},
		{Data{Number: 20, Arch: I386}, KillProcess},
		{Data{Number: 172, Arch: AArch64}, KillProcess},
	} {
		if got := filter.Decide(tt.call); got != tt.want {
			t.Errorf("%s %#x: %s, want %s", tt.call.Arch, tt.call.Number, got, tt.want)
		}
	}
}

func TestEveryGroupHasAReason(t *testing.T) {
	for _, base := range Bases() {
		if base.Purpose == "" {
			t.Errorf("%s has no purpose", base.Name)
		}
		for _, group := range append(base.Groups, base.LeftOut...) {
			if group.Name == "" || group.Reason == "" {
				t.Errorf("%s: group %q has the reason %q", base.Name, group.Name, group.Reason)
			}
		}
		for _, guard := range base.Guards {
			if guard.Reason == "" {
				t.Errorf("%s: %s has no reason", base.Name, guard.Syscall)
			}
		}
	}
}

// A base list may name calls that only one architecture has, but each once: of two
// entries the second would have no effect.
func TestBasesNameCallsOnce(t *testing.T) {
	for _, base := range Bases() {
		if base.Open {
			continue
		}
		var names []string
		for _, group := range base.Groups {
			names = append(names, group.Syscalls...)
		}
		for _, guard := range base.Guards {
			names = append(names, guard.Syscall)
		}
		seen := map[string]bool{}
		for _, name := range names {
			if err := CheckName(name); err != nil {
				t.Errorf("%s: %v", base.Name, err)
			}
			if seen[name] {
				t.Errorf("%s names %s twice", base.Name, name)
			}
			seen[name] = true
		}
		if !seen[Execve] {
			t.Errorf("%s does not name %s", base.Name, Execve)
		}
	}
}

func TestFilterRefuses(t *testing.T) {
	if _, err := (Set{Base: "conector"}).Filter(X86_64); err == nil || !strings.Contains(err.Error(), "connector") {
		t.Errorf("an unknown base: %v", err)
	}
	if _, err := connector.Filter(I386); err == nil {
		t.Error("there are filters for i386")
	}
}

var connector = Set{Base: "connector"}

func connectorFilter(t testing.TB, arch Arch) Filter {
	t.Helper()
	filter, err := connector.Filter(arch)
	if err != nil {
		t.Fatal(err)
	}
	return filter
}
