//go:build linux

package gatewayns

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"confine/compiler"
)

// gatewayLink is the gateway's end of the link.
const gatewayLink = "gateway0"

// addressModeNone keeps the kernel from giving an interface an IPv6 address of its own
// (IN6_ADDR_GEN_MODE_NONE, linux/if_link.h).
const addressModeNone = 1

// Connect lays the link between the namespace and that of a sandbox, to which sandbox is a
// descriptor. The sandbox gets one interface and the routes of its expectation; the
// gateway takes everything that comes from there for its own, by local routes.
// Everything that can fail is done before the sandbox runs anything.
func (n *Namespace) Connect(sandbox *os.File, gateway compiler.Gateway) error {
	return n.do(func() error {
		if err := connect(sandbox, gateway); err != nil {
			return fmt.Errorf("connect the sandbox to its gateway: %w", err)
		}
		return nil
	})
}

func connect(sandbox *os.File, gateway compiler.Gateway) error {
	link := &netlink.Veth{
		LinkAttrs: netlink.LinkAttrs{Name: gatewayLink}, PeerName: compiler.GatewayInterface, PeerNamespace: netlink.NsFd(sandbox.Fd()),
	}
	if err := netlink.LinkAdd(link); err != nil {
		return fmt.Errorf("make the link: %w", err)
	}
	inside, err := netlink.NewHandleAt(netns.NsHandle(sandbox.Fd()), unix.NETLINK_ROUTE)
	if err != nil {
		return fmt.Errorf("enter the sandbox's network namespace: %w", err)
	}
	defer inside.Close()
	outside, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer outside.Close()
	if err := up(inside, "lo"); err != nil {
		return err
	}
	ends := []struct {
		handle    *netlink.Handle
		name      string
		addresses []netip.Prefix
	}{
		{outside, gatewayLink, gateway.GatewayAddresses},
		{inside, compiler.GatewayInterface, gateway.SandboxAddresses},
	}
	for _, end := range ends {
		if err := address(end.handle, end.name, end.addresses); err != nil {
			return err
		}
	}
	if err := outside.RouteAdd(localRoute(gateway.Names)); err != nil {
		return fmt.Errorf("take %s for the gateway's own: %w", gateway.Names, err)
	}
	if err := address(outside, "lo", gateway.Literals); err != nil {
		return err
	}
	eth, err := inside.LinkByName(compiler.GatewayInterface)
	if err != nil {
		return err
	}
	for _, route := range gateway.Routes() {
		via := &netlink.Route{LinkIndex: eth.Attrs().Index, Dst: ipNet(route.To), Gw: route.Via.AsSlice()}
		if err := inside.RouteAdd(via); err != nil {
			return fmt.Errorf("route %s to the gateway: %w", route.To, err)
		}
	}
	return nil
}

// loopbackUp brings up the loopback interface of the thread's namespace, to which local
// routes lead.
func loopbackUp() error {
	handle, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer handle.Close()
	return up(handle, "lo")
}

func up(handle *netlink.Handle, name string) error {
	link, err := handle.LinkByName(name)
	if err == nil {
		err = handle.LinkSetUp(link)
	}
	if err != nil {
		return fmt.Errorf("bring up %s: %w", name, err)
	}
	return nil
}

// address gives an interface its addresses, and no other, and brings it up.
func address(handle *netlink.Handle, name string, addresses []netip.Prefix) error {
	link, err := handle.LinkByName(name)
	if err != nil {
		return fmt.Errorf("find %s: %w", name, err)
	}
	// A kernel without IPv6 gives no such address.
	if err := handle.LinkSetIP6AddrGenMode(link, addressModeNone); err != nil && !errors.Is(err, unix.EAFNOSUPPORT) && !errors.Is(err, unix.EOPNOTSUPP) {
		return fmt.Errorf("keep %s without addresses of its own: %w", name, err)
	}
	for _, a := range addresses {
		addr := &netlink.Addr{IPNet: ipNet(a)}
		if a.Addr().Is6() {
			// Nobody else is on the link: no need to wait for an objection (RFC 4862).
			addr.Flags = unix.IFA_F_NODAD
		}
		if err := handle.AddrAdd(link, addr); err != nil {
			return fmt.Errorf("give %s the address %s: %w", name, a, err)
		}
	}
	return up(handle, name)
}

// localRoute makes every address of a network one of the namespace's own.
func localRoute(to netip.Prefix) *netlink.Route {
	const loopback = 1 // the index of lo in every network namespace
	return &netlink.Route{LinkIndex: loopback, Dst: ipNet(to), Table: unix.RT_TABLE_LOCAL, Type: unix.RTN_LOCAL, Scope: netlink.SCOPE_HOST}
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
