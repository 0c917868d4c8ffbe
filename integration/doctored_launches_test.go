//go:build linux

package integration

import (
	"encoding/base64"
	"encoding/json"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/compiler/firejail"
	"confine/integration/doctoredfirejail/change"
	"confine/policy"
	"confine/runner/stage"
)

// notTheWrappers are clauses that no wrapper takes part in, each with the reason.
var notTheWrappers = map[string]string{
	"syscalls":         "names answers of Decide about the whole table; a policy states syscalls.base",
	"syscalls.allow":   "a part of the filter, which is one piece: see syscalls.base",
	"network.egress":   byGateway,
	"network.private":  byGateway,
	"network.fronting": byGateway,

	"network.max_bytes":       byGateway,
	"network.max_connections": byGateway,

	"process.memory":    "a cgroup of the runner's own: see TestMemory",
	"process.pids":      "a cgroup of the runner's own: see TestPids",
	"process.wall_time": "the runner's own timer and its own signals; see TestDoctoredFirejailGainsNoTime",
}

const byGateway = "the gateway is the runner's, and what leads to it is network.mode: see TestEgress"

// protocolLine is given up where the double adds a filter of its own: their number
// is checked before anything else is tried.
const protocolLine = "protocol unix,inet,inet6,netlink"

// answered makes system calls do nothing.
func answered(answers ...change.Answer) change.Change {
	return change.Change{Drop: []string{protocolLine}, Answers: answers}
}

func answer(call int, errno unix.Errno, arguments ...change.Argument) change.Answer {
	return change.Answer{Call: uint32(call), Errno: uint16(errno), Arguments: arguments}
}

func drop(lines ...string) change.Change  { return change.Change{Drop: lines} }
func first(lines ...string) change.Change { return change.Change{First: lines} }
func last(lines ...string) change.Change  { return change.Change{Last: lines} }

func mounted(mounts ...change.Mount) change.Change { return change.Change{Mount: mounts} }

func placed(fd int, path string) change.Change {
	return change.Change{Place: map[int]string{fd: path}}
}

func ordered(way, value string) change.Change {
	return change.Change{Order: map[string]json.RawMessage{way: json.RawMessage(value)}}
}

// toHost and toBelow are edits of the policy.
var toHost = []string{`mode = "none"`, `mode = "host"`}

var toEgress = []string{
	`mode = "none"`, "mode = \"egress\"\negress = [\"api.example.com:443\", \"203.0.113.9:443\"]",
	`read = ["DIR/read",`, `read = ["/etc/resolv.conf", "DIR/read",`,
}

var toBelow = []string{`directory = "DIR/write"`, `directory = "DIR/write/sub"`}

// denying and ruled are edits of the policy that state more of [syscalls].
var denying = []string{`base = "default"`, "base = \"default\"\ndeny = [\"getppid\"]\non_deny = \"kill\""}

func ruled(condition string) []string {
	return []string{"[environment]", "[[syscalls.rule]]\nsyscall = \"socket\"\nwhen = [\"" + condition + "\"]\n\n[environment]"}
}

// filterUnder is the filter of the default list with one rule, as the order has it.
func filterUnder(condition string) string {
	p, err := policy.Parse("other.toml", []byte("schema = 1\nname = \"other\"\n[syscalls]\nbase = \"default\"\n"+strings.TrimSuffix(ruled(condition)[1], "[environment]")))
	if err != nil {
		panic(err)
	}
	machine := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
	bundle, err := firejail.Compile(p, compiler.Target{Backend: compiler.Firejail, Version: firejail.Known[0], Arch: machine})
	if err != nil {
		panic(err)
	}
	return strconv.Quote(base64.StdEncoding.EncodeToString(bundle.Expectation.Filter))
}

const landlockRestrictSelf = unix.SYS_LANDLOCK_RESTRICT_SELF

