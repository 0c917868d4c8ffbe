package native_test

import (
	"slices"
	"testing"

	"confine/compiler/native"
	"confine/compiler/seccomp"
	"confine/policy/syscalls"

	"pgregory.net/rapid"
)

// sockets are the kinds of socket(2) that are more than TCP, and TCP.
type socketCall struct{ family, kind, protocol uint64 }

// anySocket draws the arguments of socket(2): those that mean something, and any.
func anySocket(t *rapid.T) socketCall {
	return socketCall{
		rapid.OneOf(rapid.Uint64Range(0, 46), rapid.Uint64()).Draw(t, "family"),
		rapid.OneOf(rapid.Uint64Range(0, 15), rapid.Map(rapid.Uint64Range(0, 15), func(n uint64) uint64 { return n | 0o2004000 }), rapid.Uint64()).Draw(t, "type"),
		rapid.OneOf(rapid.SampledFrom([]uint64{0, 1, 6, 17, 58, 132, 136, 262}), rapid.Uint64()).Draw(t, "protocol"),
	}
}

// program is the guard of a network mode as the kernel runs it.
func program(t failer, mode, arch string) (seccomp.Program, syscalls.Arch) {
	t.Helper()
	b, err := native.Compile(parse(t, "[network]\nmode = \""+mode+"\"\n[syscalls]\nbase = \"unrestricted\"\n"), target(arch))
	if err != nil {
		t.Fatalf("%v", err)
	}
	var p seccomp.Program
	if err := p.UnmarshalBinary(b.Expectation.Guard.Program); err != nil {
		t.Fatalf("%v", err)
	}
	a, err := syscalls.ParseArch(arch)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return p, a
}

// answer is what a program says to a call by its name.
func answer(t failer, p seccomp.Program, arch syscalls.Arch, call string, arguments ...uint64) syscalls.Action {
	t.Helper()
	number, err := arch.Number(call)
	if err != nil {
		t.Fatalf("%v", err)
	}
	data := syscalls.Data{Number: number, Arch: arch}
	copy(data.Args[:], arguments)
	action, _, err := seccomp.Run(p, data)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return action
}

var machines = []string{"x86_64", "aarch64"}

// TestGuardOfSockets: without a network there is no socket, with a gateway the runner is
// asked for those of TCP/IP and for every connect, and in every mode none is local.
func TestGuardOfSockets(t *testing.T) {
	for _, machine := range machines {
		none, arch := program(t, "none", machine)
		host, _ := program(t, "host", machine)
		egress, _ := program(t, "egress", machine)
		rapid.Check(t, func(t *rapid.T) {
			s := anySocket(t)
			if got := answer(t, none, arch, "socket", s.family, s.kind, s.protocol); got != syscalls.Fail(syscalls.EAFNOSUPPORT) {
				t.Fatalf("none: %+v: %s", s, got)
			}
			local := uint32(s.family) == 1
			if got := answer(t, host, arch, "socket", s.family, s.kind, s.protocol); (got == syscalls.Allow) == local {
				t.Fatalf("host: %+v: %s", s, got)
			}
			tcp := (uint32(s.family) == 2 || uint32(s.family) == 10) && s.kind&0xf == 1 && (uint32(s.protocol) == 0 || uint32(s.protocol) == 6)
			got := answer(t, egress, arch, "socket", s.family, s.kind, s.protocol)
			if got == syscalls.Allow || (got == syscalls.Notify) != tcp {
				t.Fatalf("egress: %+v: %s", s, got)
			}
			arguments := rapid.SliceOfN(rapid.Uint64(), 6, 6).Draw(t, "arguments")
			if got := answer(t, egress, arch, "connect", arguments...); got != syscalls.Notify {
				t.Fatalf("egress: connect: %s", got)
			}
			for _, call := range []string{"bind", "listen", "setns", "unshare"} {
				if got := answer(t, egress, arch, call, arguments...); got == syscalls.Allow || got == syscalls.Notify {
					t.Fatalf("egress: %s: %s", call, got)
				}
			}
			const fastOpen = 0x20000000
			for call, flags := range map[string]int{"sendto": 3, "sendmsg": 2, "sendmmsg": 3} {
				got := answer(t, egress, arch, call, arguments...)
				denied := arguments[flags]&fastOpen != 0 || call == "sendto" && arguments[4] != 0
				if (got == syscalls.Allow) == denied {
					t.Fatalf("egress: %s%x: %s", call, arguments, got)
				}
			}
			for _, p := range []seccomp.Program{none, host, egress} {
				pair := uint32(s.family) == 1 && (s.kind&0xf == 1 || s.kind&0xf == 5)
				if got := answer(t, p, arch, "socketpair", s.family, s.kind, s.protocol); (got == syscalls.Allow) != pair {
					t.Fatalf("socketpair %+v: %s", s, got)
				}
			}
		})
	}
}

