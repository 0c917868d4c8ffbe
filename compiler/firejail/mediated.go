package firejail

import (
	"slices"

	"confine/compiler"
	"confine/compiler/guard"
	"confine/policy"
	"confine/policy/syscalls"
)

// mediated reports whether the runner answers connect(2) in the program's place: who is not
// root can make no network namespace with a link, and firejail loses its set-uid bit in one
// of a user namespace.
func mediated(p *policy.Policy, caller compiler.Caller) bool {
	return p.Network.Mode == policy.NetworkEgress && caller == compiler.OrdinaryCaller
}

// guardRules are those of the guard. The sockets that the program is given are the host's,
// while its own network namespace has no link. It has no user namespace of its own.
func guardRules() []syscalls.Rule {
	return slices.Concat(guard.Network(policy.NetworkEgress), guard.Namespaces(), guard.Keyrings(), interfaceRules())
}

// interfaceRules: a socket of the host's tells of the host's interfaces and their addresses,
// see netdevice(7).
func interfaceRules() []syscalls.Rule {
	const requestType = 0xff00
	return []syscalls.Rule{{
		Name: "ioctl", Reason: "a socket of the host's tells of the host's interfaces",
		Cases: []syscalls.Case{
			{When: []syscalls.Test{guard.OneOf(1, syscalls.Constant{Name: "SIOCATMARK", Value: 0x8905})}, Then: syscalls.Allow},
			{
				When: []syscalls.Test{{
					Arg: 1, Width: syscalls.Low32, Op: syscalls.OneOf, Mask: requestType,
					Values: []syscalls.Constant{{Name: "SIOC", Value: 0x8900}},
				}},
				Then: syscalls.Fail(syscalls.EPERM),
			},
		},
		Otherwise: syscalls.Allow,
	}}
}