func doctoredLaunches() []doctored {
	return slices.Concat(
		doctoredNetwork(), doctoredFilesystem(), doctoredPaths(), doctoredRlimits(), doctoredProcess(), doctoredSandbox(),
	)
}

func doctoredNetwork() []doctored {
	return []doctored{
		{clause: "network.mode", broken: "the host's network", change: drop("net none")},
		{clause: "network.mode", broken: "an interface besides lo", change: change.Change{Drop: []string{"net none"}, Interface: true}},
		{clause: "network.mode", broken: "no network instead of the host's", policy: toHost, change: last("net none")},
		{
			clause: "network.mode", broken: "a host that cannot be reached", policy: toHost,
			change: answered(answer(unix.SYS_CONNECT, unix.ENETUNREACH)),
		},
		{clause: "network.mode", broken: "another mode in the order", change: ordered("expectation.network", `"host"`)},
		{
			clause: "network.mode", broken: "the host's network instead of the gateway's", caller: "root", policy: toEgress,
			change: change.Change{HostNetwork: true},
		},
		{clause: "network.mode", broken: "no link to the gateway", caller: "root", policy: toEgress, change: last("net none")},
		{clause: "network.mode", broken: "an interface besides the link", caller: "root", policy: toEgress, change: change.Change{Link: true}},
		{clause: "network.mode", broken: "a default route", caller: "root", policy: toEgress, change: change.Change{Route: true}},
		{
			clause: "network.mode", broken: "another name server", caller: "root", policy: toEgress,
			change: mounted(change.Mount{From: "DIR/other/file", At: "/etc/resolv.conf"}),
		},
		{
			clause: "network.mode", broken: "no gateway in the order", caller: "root", policy: toEgress,
			change: ordered("expectation.gateway", `null`),
		},
		{clause: "network.mode", broken: "the host's network beside the runner's answers", caller: "user", policy: toEgress, change: drop("net none")},
		{
			clause: "network.mode", broken: "no guard in the order", caller: "user", policy: toEgress,
			change: ordered("expectation.guard", `null`),
		},
		{
			clause: "network.mode", broken: "a guard without a listener in the order", caller: "user", policy: toEgress,
			change: ordered("expectation.guard.mediated", `false`),
		},
		{
			clause: "network.mode", broken: "nobody has the program's calls to connect", caller: "user", policy: toEgress,
			change: answered(answer(unix.SYS_CONNECT, unix.EACCES)),
		},
	}
}

