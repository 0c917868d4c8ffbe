//go:build linux

package main

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"

	"confine/integration/doctoredfirejail/change"
)

// doctorNetwork makes a network namespace with a pair of interfaces in it, so that
// it is not the host's and holds more than lo.
func doctorNetwork(c change.Change) error {
	if !c.Interface {
		return nil
	}
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("unshare the network: %w", err)
	}
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	// See rtnetlink(7): a new link of the kind veth, its peer by default.
	kind := attribute(unix.IFLA_LINKINFO, attribute(unix.IFLA_INFO_KIND, []byte("veth")))
	message := make([]byte, unix.SizeofNlMsghdr+unix.SizeofIfInfomsg)
	binary.NativeEndian.PutUint32(message[0:], uint32(len(message)+len(kind)))
	binary.NativeEndian.PutUint16(message[4:], unix.RTM_NEWLINK)
	binary.NativeEndian.PutUint16(message[6:], unix.NLM_F_REQUEST|unix.NLM_F_ACK|unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	if err := unix.Sendto(fd, append(message, kind...), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return fmt.Errorf("ask for an interface: %w", err)
	}
	answer := make([]byte, 4096)
	n, _, err := unix.Recvfrom(fd, answer, 0)
	if err != nil || n < unix.SizeofNlMsghdr+4 {
		return fmt.Errorf("hear of the interface: %d bytes, %w", n, err)
	}
	if code := int32(binary.NativeEndian.Uint32(answer[unix.SizeofNlMsghdr:])); code != 0 {
		return fmt.Errorf("make an interface: %w", unix.Errno(-code))
	}
	return nil
}

// attribute is a struct rtattr with its data, padded to four bytes.
func attribute(kind uint16, data []byte) []byte {
	out := make([]byte, unix.SizeofRtAttr)
	binary.NativeEndian.PutUint16(out[0:], uint16(unix.SizeofRtAttr+len(data)))
	binary.NativeEndian.PutUint16(out[2:], kind)
	out = append(out, data...)
	return append(out, make([]byte, (4-len(out)%4)%4)...)
}
