//go:build linux

package integration

import (
	"runtime"
	"strconv"
	"strings"
	"testing"

	"confine/compiler"
	"confine/policy"
)

// systemCall is one call that is made. A name with a colon stands for arguments that
// the filter tells apart, and one with parentheses is an access. inside is how exactly it ends: Decide only says whether it
// is allowed.
type systemCall struct {
	name    string
	control control
	inside  string
	// gvisor is what the sentry does otherwise.
	gvisor other
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
		a := attempt{
			access: c.access(), deed: "syscall " + c.name, control: c.control,
			inside: c.inside, clause: d.Clause, gvisor: c.gvisor, because: "which error a denied call ends with is no part of an access",
		}
		if c.inside == "ok" && p.Network.Mode == policy.NetworkNone && strings.HasPrefix(strings.NewReplacer("(", ":").Replace(c.name), "socket:") {
			a.native = other{inside: "EAFNOSUPPORT", because: "without a network the guard makes no socket, and coverage says so"}
		}
		attempts = append(attempts, a)
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
		{name: "getpid", control: byUser, inside: "ok"},
		{name: "getrandom", control: byUser, inside: "ok"},
		{name: "madvise", control: byUser, inside: "ok"},
		{name: "sched_yield", control: byUser, inside: "ok"},
		{name: "socket:AF_INET", control: byUser, inside: "ok"},
		{name: "socket:AF_UNIX", control: byUser, inside: "ok"},
		{name: "socket:NETLINK_ROUTE", control: byUser, inside: "ok"},
		{name: "socketpair:AF_UNIX", control: byUser, inside: "ok"},

		{name: "add_key", control: byUser, inside: denied},
		{name: "bpf", control: byRoot, inside: denied},
		{name: "chmod:S_ISUID", control: byUser, inside: denied},
		{name: "chroot", control: byRoot, inside: denied},
		{name: "clock_adjtime", control: byUser, inside: denied},
		{name: "clock_settime", control: byUser, inside: denied},
		{name: "clone:CLONE_NEWUSER", control: byUser, inside: denied},
		{name: "clone3", control: byUser, inside: unknown},
		{name: "execveat", control: byUser, inside: denied},
		{name: "fanotify_init", control: byUser, inside: denied},
		{name: "fsopen", control: byRoot, inside: denied},
		{name: "fspick", control: byRoot, inside: denied},
		{name: "get_mempolicy", control: byUser, inside: denied},
		{name: "getppid", control: byUser, inside: denied},
		{name: "inotify_init1", control: byUser, inside: denied},
		{name: "io_setup", control: byUser, inside: denied},
		{name: "io_uring_setup", control: byUser, inside: denied},
		{name: "ioctl:TIOCSTI", control: byUser, inside: denied},
		{name: "kcmp", control: byUser, inside: denied},
		{name: "keyctl", control: byUser, inside: denied},
		{name: "landlock_create_ruleset", control: byUser, inside: denied},
		{name: "landlock_restrict_self", control: byRoot, inside: denied},
		{name: "membarrier", control: byUser, inside: denied},
		{name: "memfd_create", control: byUser, inside: denied},
		{name: "mount", control: byUser, inside: denied},
		{name: "move_pages", control: byUser, inside: denied},
		{name: "mq_open", control: byUser, inside: denied},
		{name: "msgget", control: byUser, inside: denied},
		{name: "name_to_handle_at", control: byUser, inside: denied},
		{name: "open_by_handle_at", control: byRoot, inside: denied},
		{name: "open_tree", control: byUser, inside: denied},
		{name: "openat2", control: byUser, inside: unknown},
		{name: "perf_event_open", control: byRoot, inside: denied}, // Debian's kernels keep it from users
		{name: "personality", control: byUser, inside: denied},
		{name: "pidfd_open", control: byUser, inside: unknown},
		{name: "pivot_root", control: byRoot, inside: denied},
		{name: "prctl:PR_CAPBSET_READ", control: byUser, inside: denied},
		{name: "prctl:PR_GET_TIMING", control: byUser, inside: denied},
		{name: "process_madvise", control: byUser, inside: denied},
		{name: "process_vm_readv", control: byUser, inside: denied},
		{name: "ptrace", control: byUser, inside: denied},
		{name: "quotactl", control: byUser, inside: denied},
		{name: "reboot", control: byRoot, inside: denied},
		{name: "request_key", control: byUser, inside: denied},
		{name: "seccomp", control: byUser, inside: denied},
		{name: "semget", control: byUser, inside: denied},
		{name: "set_mempolicy", control: byUser, inside: denied},
		{name: "setgroups", control: byRoot, inside: denied},
		{name: "sethostname", control: byUser, inside: denied},
		{name: "setns", control: byUser, inside: denied},
		{name: "shmget", control: byUser, inside: denied},
		{name: "socket:AF_PACKET", control: byRoot, inside: "EAFNOSUPPORT"},
		{name: "socket:AF_VSOCK", control: byUser, inside: "EAFNOSUPPORT"},
		{name: "socket:NETLINK_NETFILTER", control: byUser, inside: "EPROTONOSUPPORT"},
		{name: "swapon", control: byRoot, inside: denied},
		{name: "sync", control: byUser, inside: denied},
		{name: "syslog", control: byRoot, inside: denied},
		{name: "timerfd_create", control: byUser, inside: denied},
		{name: "umount2", control: byUser, inside: denied},
		{name: "unshare", control: byUser, inside: denied},
		{name: "userfaultfd", control: byUser, inside: denied},
		{name: "vmsplice", control: byUser, inside: denied},
	}
	lacks := other{inside: "ENOSYS", because: "the filter lets it pass, the sentry does not have it, and coverage says so"}
	standard := []systemCall{
		{name: "getppid", control: byUser, inside: "ok"},
		{name: "landlock_create_ruleset", control: byUser, inside: "ok", gvisor: lacks},
		{name: "membarrier", control: byUser, inside: "ok"},
		{name: "pidfd_open", control: byUser, inside: "ok"},
		{name: "prctl:PR_CAPBSET_READ", control: byUser, inside: "ok"},
		{name: "seccomp", control: byUser, inside: "ok"},
		{name: "timerfd_create", control: byUser, inside: "ok"},

		{name: "memfd_create", control: byUser, inside: denied},
		{name: "pidfd_getfd", control: byUser, inside: denied}, // the descriptor that it takes is pidfd_open's
		{name: "prctl:PR_GET_TIMING", control: byUser, inside: denied},
		{name: "ptrace", control: byUser, inside: denied},
		{name: "socket:AF_PACKET", control: byRoot, inside: "EAFNOSUPPORT"},
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
		{name: "personality", control: byUser, inside: "ok"},
		{name: "getppid", control: byUser, inside: denied},
		{name: "ptrace", control: byUser, inside: denied},
		{name: "getpid", control: byUser, inside: "ok"},
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
		{name: "socket(arg0=AF_UNIX)", control: byUser, inside: "ok"},
		{name: "socket(arg0=AF_INET, arg1=SOCK_DGRAM)", control: byUser, inside: "ok"},
		{name: "socket(arg0=AF_INET, arg1=SOCK_DGRAM|SOCK_CLOEXEC)", control: byUser, inside: "ok"},
		{name: "socket(arg0=AF_INET, arg1=SOCK_STREAM)", control: byUser, inside: denied},
		{name: "socket(arg0=AF_INET6, arg1=SOCK_STREAM)", control: byUser, inside: denied},
		{name: "socket(arg0=AF_NETLINK, arg1=SOCK_DGRAM)", control: byUser, inside: denied},
		{name: "prctl(arg0=PR_GET_DUMPABLE)", control: byUser, inside: "ok"},
		{name: "prctl(arg0=PR_GET_NO_NEW_PRIVS)", control: byUser, inside: "ok"},
		{name: "prctl(arg0=PR_GET_KEEPCAPS)", control: byUser, inside: denied},
		{name: "madvise(arg2=2)", control: byUser, inside: "ok"},
		{name: "madvise(arg2=MADV_WILLNEED)", control: byUser, inside: "ok"},
		{name: "madvise(arg2=4)", control: byUser, inside: "ok"},
		{name: "madvise(arg2=1)", control: byUser, inside: denied},
		{name: "madvise(arg2=8)", control: byUser, inside: denied},
		{name: "fcntl(arg0=1, arg1=F_GETFD)", control: byUser, inside: "ok"},
		{name: "fcntl(arg0=1, arg1=F_GETFL)", control: byUser, inside: denied},
		{name: "getrandom(arg2=GRND_NONBLOCK)", control: byUser, inside: "ok"},
		{name: "getrandom(arg2=GRND_NONBLOCK|GRND_RANDOM)", control: byUser, inside: "ok"},
		{name: "getrandom(arg2=0)", control: byUser, inside: denied},
		{name: "personality(arg0=0xffffffff)", control: byUser, inside: "ok"},
		{name: "personality(arg0=0)", control: byUser, inside: denied},
		{name: "membarrier(arg0=0)", control: byUser, inside: "ok"},
		{name: "membarrier(arg0=16)", control: byUser, inside: denied},
		// What the kernel throws away neither denies nor allows.
		{name: "socket(arg0=0x100000001)", control: byUser, inside: "ok"},
		{name: "socket(arg0=0xffffffff00000001)", control: byUser, inside: "ok"},
		{name: "socket(arg0=0x10000000a)", control: byUser, inside: denied},
		{name: "socket(arg0=0x8000000000000010, arg1=SOCK_DGRAM)", control: byUser, inside: denied},
		{name: "prctl(arg0=0x100000003)", control: byUser, inside: "ok"},
		{name: "prctl(arg0=0x300000007)", control: byUser, inside: denied},
		{name: "madvise(arg2=0x200000008)", control: byUser, inside: denied},
		{name: "madvise(arg2=0x200000000)", control: byUser, inside: denied},
		{name: "madvise(arg2=0xf00000003)", control: byUser, inside: "ok"},
		{name: "fcntl(arg0=1, arg1=0x100000003)", control: byUser, inside: denied},
		{name: "getrandom(arg2=0x100000000)", control: byUser, inside: denied},
		{name: "personality(arg0=0xffffffff00000000)", control: byUser, inside: denied},
		{name: "membarrier(arg0=0x100000000)", control: byUser, inside: "ok"},
		{name: "membarrier(arg0=0x100000010)", control: byUser, inside: denied},
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
	file := accessPolicy(t, nil, nil, "proc = \"self\"", "[syscalls]\nbase = \"default\"\nallow = [\"personality\"]\non_deny = \"kill\"\n"+survivableRules+accepted(compiler.GVisor, policy.ClauseSyscallsOnDeny))
	var calls []systemCall
	for _, c := range argumentCalls("") {
		name, _, _ := strings.Cut(c.name, "(")
		if c.inside == "ok" && strings.Contains(survivableRules, strconv.Quote(name)) {
			calls = append(calls, c)
		}
	}
	calls = append(calls,
		systemCall{name: "clone3", control: byUser, inside: "ENOSYS"},
		systemCall{name: "openat2", control: byUser, inside: "ENOSYS"},
		systemCall{name: "socket:AF_VSOCK", control: byUser, inside: "EAFNOSUPPORT"},
	)
	return world{name: "rules that kill", policy: file, attempts: callAttempts(t, file, calls)}
}
