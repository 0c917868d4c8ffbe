//go:build linux

package integration

import (
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// systemCall is one call that is made. A name with a colon stands for arguments that
// the filter tells apart, and one with parentheses is an access. inside is how exactly it ends: Decide only says whether it
// is allowed.
type systemCall struct {
	name    string
	control control
	inside  string
}

// callArguments are the arguments behind a colon, as an access states them.
var callArguments = map[string]string{
	"chmod:S_ISUID":            "arg1=0o4755",
	"clone:CLONE_NEWUSER":      "arg0=CLONE_NEWUSER",
	"ioctl:TIOCSTI":            "arg1=TIOCSTI",
	"prctl:PR_CAPBSET_READ":    "arg0=PR_CAPBSET_READ",
	"prctl:PR_GET_TIMING":      "arg0=PR_GET_TIMING",
	"socket:AF_INET":           "arg0=AF_INET, arg2=0",
	"socket:AF_PACKET":         "arg0=AF_PACKET, arg2=0",
	"socket:AF_UNIX":           "arg0=AF_UNIX, arg2=0",
	"socket:AF_VSOCK":          "arg0=AF_VSOCK, arg2=0",
	"socket:NETLINK_NETFILTER": "arg0=AF_NETLINK, arg2=NETLINK_NETFILTER",
	"socket:NETLINK_ROUTE":     "arg0=AF_NETLINK, arg2=NETLINK_ROUTE",
	"socketpair:AF_UNIX":       "arg0=AF_UNIX",
}

// access gives the access that the call is.
func (c systemCall) access() string {
	if strings.Contains(c.name, "(") {
		return "syscall " + c.name
	}
	name, _, detailed := strings.Cut(c.name, ":")
	if detailed {
		return "syscall " + name + "(" + callArguments[c.name] + ")"
	}
	return "syscall " + name
}

// callAttempts makes the calls under a policy, and holds the expected ends against Decide.
func callAttempts(t *testing.T, file string, calls []systemCall) []attempt {
	t.Helper()
	p := parsePolicy(t, file)
	var attempts []attempt
	for _, c := range calls {
		d := decide(t, p, c.access())
		if d.Conditional || d.Allowed != (c.inside == "ok") {
			t.Errorf("%s: Decide says allowed %v, conditional %v (%s), and %s is expected", c.access(), d.Allowed, d.Conditional, d.Because, c.inside)
		}
		attempts = append(attempts, attempt{
			access: c.access(), deed: "syscall " + c.name, control: c.control,
			inside: c.inside, clause: d.Clause, because: "which error a denied call ends with is no part of an access",
		})
	}
	return attempts
}

// syscallWorlds call what the connector list has and has not.
func syscallWorlds(t *testing.T) []world {
	const (
		denied  = "EPERM"
		unknown = "ENOSYS" // so that callers take an older call
	)
	calls := []systemCall{
		{"getpid", byUser, "ok"},
		{"getrandom", byUser, "ok"},
		{"madvise", byUser, "ok"},
		{"sched_yield", byUser, "ok"},
		{"socket:AF_INET", byUser, "ok"},
		{"socket:AF_UNIX", byUser, "ok"},
		{"socket:NETLINK_ROUTE", byUser, "ok"},
		{"socketpair:AF_UNIX", byUser, "ok"},

		{"add_key", byUser, denied},
		{"bpf", byRoot, denied},
		{"chmod:S_ISUID", byUser, denied},
		{"chroot", byRoot, denied},
		{"clock_adjtime", byUser, denied},
		{"clock_settime", byUser, denied},
		{"clone:CLONE_NEWUSER", byUser, denied},
		{"clone3", byUser, unknown},
		{"execveat", byUser, denied},
		{"fanotify_init", byUser, denied},
		{"fsopen", byRoot, denied},
		{"fspick", byRoot, denied},
		{"get_mempolicy", byUser, denied},
		{"getppid", byUser, denied},
		{"inotify_init1", byUser, denied},
		{"io_setup", byUser, denied},
		{"io_uring_setup", byUser, denied},
		{"ioctl:TIOCSTI", byUser, denied},
		{"kcmp", byUser, denied},
		{"keyctl", byUser, denied},
		{"landlock_create_ruleset", byUser, denied},
		{"landlock_restrict_self", byRoot, denied},
		{"membarrier", byUser, denied},
		{"memfd_create", byUser, denied},
		{"mount", byUser, denied},
		{"move_pages", byUser, denied},
		{"mq_open", byUser, denied},
		{"msgget", byUser, denied},
		{"name_to_handle_at", byUser, denied},
		{"open_by_handle_at", byRoot, denied},
		{"open_tree", byUser, denied},
		{"openat2", byUser, unknown},
		{"perf_event_open", byRoot, denied}, // Debian's kernels keep it from users
		{"personality", byUser, denied},
		{"pidfd_open", byUser, unknown},
		{"pivot_root", byRoot, denied},
		{"prctl:PR_CAPBSET_READ", byUser, denied},
		{"prctl:PR_GET_TIMING", byUser, denied},
		{"process_madvise", byUser, denied},
		{"process_vm_readv", byUser, denied},
		{"ptrace", byUser, denied},
		{"quotactl", byUser, denied},
		{"reboot", byRoot, denied},
		{"request_key", byUser, denied},
		{"seccomp", byUser, denied},
		{"semget", byUser, denied},
		{"set_mempolicy", byUser, denied},
		{"setgroups", byRoot, denied},
		{"sethostname", byUser, denied},
		{"setns", byUser, denied},
		{"shmget", byUser, denied},
		{"socket:AF_PACKET", byRoot, "EAFNOSUPPORT"},
		{"socket:AF_VSOCK", byUser, "EAFNOSUPPORT"},
		{"socket:NETLINK_NETFILTER", byUser, "EPROTONOSUPPORT"},
		{"swapon", byRoot, denied},
		{"sync", byUser, denied},
		{"syslog", byRoot, denied},
		{"timerfd_create", byUser, denied},
		{"umount2", byUser, denied},
		{"unshare", byUser, denied},
		{"userfaultfd", byUser, denied},
		{"vmsplice", byUser, denied},
	}
	standard := []systemCall{
		{"getppid", byUser, "ok"},
		{"landlock_create_ruleset", byUser, "ok"},
		{"membarrier", byUser, "ok"},
		{"pidfd_open", byUser, "ok"},
		{"prctl:PR_CAPBSET_READ", byUser, "ok"},
		{"seccomp", byUser, "ok"},
		{"timerfd_create", byUser, "ok"},

		{"memfd_create", byUser, denied},
		{"pidfd_getfd", byUser, denied}, // the descriptor that it takes is pidfd_open's
		{"prctl:PR_GET_TIMING", byUser, denied},
		{"ptrace", byUser, denied},
		{"socket:AF_PACKET", byRoot, "EAFNOSUPPORT"},
	}
	base := accessPolicy(t, nil, nil, "proc = \"self\"", "[syscalls]\nbase = \"connector\"\n")
	wide := accessPolicy(t, nil, nil, "proc = \"self\"", "[syscalls]\nbase = \"default\"\n")
	w := world{name: "system calls", policy: base, attempts: callAttempts(t, base, calls)}
	if runtime.GOARCH == "amd64" {
		w.attempts = append(w.attempts, attempt{
			deed: "syscall int80", inside: "denied", clause: "syscalls.base",
			because: "the table of i386 numbers other calls, and the language has no access for it",
		})
	}
	worlds := []world{w, {name: "the list default", policy: wide, attempts: callAttempts(t, wide, standard)}, ruleWorld(t), killWorld(t)}
	changed := accessPolicy(t, nil, nil, "proc = \"self\"", "[syscalls]\nbase = \"default\"\nallow = [\"personality\"]\ndeny = [\"getppid\", \"ptrace\"]\n")
	return append(worlds, world{name: "allow and deny", policy: changed, attempts: callAttempts(t, changed, []systemCall{
		{"personality", byUser, "ok"},
		{"getppid", byUser, denied},
		{"ptrace", byUser, denied},
		{"getpid", byUser, "ok"},
	})})
}

// survivableRules are on calls that no runtime makes by itself. The kernel takes 32
// bits of the arguments in them, as in those of argumentRules.
const survivableRules = `[[syscalls.rule]]
syscall = "socket"
when    = ["arg0 == AF_UNIX"]

[[syscalls.rule]]
syscall = "socket"
when    = ["arg0 == AF_INET", "arg1 & 0xf == SOCK_DGRAM"]

[[syscalls.rule]]
syscall = "personality"
when    = ["arg0 > 0xfffffffe"]

[[syscalls.rule]]
syscall = "membarrier"
when    = ["arg0 <= 0"]
`

// argumentRules have every operator.
const argumentRules = survivableRules + `
[[syscalls.rule]]
syscall = "prctl"
when    = ["arg0 in [PR_GET_DUMPABLE, PR_GET_NO_NEW_PRIVS]"]

[[syscalls.rule]]
syscall = "madvise"
when    = ["arg2 >= 2", "arg2 < 5"]

[[syscalls.rule]]
syscall = "fcntl"
when    = ["arg1 != F_GETFL"]

[[syscalls.rule]]
syscall = "getrandom"
when    = ["arg2 & GRND_NONBLOCK == GRND_NONBLOCK"]
`

// argumentCalls are calls on both sides of argumentRules. Outside they all succeed.
func argumentCalls(denied string) []systemCall {
	return []systemCall{
		{"socket(arg0=AF_UNIX)", byUser, "ok"},
		{"socket(arg0=AF_INET, arg1=SOCK_DGRAM)", byUser, "ok"},
		{"socket(arg0=AF_INET, arg1=SOCK_DGRAM|SOCK_CLOEXEC)", byUser, "ok"},
		{"socket(arg0=AF_INET, arg1=SOCK_STREAM)", byUser, denied},
		{"socket(arg0=AF_INET6, arg1=SOCK_STREAM)", byUser, denied},
		{"socket(arg0=AF_NETLINK, arg1=SOCK_DGRAM)", byUser, denied},
		{"prctl(arg0=PR_GET_DUMPABLE)", byUser, "ok"},
		{"prctl(arg0=PR_GET_NO_NEW_PRIVS)", byUser, "ok"},
		{"prctl(arg0=PR_GET_KEEPCAPS)", byUser, denied},
		{"madvise(arg2=2)", byUser, "ok"},
		{"madvise(arg2=MADV_WILLNEED)", byUser, "ok"},
		{"madvise(arg2=4)", byUser, "ok"},
		{"madvise(arg2=1)", byUser, denied},
		{"madvise(arg2=8)", byUser, denied},
		{"fcntl(arg0=1, arg1=F_GETFD)", byUser, "ok"},
		{"fcntl(arg0=1, arg1=F_GETFL)", byUser, denied},
		{"getrandom(arg2=GRND_NONBLOCK)", byUser, "ok"},
		{"getrandom(arg2=GRND_NONBLOCK|GRND_RANDOM)", byUser, "ok"},
		{"getrandom(arg2=0)", byUser, denied},
		{"personality(arg0=0xffffffff)", byUser, "ok"},
		{"personality(arg0=0)", byUser, denied},
		{"membarrier(arg0=0)", byUser, "ok"},
		{"membarrier(arg0=16)", byUser, denied},
		// What the kernel throws away neither denies nor allows.
		{"socket(arg0=0x100000001)", byUser, "ok"},
		{"socket(arg0=0xffffffff00000001)", byUser, "ok"},
		{"socket(arg0=0x10000000a)", byUser, denied},
		{"socket(arg0=0x8000000000000010, arg1=SOCK_DGRAM)", byUser, denied},
		{"prctl(arg0=0x100000003)", byUser, "ok"},
		{"prctl(arg0=0x300000007)", byUser, denied},
		{"madvise(arg2=0x200000008)", byUser, denied},
		{"madvise(arg2=0x200000000)", byUser, denied},
		{"madvise(arg2=0xf00000003)", byUser, "ok"},
		{"fcntl(arg0=1, arg1=0x100000003)", byUser, denied},
		{"getrandom(arg2=0x100000000)", byUser, denied},
		{"personality(arg0=0xffffffff00000000)", byUser, denied},
		{"membarrier(arg0=0x100000000)", byUser, "ok"},
		{"membarrier(arg0=0x100000010)", byUser, denied},
	}
}

// ruleWorld has rules that tell arguments apart.
func ruleWorld(t *testing.T) world {
	file := accessPolicy(t, nil, nil, "proc = \"self\"", "[syscalls]\nbase = \"default\"\nallow = [\"personality\"]\n"+argumentRules)
	return world{name: "rules", policy: file, attempts: callAttempts(t, file, argumentCalls("EPERM"))}
}

// killWorld has rules and a denial that kills, which only signs to fall back and
// what is allowed survive; see TestDeniedCallKills for the rest.
func killWorld(t *testing.T) world {
	file := accessPolicy(t, nil, nil, "proc = \"self\"", "[syscalls]\nbase = \"default\"\nallow = [\"personality\"]\non_deny = \"kill\"\n"+survivableRules)
	var calls []systemCall
	for _, c := range argumentCalls("") {
		name, _, _ := strings.Cut(c.name, "(")
		if c.inside == "ok" && strings.Contains(survivableRules, strconv.Quote(name)) {
			calls = append(calls, c)
		}
	}
	calls = append(calls,
		systemCall{"clone3", byUser, "ENOSYS"},
		systemCall{"openat2", byUser, "ENOSYS"},
		systemCall{"socket:AF_VSOCK", byUser, "EAFNOSUPPORT"},
	)
	return world{name: "rules that kill", policy: file, attempts: callAttempts(t, file, calls)}
}