func doctoredFilesystem() []doctored {
	withoutEffect := answered(answer(landlockRestrictSelf, 0))
	return []doctored{
		{clause: "filesystem", broken: "nothing is closed", change: drop("blacklist /*")},
		{clause: "filesystem", broken: "one directory is not closed", change: first("noblacklist /var")},
		{clause: "filesystem", broken: "a name that no entry covers", change: last("whitelist DIR/unnamed")},
		{clause: "filesystem", broken: "no Landlock", change: answered(answer(unix.SYS_LANDLOCK_CREATE_RULESET, unix.ENOSYS))},
		{clause: "filesystem", broken: "Landlock takes no rules", change: answered(answer(unix.SYS_LANDLOCK_ADD_RULE, unix.EINVAL))},
		{clause: "filesystem", broken: "Landlock is denied", change: answered(answer(landlockRestrictSelf, unix.EPERM))},
		{clause: "filesystem", broken: "Landlock has no effect", change: withoutEffect},
		{clause: "filesystem", broken: "other Landlock rules in the order", change: ordered("expectation.landlock", `[{"path": "/", "access": "write"}]`)},

		{clause: "filesystem.links", broken: "leads elsewhere", change: mounted(change.Mount{From: "DIR/relinked", At: "DIR/links"})},
		{clause: "filesystem.links", broken: "left out of the order", change: ordered("expectation.aliases", `[]`)},
		{clause: "filesystem.links", broken: "missing", change: drop("whitelist DIR/links/current")},

		{clause: "filesystem.proc", broken: "another mode in the order", change: ordered("expectation.proc", `"none"`)},
		{clause: "filesystem.proc", broken: "the host's names stay open", change: drop("blacklist /proc/[a-z]*")},
		{
			// The flags of firejail's own mount of /proc, see fs_basic_fs in fs.c.
			clause: "filesystem.proc", broken: "the host's processes", change: answered(answer(unix.SYS_MOUNT, 0, change.Argument{
				Number: 3, Value: unix.MS_NOSUID | unix.MS_NOEXEC | unix.MS_NODEV | unix.MS_REC,
			})),
		},
		{clause: "filesystem.proc", broken: "none, and still open", policy: []string{`proc = "self"`, `proc = "none"`}, change: withoutEffect},

		{clause: "filesystem.dev", broken: "another mode in the order", change: ordered("expectation.dev", `"none"`)},
		{clause: "filesystem.dev", broken: "shared memory is executable", change: drop("noexec /dev/shm")},
		{clause: "filesystem.dev", broken: "the host's shared memory", caller: "user", change: drop("private-dev")},
		{
			clause: "filesystem.dev", broken: "the host's shared memory", caller: "root",
			change: change.Change{Drop: []string{"private-dev"}, Unmount: []string{"/dev/shm"}},
		},
		{clause: "filesystem.dev", broken: "a device is closed", change: last("blacklist /dev/null")},
		{
			clause: "filesystem.dev", broken: "a device is another", caller: "root",
			change: change.Change{Drop: []string{"private-dev"}, Mount: []change.Mount{{From: "/dev/zero", At: "/dev/random"}}},
		},
		{clause: "filesystem.dev", broken: "none, and still open", policy: []string{`dev = "minimal"`, `dev = "none"`}, change: withoutEffect},
	}
}

func doctoredPaths() []doctored {
	var rows []doctored
	for _, mode := range []string{"read", "exec", "map", "write", "tmp", "hide", "absent"} {
		rows = append(rows, doctored{
			clause: "filesystem." + mode, broken: "left out of the order", change: ordered("expectation.paths", `[]`),
		})
	}
	for _, mode := range []string{"read", "exec", "map", "write"} {
		rows = append(rows,
			doctored{clause: "filesystem." + mode, broken: "missing", change: drop("whitelist DIR/" + mode)},
			doctored{clause: "filesystem." + mode, broken: "closed", change: last("blacklist DIR/" + mode)},
			doctored{clause: "filesystem." + mode, broken: "another directory", change: mounted(change.Mount{From: "DIR/other", At: "DIR/" + mode})},
			doctored{
				clause: "filesystem." + mode, broken: "another file below",
				change: mounted(change.Mount{From: "DIR/other/file", At: "DIR/" + mode + "/file"}),
			},
		)
	}
	return append(rows, []doctored{
		{clause: "filesystem.read", broken: "writable", change: drop("read-only DIR/read")},
		{clause: "filesystem.read", broken: "executable", change: drop("noexec DIR/read")},
		{clause: "filesystem.read", broken: "writable below", change: last("read-write DIR/read/inner")},

		{clause: "filesystem.exec", broken: "writable", change: drop("read-only DIR/exec")},
		{clause: "filesystem.exec", broken: "not executable", change: last("noexec DIR/exec")},

		{clause: "filesystem.map", broken: "writable", change: drop("read-only DIR/map")},
		{clause: "filesystem.map", broken: "not mappable", change: last("noexec DIR/map")},
		{clause: "filesystem.map", broken: "executable", change: answered(answer(landlockRestrictSelf, 0))},

		{clause: "filesystem.write", broken: "executable", change: drop("noexec DIR/write")},
		{clause: "filesystem.write", broken: "not writable", change: last("read-only DIR/write")},

		{clause: "filesystem.tmp", broken: "executable", caller: "user", change: drop("noexec /tmp")},
		{clause: "filesystem.tmp", broken: "not writable", change: last("read-only /tmp")},
		{clause: "filesystem.tmp", broken: "the host's", caller: "user", change: drop("whitelist /tmp/.confine-none")},
		{
			clause: "filesystem.tmp", broken: "the host's", caller: "root",
			change: change.Change{Drop: []string{"whitelist /tmp/.confine-none"}, Unmount: []string{"/tmp"}},
		},
		{clause: "filesystem.tmp", broken: "not empty", change: change.Change{
			Last: []string{"whitelist /tmp/file"}, Mount: []change.Mount{{From: "DIR/v2", At: "/tmp"}},
		}},
		{
			clause: "filesystem.tmp", broken: "of another size", caller: "root",
			policy: []string{`tmp = ["/tmp"]`, `tmp = ["/tmp", { path = "DIR/sized", size = "1MiB" }]`},
			change: mounted(change.Mount{At: "DIR/sized", Size: 2 << 20}),
		},

		{
			clause: "filesystem.read", broken: "there, and missing outside",
			policy: []string{`read = [`, `read = ["DIR/optional/file?", `}, change: mounted(change.Mount{From: "DIR/other", At: "DIR/optional"}),
		},
		{
			// It cannot be listed, and what is in it can be opened.
			clause: "filesystem.hide", broken: "open to pass through",
			policy: []string{`hide = [`, `hide = ["DIR/read/passage", `}, change: drop("blacklist DIR/read/passage"),
		},
		{clause: "filesystem.hide", broken: "open", change: drop("blacklist DIR/read/secret")},
		{clause: "filesystem.absent", broken: "there", change: last("whitelist DIR/gone")},
	}...)
}

