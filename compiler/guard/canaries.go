package guard

import (
	"confine/compiler"
	"confine/compiler/filter"
	"confine/policy"
	"confine/policy/syscalls"
)

const (
	// noDescriptor is not open, and noProcess above PID_MAX_LIMIT of proc(5).
	noDescriptor = ^uint64(0)
	noProcess    = 0x3fffffff
	// noOption is none of keyctl(2).
	noOption = 0x7fff
)

// clauseSandbox is the clause of what no entry of a policy asks for.
const clauseSandbox = "sandbox"

// A trial is a call that a guard may deny, with arguments that harm nobody where it
// does not.
type trial struct {
	clause, call string
	arguments    [6]uint64
}

var trials = []trial{
	{policy.ClauseFilesystem, "chmod", [6]uint64{}},
	{policy.ClauseFilesystem, "fchmodat", [6]uint64{noDescriptor}},
	{policy.ClauseFilesystem, "utimensat", [6]uint64{noDescriptor}},
	{policy.ClauseFilesystem, "setxattr", [6]uint64{}},
	{policy.ClauseFilesystem, "ioctl", [6]uint64{noDescriptor, 0x40086602}},
	{policy.ClauseFilesystem, "fsopen", [6]uint64{}},
	{policy.ClauseFilesystem, "umount2", [6]uint64{}},
	{policy.ClauseFilesystem, "inotify_add_watch", [6]uint64{noDescriptor}},
	{clauseSandbox, "setns", [6]uint64{noDescriptor}},
	{clauseSandbox, "clone3", [6]uint64{}},
	{policy.ClauseFilesystem, "memfd_create", [6]uint64{}},
	{clauseSandbox, "shmget", [6]uint64{1}},
	{clauseSandbox, "mq_unlink", [6]uint64{}},
	{clauseSandbox, "keyctl", [6]uint64{noOption}},
	{clauseSandbox, "prlimit64", [6]uint64{noProcess}},
	{clauseSandbox, "io_uring_setup", [6]uint64{}},
	{policy.ClauseNetworkMode, "socket", [6]uint64{unixFamily.Value, streamType.Value}},
	{policy.ClauseNetworkMode, "socket", [6]uint64{internetFamily.Value, streamType.Value}},
	{policy.ClauseNetworkMode, "socket", [6]uint64{internetFamily.Value, 2}},
	{policy.ClauseNetworkMode, "socket", [6]uint64{internet6Family.Value, 2}},
	{policy.ClauseNetworkMode, "socket", [6]uint64{16, 3}},
	{policy.ClauseNetworkMode, "socketpair", [6]uint64{unixFamily.Value, 2}},
	{policy.ClauseNetworkMode, "bind", [6]uint64{noDescriptor}},
	{policy.ClauseNetworkMode, "listen", [6]uint64{noDescriptor}},
	{policy.ClauseNetworkMode, "sendto", [6]uint64{noDescriptor, 0, 0, 0, 1}},
	{policy.ClauseNetworkMode, "sendmsg", [6]uint64{noDescriptor, 0, fastOpenFlag.Value}},
	{policy.ClauseNetworkMode, "setsockopt", [6]uint64{noDescriptor, tcpProtocol.Value, 30}},
	{policy.ClauseNetworkMode, "setsockopt", [6]uint64{noDescriptor, 0, 4}},
	{policy.ClauseNetworkMode, "ioctl", [6]uint64{noDescriptor, 0x8912}}, // SIOCGIFCONF
}

// canaries are what the stage tries of a guard: the calls that it denies.
func canaries(guard syscalls.Filter, mode policy.Position) []compiler.FilterCanary {
	var out []compiler.FilterCanary
	for _, t := range trials {
		call, ok := filter.Canary(guard, t.call, t.arguments)
		if !ok || call.Answer == syscalls.Allow || call.Answer == syscalls.Notify {
			continue
		}
		c := compiler.FilterCanary{Clause: t.clause, Subject: call.Text, Calls: []compiler.CanaryCall{call}}
		if t.clause == policy.ClauseNetworkMode {
			c.At = mode
		}
		out = append(out, c)
	}
	if guard.Arch == syscalls.X86_64 {
		out = append(out, filter.Foreign(clauseSandbox, policy.Position{}, guard)...)
	}
	return out
}
