package guard

import (
	"slices"

	"confine/policy"
	"confine/policy/syscalls"
)

// The constants of socket(2) and send(2).
var (
	unixFamily      = syscalls.Constant{Name: "AF_UNIX", Value: 1}
	internetFamily  = syscalls.Constant{Name: "AF_INET", Value: 2}
	internet6Family = syscalls.Constant{Name: "AF_INET6", Value: 10}
	streamType      = syscalls.Constant{Name: "SOCK_STREAM", Value: 1}
	packetType      = syscalls.Constant{Name: "SOCK_SEQPACKET", Value: 5}
	tcpProtocol     = syscalls.Constant{Name: "IPPROTO_TCP", Value: 6}
	fastOpenFlag    = syscalls.Constant{Name: "MSG_FASTOPEN", Value: 0x20000000}
)

// typeMask are the bits of a socket's type that are no flags, SOCK_TYPE_MASK of linux/net.h.
const typeMask = 0xf

// Network are the rules that part the program from the network, and in every mode from local sockets:
// Landlock has no right for connecting to a socket with a path before version 9.
func Network(mode policy.NetworkMode) []syscalls.Rule {
	rules := []syscalls.Rule{
		{
			Name: "socketpair", Reason: "a pair can be connected to nothing else, but for one of datagrams",
			Cases: []syscalls.Case{
				{When: []syscalls.Test{OneOf(0, unixFamily), typeOf(streamType, packetType)}, Then: syscalls.Allow},
				{When: []syscalls.Test{OneOf(0, unixFamily)}, Then: syscalls.Fail(syscalls.EOPNOTSUPP)},
			},
			Otherwise: syscalls.Fail(syscalls.EAFNOSUPPORT),
		},
		Deny("it makes sockets, and all other calls, without asking a filter", syscalls.ENOSYS, "io_uring_setup")[0],
	}
	switch mode {
	case policy.NetworkHost:
		return append(rules, syscalls.Rule{
			Name: "socket", Reason: "the host's network is open; local sockets lead to services of the machine",
			Cases:     []syscalls.Case{{When: []syscalls.Test{OneOf(0, unixFamily)}, Then: syscalls.Fail(syscalls.EAFNOSUPPORT)}},
			Otherwise: syscalls.Allow,
		})
	case policy.NetworkEgress:
		return append(rules, mediatedRules()...)
	}
	// A socket that the program was given stays without a use for the network.
	return slices.Concat(rules, Deny("there is no network", syscalls.EAFNOSUPPORT, "socket"),
		Deny("there is no network", syscalls.EPERM, "connect", "bind", "listen"), []syscalls.Rule{sendingTo()})
}

// mediatedRules leave TCP alone, and connect(2) as the only call that carries an address: it
// is the runner that answers it, with sockets that are made in the program's place.
func mediatedRules() []syscalls.Rule {
	internet := OneOf(0, internetFamily, internet6Family)
	return slices.Concat(
		[]syscalls.Rule{
			{
				Name: "socket", Reason: "TCP alone can be connected by the gateway, by who made the socket",
				Cases: []syscalls.Case{
					{When: []syscalls.Test{internet, typeOf(streamType), OneOf(2, Number(0), tcpProtocol)}, Then: syscalls.Notify},
					{When: []syscalls.Test{internet}, Then: syscalls.Fail(syscalls.EPROTONOSUPPORT)},
				},
				Otherwise: syscalls.Fail(syscalls.EAFNOSUPPORT),
			},
			{Name: "connect", Reason: "the gateway decides, and connects", Otherwise: syscalls.Notify},
			sendingTo(),
			sending("sendmsg", 2), sending("sendmmsg", 3),
			straightRule(),
		},
		Deny("the program is a client", syscalls.EPERM, "bind", "listen"),
	)
}

// bends are options by which a connection goes elsewhere than to its address, or is made
// later than by connect(2), by the level of setsockopt(2).
var bends = []struct {
	level   syscalls.Constant
	options []syscalls.Constant
}{
	{
		syscalls.Constant{Name: "SOL_SOCKET", Value: 1},
		[]syscalls.Constant{{Name: "SO_BINDTODEVICE", Value: 25}, {Name: "SO_MARK", Value: 36}, {Name: "SO_BINDTOIFINDEX", Value: 62}},
	},
	{syscalls.Constant{Name: "IPPROTO_IP", Value: 0}, []syscalls.Constant{{Name: "IP_OPTIONS", Value: 4}}},
	{
		syscalls.Constant{Name: "IPPROTO_IPV6", Value: 41},
		[]syscalls.Constant{{Name: "IPV6_2292RTHDR", Value: 5}, {Name: "IPV6_RTHDR", Value: 57}},
	},
	{
		tcpProtocol,
		[]syscalls.Constant{{Name: "TCP_REPAIR", Value: 19}, {Name: "TCP_FASTOPEN_CONNECT", Value: 30}, {Name: "TCP_ULP", Value: 31}},
	},
}

func straightRule() syscalls.Rule {
	rule := syscalls.Rule{
		Name: "setsockopt", Reason: "a connection goes to its address, and is made by connect", Otherwise: syscalls.Allow,
	}
	for _, b := range bends {
		rule.Cases = append(rule.Cases, syscalls.Case{
			When: []syscalls.Test{OneOf(1, b.level), OneOf(2, b.options...)}, Then: syscalls.Fail(syscalls.EOPNOTSUPP),
		})
	}
	return rule
}

func typeOf(types ...syscalls.Constant) syscalls.Test {
	return syscalls.Test{Arg: 1, Width: syscalls.Low32, Op: syscalls.OneOf, Mask: typeMask, Values: types}
}

func withoutFastOpen(arg int) syscalls.Test {
	return syscalls.Test{Arg: arg, Width: syscalls.Low32, Op: syscalls.OneOf, Mask: fastOpenFlag.Value, Values: []syscalls.Constant{Number(0)}}
}

func sendingTo() syscalls.Rule {
	return syscalls.Rule{
		Name: "sendto", Reason: "an address can be connected to by connect alone",
		Cases: []syscalls.Case{{
			When: []syscalls.Test{
				{Arg: 4, Width: syscalls.All64, Op: syscalls.OneOf, Values: []syscalls.Constant{Number(0)}},
				withoutFastOpen(3),
			},
			Then: syscalls.Allow,
		}},
		Otherwise: syscalls.Fail(syscalls.EOPNOTSUPP),
	}
}

func sending(call string, flags int) syscalls.Rule {
	return syscalls.Rule{
		Name: call, Reason: "an address can be connected to by connect alone",
		Cases:     []syscalls.Case{{When: []syscalls.Test{withoutFastOpen(flags)}, Then: syscalls.Allow}},
		Otherwise: syscalls.Fail(syscalls.EOPNOTSUPP),
	}
}
