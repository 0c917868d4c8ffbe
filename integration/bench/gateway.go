//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime"
	"sort"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
	"confine/runner/egress"
	"confine/runner/gatewayns"
)

// The hosts of the comparison: a server behind a router, a client that reaches it by plain
// routes, and one that reaches it by a gateway whose connections the router's namespace makes.
const (
	serverAddress = "203.0.113.2:9000"
	transferred   = 256 << 20
	connections   = 200
)

// world is the namespaces of the comparison. Nothing of it has a name, so that all of it
// ends with this process.
type world struct {
	router, server, plain, sandbox *os.File
	gateway                        *egress.Gateway
	room                           *gatewayns.Namespace
}

// benchGateway measures what a gateway costs against plain routing between the same
// namespaces, in turns.
func benchGateway(rounds int) error {
	w, err := newWorld()
	if err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	defer w.close()
	variants := []struct {
		name   string
		client *os.File
		rates  []float64
		delays []time.Duration
	}{{name: "plain routing", client: w.plain}, {name: "confine's gateway", client: w.sandbox}}
	for round := range rounds + 1 {
		for i := range variants {
			v := &variants[i]
			rate, err := transfer(v.client)
			if err != nil {
				return fmt.Errorf("%s: %w", v.name, err)
			}
			delay, err := answer(v.client)
			if err != nil {
				return fmt.Errorf("%s: %w", v.name, err)
			}
			if round > 0 {
				v.rates, v.delays = append(v.rates, rate), append(v.delays, delay)
			}
		}
	}
	fmt.Printf("%-43s %8s %8s %8s %7s\n", "gateway: bytes to a host", "min MB/s", "median", "max", "ratio")
	var reference float64
	for i, v := range variants {
		sort.Float64s(v.rates)
		m := v.rates[len(v.rates)/2]
		if i == 0 {
			reference = m
		}
		fmt.Printf("  %-41s %8.0f %8.0f %8.0f %7.2f\n", v.name, v.rates[0], m, v.rates[len(v.rates)-1], m/reference)
	}
	fmt.Printf("%-43s %8s %8s %8s %7s\n", "gateway: connect and the first byte", "min us", "median", "max", "more us")
	var plain time.Duration
	for i, v := range variants {
		m := median(v.delays)
		if i == 0 {
			plain = m
		}
		us := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }
		fmt.Printf("  %-41s %8.0f %8.0f %8.0f %7.0f\n", v.name, us(v.delays[0]), us(m), us(v.delays[len(v.delays)-1]), us(m-plain))
	}
	return nil
}

func newWorld() (*world, error) {
	w := new(world)
	for _, ns := range []**os.File{&w.router, &w.server, &w.plain, &w.sandbox} {
		var err error
		if *ns, err = gatewayns.NewSandbox(); err != nil {
			return nil, err
		}
	}
	err := errors.Join(
		wire(w.router, w.server, "server", "203.0.113.1/30", "203.0.113.2/30"),
		wire(w.router, w.plain, "plain", "198.51.100.1/30", "198.51.100.2/30"),
		within(w.router, func() error { return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0) }),
		within(w.server, serve),
	)
	if err != nil {
		return nil, err
	}
	to := netip.MustParseAddrPort(serverAddress)
	network := policy.Network{
		Mode: policy.NetworkEgress, Fronting: policy.FrontingDeny,
		Egress: []policy.EgressEntry{{Host: to.Addr().String(), Port: to.Port()}},
	}
	gateway := *compiler.GatewayOf(network)
	if w.room, err = gatewayns.New(); err != nil {
		return nil, err
	}
	if err := w.room.Connect(w.sandbox, gateway); err != nil {
		return nil, err
	}
	w.gateway, err = egress.Start(egress.Config{
		Network: network, Gateway: gateway, Opener: egress.OpenerOf(w.room), Dial: w.dial(),
	})
	return w, err
}

func (w *world) close() {
	w.gateway.Close()
	w.room.Close()
}