// doctoredRlimits break the hard limits, which are the wrapper's side of it: the
// stage itself sets the limits last of all, and only downwards.
func doctoredRlimits() []doctored {
	// firejail sets core and cpu for helpers of its own.
	set := func(resource int) []change.Argument {
		return []change.Argument{{Number: 1, Value: uint32(resource)}, {Number: 2, Not: true}}
	}
	rows := []doctored{
		{clause: "rlimits.locks", broken: "cannot be set", change: answered(answer(unix.SYS_PRLIMIT64, unix.EPERM, set(unix.RLIMIT_LOCKS)...))},
		{clause: "rlimits.locks", broken: "set without effect", change: answered(answer(unix.SYS_PRLIMIT64, 0, set(unix.RLIMIT_LOCKS)...))},
		{
			clause: "rlimits", broken: "not the caller's",
			policy: []string{"nofile = 256\n", ""}, change: last("rlimit-nofile 1000"),
		},
		{clause: "rlimits.nofile", broken: "lowered by firejail", change: last("rlimit-nofile 100")},
		{clause: "rlimits.core", broken: "left out of the order", change: ordered("expectation.rlimits", `[]`)},
	}
	for _, l := range []struct {
		name     string
		resource int
		value    uint64
	}{
		{"as", unix.RLIMIT_AS, 1 << 38},
		{"core", unix.RLIMIT_CORE, 1000},
		{"cpu", unix.RLIMIT_CPU, 1000},
		{"data", unix.RLIMIT_DATA, 1 << 38},
		{"fsize", unix.RLIMIT_FSIZE, 1 << 38},
		{"locks", unix.RLIMIT_LOCKS, 1000},
		{"memlock", unix.RLIMIT_MEMLOCK, 1024},
		{"msgqueue", unix.RLIMIT_MSGQUEUE, 1024},
		{"nice", unix.RLIMIT_NICE, 0},
		{"nofile", unix.RLIMIT_NOFILE, 200},
		{"nproc", unix.RLIMIT_NPROC, 5000},
		{"rss", unix.RLIMIT_RSS, 1 << 38},
		{"rtprio", unix.RLIMIT_RTPRIO, 0},
		{"rttime", unix.RLIMIT_RTTIME, 5_000_000},
		{"sigpending", unix.RLIMIT_SIGPENDING, 50},
		{"stack", unix.RLIMIT_STACK, 4 << 20},
	} {
		d := doctored{
			clause: "rlimits." + l.name, broken: "lower before the start",
			change: change.Change{Limits: []change.Limit{{Resource: l.resource, Value: l.value}}},
		}
		if l.value == 0 {
			// Most hosts leave nobody more than 0 of these.
			d.policy = []string{"\n" + l.name + " = 0\n", "\n" + l.name + " = 1\n"}
		}
		rows = append(rows, d)
	}
	return rows
}