// TestOtherCallsCostNoMore: with a gateway no call is answered otherwise, nor later, than with the
// host's network, but for those of sockets.
func TestOtherCallsCostNoMore(t *testing.T) {
	sockets := []string{"socket", "connect", "bind", "listen", "sendto", "sendmsg", "sendmmsg", "setsockopt"}
	for _, machine := range machines {
		host, arch := program(t, "host", machine)
		egress, _ := program(t, "egress", machine)
		rapid.Check(t, func(t *rapid.T) {
			arguments := rapid.SliceOfN(rapid.Uint64(), 6, 6).Draw(t, "arguments")
			for call, number := range arch.Calls() {
				data := syscalls.Data{Number: number, Arch: arch}
				copy(data.Args[:], arguments)
				plain, without, plainErr := seccomp.Run(host, data)
				notifying, steps, err := seccomp.Run(egress, data)
				if plainErr != nil || err != nil {
					t.Fatalf("%s: %v, %v", call, plainErr, err)
				}
				if slices.Contains(sockets, call) {
					continue
				}
				if notifying != plain {
					t.Fatalf("%s%x: %s with a gateway, %s without", call, arguments, notifying, plain)
				}
				// One more level of the tree of numbers, at most.
				if steps > without+1 {
					t.Fatalf("%s%x: %d steps with a gateway, %d without", call, arguments, steps, without)
				}
			}
		})
	}
}

// TestGuardOfOthers: what reaches other processes of the user, what Landlock does not see,
// and the ways around a filter are denied whatever the arguments are.
func TestGuardOfOthers(t *testing.T) {
	always := []string{
		"fchmod", "fchmodat", "fchmodat2", "fchown", "fchownat", "utimensat", "setxattr", "lsetxattr", "fsetxattr", "removexattr", "setxattrat",
		"shmget", "shmat", "shmctl", "msgget", "msgsnd", "msgrcv", "semget", "semop", "mq_open", "mq_unlink", "keyctl", "add_key", "request_key",
		"memfd_create", "io_uring_setup",
		"mount", "umount2", "pivot_root", "move_mount", "mount_setattr", "open_tree", "fsopen", "fsconfig", "fsmount", "fspick",
		"unshare", "setns", "clone3", "inotify_init1", "inotify_add_watch", "fanotify_init", "fanotify_mark",
	}
	own := []string{"prlimit64", "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler"}
	for _, machine := range machines {
		for _, mode := range []string{"none", "host", "egress"} {
			p, arch := program(t, mode, machine)
			rapid.Check(t, func(t *rapid.T) {
				arguments := rapid.SliceOfN(rapid.OneOf(rapid.Uint64Range(0, 3), rapid.Uint64()), 6, 6).Draw(t, "arguments")
				for _, call := range always {
					if got := answer(t, p, arch, call, arguments...); got == syscalls.Allow || got == syscalls.Notify {
						t.Fatalf("%s: %s", call, got)
					}
				}
				for _, call := range own {
					if got := answer(t, p, arch, call, arguments...); (got == syscalls.Allow) != (uint32(arguments[0]) == 0) {
						t.Fatalf("%s%x: %s", call, arguments, got)
					}
				}
				const newUser = 0x10000000
				if got := answer(t, p, arch, "clone", arguments[0]|newUser); got == syscalls.Allow {
					t.Fatalf("clone%x: %s", arguments, got)
				}
				if got, kind := answer(t, p, arch, "ioctl", arguments...), uint8(arguments[1]>>8); kind != 'T' && kind != 0x89 && got == syscalls.Allow {
					t.Fatalf("ioctl%x: %s", arguments, got)
				}
				self := uint32(arguments[1]) == 0
				if got := answer(t, p, arch, "setpriority", arguments...); (got == syscalls.Allow) != (self && uint32(arguments[0]) == 0) {
					t.Fatalf("setpriority%x: %s", arguments, got)
				}
				if got := answer(t, p, arch, "ioprio_set", arguments...); (got == syscalls.Allow) != (self && uint32(arguments[0]) == 1) {
					t.Fatalf("ioprio_set%x: %s", arguments, got)
				}
				number := rapid.Uint32().Draw(t, "number")
				for _, other := range []syscalls.Arch{syscalls.X86_64, syscalls.AArch64} {
					data := syscalls.Data{Number: number, Arch: other}
					got, _, err := seccomp.Run(p, data)
					if err != nil {
						t.Fatalf("%v", err)
					}
					if _, named := arch.Name(number); (other != arch || !named) && got == syscalls.Allow {
						t.Fatalf("number %d of %s: %s", number, other, got)
					}
				}
			})
		}
	}
}
