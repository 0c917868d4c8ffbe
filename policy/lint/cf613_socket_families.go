package lint

import (
	"fmt"
	"slices"
	"strings"

	"confine/policy/syscalls"
)

var socketFamilies = Rule{
	Code:     "CF613",
	Severity: Warning,
	Title:    "sockets of families that no connector needs",
	Why: `Each family is code of the kernel, and most are seldom looked at. The call alone loads the family's module, on most machines for
anybody. AF_VSOCK reaches the host of a virtual machine past every rule about addresses, AF_PACKET the wire, AF_ALG the kernel's
ciphers; AF_RDS, AF_TIPC, AF_CAN, AF_PACKET and AF_VSOCK each were a way to root (CVE-2010-3904, CVE-2021-43267, CVE-2010-2959,
CVE-2017-7308, CVE-2021-26708). The base lists allow AF_UNIX, AF_INET, AF_INET6, and routing questions by AF_NETLINK.`,
	Instead: "Take `socket` out of `allow`: the base lists have it. Where one more family is needed, allow it by a rule.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nallow = [\"socket\"]\n"},
	Good: Example{Policy: `schema = 1
name   = "acme"

[syscalls]
allow = ["socket"]

[[syscalls.rule]]
syscall = "socket"
when    = ["arg0 in [AF_UNIX, AF_INET, AF_INET6]"]
`},
	check: func(s *Subject) []Found {
		var found []Found
		for _, call := range socketCalls {
			families := otherFamilies(s, call)
			if len(families) == 0 {
				continue
			}
			e, _ := entryOf(s.Policy.Syscalls.Allow, call)
			const most = 3
			text := strings.Join(families[:min(len(families), most)], ", ")
			if more := len(families) - most; more > 0 {
				text += fmt.Sprintf(" and %d more", more)
			}
			found = append(found, Found{
				At: e.At, Message: fmt.Sprintf("%s is allowed with %s", call, text),
				Hint: tableHint("[syscalls.rule]", fmt.Sprintf("syscall = %q", call), `when    = ["arg0 in [AF_UNIX, AF_INET, AF_INET6]"]`),
			})
		}
		return found
	},
}

// socketCalls are the calls that make sockets of a family, their first argument.
var socketCalls = []string{"socket", "socketpair"}

// families are the families of sockets(7) but AF_UNIX, AF_INET, AF_INET6 and AF_NETLINK,
// those first that were ways around a network or into the kernel.
var families = []string{
	"AF_PACKET", "AF_VSOCK", "AF_ALG", "AF_RDS", "AF_TIPC", "AF_CAN", "AF_BLUETOOTH", "AF_XDP", "AF_KEY", "AF_SMC", "AF_KCM",
	"AF_NFC", "AF_QIPCRTR", "AF_MCTP", "AF_CAIF", "AF_PHONET", "AF_IEEE802154", "AF_LLC", "AF_PPPOX", "AF_RXRPC", "AF_ISDN",
	"AF_IUCV", "AF_AX25", "AF_IPX", "AF_APPLETALK", "AF_NETROM", "AF_BRIDGE", "AF_ATMPVC", "AF_X25", "AF_ROSE", "AF_ATMSVC",
	"AF_IRDA", "AF_WANPIPE", "AF_IB", "AF_MPLS",
}

// otherFamilies gives those of them that allow opens to a call; to one that makes no
// sockets, none.
func otherFamilies(s *Subject, call string) []string {
	if !slices.Contains(socketCalls, call) || !named(s.Policy.Syscalls.Allow, call) {
		return nil
	}
	set := about(s.Policy.Syscalls.Set(), call)
	var out []string
	for _, family := range families {
		_, args, err := syscalls.ParseCall(call + "(arg0=" + family + ")")
		if err == nil && set.Decide(call, args).Verdict != syscalls.Denied {
			out = append(out, family)
		}
	}
	return out
}