func doctoredProcess() []doctored {
	const allowAll = `"BgAAAAAA/38="` // one instruction: return SECCOMP_RET_ALLOW
	asConnector := func(groups ...int) *change.User {
		return &change.User{UID: int(account.uid), GID: int(account.gid), Groups: groups}
	}
	return []doctored{
		{clause: "capabilities.keep", broken: "the bounding set is full", change: drop("caps.drop all")},
		{clause: "capabilities.keep", broken: "one capability", change: change.Change{
			Drop: []string{"caps.drop all"}, Last: []string{"caps.keep net_raw"},
		}},
		{clause: "capabilities.keep", broken: "started as root", change: change.Change{
			Drop: []string{"caps.drop all", "noroot"}, As: &change.User{},
		}},

		{clause: "syscalls.base", broken: "the filter cannot be loaded", change: answered(answer(unix.SYS_SECCOMP, unix.EPERM))},
		{clause: "syscalls.base", broken: "the filter has no effect", change: answered(answer(unix.SYS_SECCOMP, 0))},
		{clause: "syscalls.base", broken: "no filter in the order", change: ordered("expectation.filter", `""`)},
		{clause: "syscalls.base", broken: "another filter in the order", change: ordered("expectation.filter", allowAll)},

		{
			clause: "syscalls.base", broken: "a filter with another argument in one rule in the order", policy: ruled(`arg0 == AF_UNIX`),
			change: ordered("expectation.filter", filterUnder(`arg0 == AF_INET6`)),
		},
		{clause: "syscalls.deny", broken: "left out of what is tried", policy: denying, change: ordered("expectation.filter_canaries", `[]`)},
		{clause: "syscalls.on_deny", broken: "left out of what is tried", policy: denying, change: ordered("expectation.filter_canaries", `[]`)},
		{
			clause: "syscalls.rule", broken: "left out of what is tried", policy: ruled(`arg0 == AF_UNIX`),
			change: ordered("expectation.filter_canaries", `[]`),
		},
		{clause: "syscalls.deny", broken: "the filter has no effect", policy: denying, change: answered(answer(unix.SYS_SECCOMP, 0))},
		{clause: "syscalls.on_deny", broken: "the filter has no effect", policy: denying, change: answered(answer(unix.SYS_SECCOMP, 0))},
		{
			clause: "syscalls.rule", broken: "the filter has no effect", policy: ruled(`arg0 == AF_UNIX`),
			change: answered(answer(unix.SYS_SECCOMP, 0)),
		},

		// The program's environment is the stage's to give: firejail's own, and what
		// it adds, never reaches it. See TestDoctoredFirejailLeaksNothing.
		{clause: "environment", broken: "another variable in the order", change: ordered("environment", `["DOCTORED_A=1", "FIXED=1", "LD_PRELOAD=/x"]`)},
		{clause: "environment.pass", named: "environment", broken: "missing in the order", change: ordered("environment", `["FIXED=1"]`)},
		{clause: "environment.set", named: "environment", broken: "another value in the order", change: ordered("environment", `["DOCTORED_A=1", "FIXED=2"]`)},

		{clause: "process.user", broken: "another user", change: change.Change{As: &change.User{UID: 1, GID: int(account.gid)}}},
		{clause: "process.user", broken: "another group", change: change.Change{
			As: &change.User{UID: int(account.uid), GID: 1},
		}},
		{clause: "process.user", broken: "a supplementary group", change: change.Change{
			Drop: []string{"noroot", "nogroups", "notv", "novideo"}, As: asConnector(5, 44),
		}},
		{clause: "process.user", broken: "root", change: change.Change{As: &change.User{}}},
		{clause: "process.user", broken: "another user in the order", change: ordered("uid", `1`)},

		{clause: "process.directory", broken: "closed", policy: toBelow, change: last("blacklist DIR/write/sub")},
		{clause: "process.directory", broken: "missing", policy: toBelow, change: mounted(change.Mount{From: "DIR/other", At: "DIR/write"})},
		{
			clause: "process.directory", broken: "another", policy: toBelow,
			change: mounted(change.Mount{From: "DIR/other", At: "DIR/write/sub"}),
		},
		{clause: "process.directory", broken: "entered without effect", change: answered(answer(unix.SYS_CHDIR, 0))},
		{clause: "process.directory", broken: "another in the order", change: ordered("directory", `"/usr/bin"`)},
	}
}