// dial connects from the router's namespace, on a thread of its own.
func (w *world) dial() func(context.Context, netip.AddrPort) (net.Conn, error) {
	type result struct {
		conn net.Conn
		err  error
	}
	calls := make(chan func())
	go func() {
		runtime.LockOSThread() // and never unlocked
		if unix.Setns(int(w.router.Fd()), unix.CLONE_NEWNET) != nil {
			return
		}
		for call := range calls {
			call()
		}
	}()
	return func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
		done := make(chan result, 1)
		calls <- func() {
			conn, err := new(net.Dialer).DialContext(ctx, "tcp", to.String())
			done <- result{conn, err}
		}
		r := <-done
		return r.conn, r.err
	}
}

// within runs a function in a network namespace.
func within(ns *os.File, do func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with this
		err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET)
		if err == nil {
			err = do()
		}
		done <- err
	}()
	return <-done
}

// wire lays a link between the router and another namespace, which routes all by it.
func wire(router, other *os.File, name, near, far string) error {
	inside, err := netlink.NewHandleAt(netns.NsHandle(router.Fd()))
	if err != nil {
		return err
	}
	defer inside.Close()
	outside, err := netlink.NewHandleAt(netns.NsHandle(other.Fd()))
	if err != nil {
		return err
	}
	defer outside.Close()
	link := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: name}, PeerName: "eth0", PeerNamespace: netlink.NsFd(other.Fd())}
	if err := inside.LinkAdd(link); err != nil {
		return err
	}
	for _, end := range []struct {
		handle        *netlink.Handle
		name, address string
	}{{inside, name, near}, {outside, "eth0", far}} {
		link, err := end.handle.LinkByName(end.name)
		if err != nil {
			return err
		}
		address, err := netlink.ParseAddr(end.address)
		if err != nil {
			return err
		}
		if err := errors.Join(end.handle.AddrAdd(link, address), end.handle.LinkSetUp(link)); err != nil {
			return err
		}
	}
	eth, err := outside.LinkByName("eth0")
	if err != nil {
		return err
	}
	via, _, err := net.ParseCIDR(near)
	if err != nil {
		return err
	}
	_, everywhere, err := net.ParseCIDR("0.0.0.0/0")
	if err != nil {
		return err
	}
	return outside.RouteAdd(&netlink.Route{LinkIndex: eth.Attrs().Index, Dst: everywhere, Gw: via})
}

// serve answers every connection with a byte, takes all that comes, and answers again.
func serve() error {
	l, err := net.Listen("tcp", serverAddress)
	if err != nil {
		return err
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				_, _ = conn.Write([]byte{1})
				_, _ = io.Copy(io.Discard, conn)
				_, _ = conn.Write([]byte{2})
			}()
		}
	}()
	return nil
}

// open connects from a client's namespace.
func open(client *os.File) (conn *net.TCPConn, err error) {
	err = within(client, func() error {
		c, err := net.DialTimeout("tcp", serverAddress, 10*time.Second)
		if err == nil {
			conn = c.(*net.TCPConn)
		}
		return err
	})
	return conn, err
}

// transfer gives the rate at which the server takes bytes, in MB/s.
func transfer(client *os.File) (float64, error) {
	conn, err := open(client)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }()
	one := make([]byte, 1)
	if _, err := io.ReadFull(conn, one); err != nil {
		return 0, err
	}
	block := make([]byte, 1<<20)
	started := time.Now()
	for range transferred / len(block) {
		if _, err := conn.Write(block); err != nil {
			return 0, err
		}
	}
	if err := conn.CloseWrite(); err != nil {
		return 0, err
	}
	if _, err := io.ReadFull(conn, one); err != nil {
		return 0, err
	}
	return transferred / 1e6 / time.Since(started).Seconds(), nil
}

// answer gives the median time from the begin of a connection to the server's first byte.
func answer(client *os.File) (time.Duration, error) {
	var times []time.Duration
	err := within(client, func() error {
		for range connections {
			started := time.Now()
			conn, err := net.DialTimeout("tcp", serverAddress, 10*time.Second)
			if err != nil {
				return err
			}
			_, err = io.ReadFull(conn, make([]byte, 1))
			times = append(times, time.Since(started))
			if err := errors.Join(err, conn.Close()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return median(times), nil
}
