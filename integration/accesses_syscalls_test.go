//go:build linux

package integration

import (
	"runtime"
	"strings"
	"testing"
)

// systemCall is one call that is made. A name with a colon stands for arguments that
// the filter tells apart. inside is how exactly it ends: Decide only says whether it
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
	changed := accessPolicy(t, nil, nil, "proc = \"self\"", "[syscalls]\nbase = \"default\"\nallow = [\"personality\"]\ndeny = [\"getppid\", \"ptrace\"]\n")
	return []world{w, {name: "the list default", policy: wide, attempts: callAttempts(t, wide, standard)}, {name: "allow and deny", policy: changed, attempts: callAttempts(t, changed, []systemCall{
		{"personality", byUser, "ok"},
		{"getppid", byUser, denied},
		{"ptrace", byUser, denied},
		{"getpid", byUser, "ok"},
	})}}
}