// doctoredSandbox are what every policy needs and none states.
func doctoredSandbox() []doctored {
	return []doctored{
		{clause: "sandbox", broken: "the host's users", change: drop("noroot")},
		{clause: "sandbox", broken: "users that the runner cannot look at", caller: "user", policy: toEgress, change: last("noroot")},
		{clause: "sandbox", broken: "the host's shared memory and semaphores", change: drop("ipc-namespace")},
		{clause: "sandbox", broken: "no filter of calls", change: drop("seccomp io_uring_setup,io_uring_enter,io_uring_register", "seccomp.block-secondary")},
		{clause: "sandbox", broken: "no filter of namespaces", change: drop("restrict-namespaces")},
		{clause: "sandbox", broken: "no filter of protocols", change: drop(protocolLine)},
		{clause: "sandbox", broken: "one filter more", change: change.Change{Answers: []change.Answer{answer(unix.SYS_SWAPON, unix.EPERM)}}},
		{clause: "sandbox", broken: "no filter can be installed", change: change.Change{
			Answers: []change.Answer{answer(unix.SYS_PRCTL, unix.EPERM, change.Argument{Number: 0, Value: unix.PR_SET_SECCOMP})},
		}},
		{clause: "sandbox", broken: "no_new_privs without effect", change: change.Change{
			Answers: []change.Answer{answer(unix.SYS_PRCTL, 0, change.Argument{Number: 0, Value: unix.PR_SET_NO_NEW_PRIVS})},
		}},
		{clause: "sandbox", broken: "no order", change: placed(stage.OrderFD, "/dev/null")},
		{clause: "sandbox", broken: "no controls", change: placed(stage.ControlsFD, "/dev/null")},
		{clause: "sandbox", broken: "another stdin", change: placed(0, "/etc/shadow")},
		{clause: "sandbox", broken: "another stdout", change: placed(stage.StdoutFD, "/dev/null")},
		{clause: "sandbox", broken: "another stderr", change: placed(stage.StderrFD, "/dev/null")},
		{clause: "sandbox", broken: "another process in between", change: change.Change{Child: true}},
		{clause: "sandbox", broken: "other arguments in the order", change: ordered("arguments", `["/usr/bin/id"]`)},
		{clause: "sandbox", broken: "fewer filters in the order", change: ordered("seccomp_filters", `4`)},
		{clause: "sandbox", broken: "other namespaces in the order", change: ordered("namespaces", `{}`)},
		{clause: "sandbox", broken: "other controls", change: change.Change{
			Controls: map[string]json.RawMessage{"paths": json.RawMessage(`{}`)},
		}},
		{clause: "sandbox", broken: "descriptors cannot be closed", change: answered(answer(unix.SYS_CLOSE_RANGE, unix.ENOSYS))},
		{clause: "sandbox", broken: "descriptors closed without effect", change: answered(answer(unix.SYS_CLOSE_RANGE, 0))},
	}
}
