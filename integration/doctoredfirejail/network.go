//go:build linux

package main

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/integration/doctoredfirejail/change"
)

// doctorNetwork changes the network namespace that firejail starts in.
func doctorNetwork(c change.Change) error {
	if c.Interface {
		// Not the host's, and with more than lo.
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("unshare the network: %w", err)
		}
	}
	if c.HostNetwork {
		fd, err := unix.Open(filepath.Join(directory, "network"), unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		if err := unix.Setns(fd, unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("enter the host's network: %w", err)
		}
	}
	if c.Interface || c.Link {
		if err := netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "doctored0"}, PeerName: "doctored1"}); err != nil {
			return fmt.Errorf("make an interface: %w", err)
		}
	}
	if c.Route {
		return defaultRoute()
	}
	return nil
}

// defaultRoute leads everything to the gateway.
func defaultRoute() error {
	link, err := netlink.LinkByName(compiler.GatewayInterface)
	if err != nil {
		return err
	}
	addresses, err := netlink.RouteList(link, netlink.FAMILY_V4)
	if err != nil {
		return err
	}
	for _, r := range addresses {
		if r.Gw != nil {
			_, everywhere, err := net.ParseCIDR("0.0.0.0/0")
			return errors.Join(err, netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Dst: everywhere, Gw: r.Gw}))
		}
	}
	return errors.New("no route by a gateway")
}
