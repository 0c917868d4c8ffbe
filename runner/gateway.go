//go:build linux

package runner

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"confine/compiler"
	"confine/policy"
	"confine/runner/egress"
	"confine/runner/gatewayns"
	"confine/runner/notify"
	"confine/runner/stage"
)

// gateway is what a sandbox under mode "egress" reaches, and all that it reaches.
type gateway struct {
	*egress.Gateway
	// namespace is where it listens: one of this process's, or one that remote serves.
	namespace *gatewayns.Namespace
	remote    *gatewayns.Remote
	// broker is what it listens by where there is no namespace at all.
	broker *notify.Broker
	// network is the network namespace of the sandbox, as in /proc/PID/ns.
	network string
	log     io.Writer
}

// openings opens sockets in a gateway's namespace.
type openings interface {
	egress.Sockets
	Packets() (*os.File, error)
}

// gatewayBeside makes both namespaces in this process. The file is that of the sandbox.
func (l *launchable) gatewayBeside() (*os.File, *gateway, error) {
	inside, err := gatewayns.NewSandbox()
	if err != nil {
		return nil, nil, err
	}
	g := new(gateway)
	if err = l.connect(g, inside); err != nil {
		_ = inside.Close()
		return nil, nil, err
	}
	return inside, g, nil
}

func (l *launchable) connect(g *gateway, inside *os.File) (err error) {
	if g.network, err = os.Readlink("/proc/self/fd/" + strconv.Itoa(int(inside.Fd()))); err != nil {
		return err
	}
	if g.namespace, err = gatewayns.New(); err != nil {
		return err
	}
	if err = g.namespace.Connect(inside, *l.bundle.Expectation.Gateway); err == nil {
		err = l.open(g, g.namespace)
	}
	if err != nil {
		g.namespace.Close()
	}
	return err
}

// gatewayAcross works in the namespace that the process at the other end of conn keeps.
func (l *launchable) gatewayAcross(conn *net.UnixConn, pid int) (*gateway, error) {
	g := &gateway{remote: gatewayns.NewRemote(conn)}
	if err := l.open(g, g.remote); err != nil {
		return nil, err
	}
	var err error
	// Of another user's process the kernel tells root alone.
	if g.network, err = networkOf(pid); err != nil && !errors.Is(err, os.ErrPermission) {
		g.close()
		return nil, err
	}
	return g, nil
}

// gatewayMediated answers the program's calls to connect(2), which the process at the other
// end of conn hands over.
func (l *launchable) gatewayMediated(conn *net.UnixConn) (*gateway, error) {
	broker, err := notify.New(notify.Config{Gateway: *l.bundle.Expectation.Gateway, Nameservers: nameServers()}, conn)
	if err != nil {
		return nil, err
	}
	g := &gateway{broker: broker}
	if err := l.startGateway(g, broker, nil); err != nil {
		broker.Close()
		return nil, err
	}
	return g, nil
}

// open starts the gateway of a namespace.
func (l *launchable) open(g *gateway, at openings) error {
	packets, err := at.Packets()
	if err != nil {
		return err
	}
	if err = l.startGateway(g, egress.OpenerOf(at), packets); err != nil {
		_ = packets.Close()
	}
	return err
}

// startGateway starts the gateway itself.
func (l *launchable) startGateway(g *gateway, at egress.Opener, packets *os.File) (err error) {
	g.log = l.Log
	config := egress.Config{
		Network: l.Policy.Network, Gateway: *l.bundle.Expectation.Gateway, Opener: at, Packets: packets,
		Denied: newDenials(l.Log, l.Policy).tell,
	}
	if g.broker != nil && l.Policy.Decide(policy.Access{Kind: policy.AccessRead, Target: compiler.HostsFile}).Allowed {
		// In a network of its own the program sees a hosts file of its own, too.
		config.Aliases = hostsNames(compiler.HostsFile)
	}
	if l.egressLog != nil {
		config.Log = l.egressLog
	}
	g.Gateway, err = egress.Start(config)
	return err
}

// close ends every connection, and then the namespace.
func (g *gateway) close() {
	if g == nil {
		return
	}
	g.Gateway.Close()
	if err := g.Err(); err != nil {
		fmt.Fprintf(g.log, "confine: the log of what the program tried to reach is not complete: %v\n", err)
	}
	if g.namespace != nil {
		g.namespace.Close()
	}
	if g.remote != nil {
		_ = g.remote.Close()
	}
	if g.broker != nil {
		g.broker.Close()
	}
}

// check shows that the process that speaks for the stage is in the network namespace that
// was connected to the gateway, and in no other.
func (g *gateway) check(pid int, mode policy.Position) []stage.Check {
	if g == nil {
		return nil
	}
	const subject = "network namespace that is connected to the gateway"
	found, err := networkOf(pid)
	if g.network == "" || errors.Is(err, os.ErrPermission) {
		return []stage.Check{unreadable(subject)}
	}
	if err != nil {
		found = err.Error()
	}
	c := seen(policy.ClauseNetworkMode, subject, g.network, found)
	c.At = mode
	return []stage.Check{c}
}

func networkOf(pid int) (string, error) {
	return os.Readlink("/proc/" + strconv.Itoa(pid) + "/ns/net")
}

// checkResolver refuses a host without the file in whose place the program sees the
// gateway's: without it, C libraries ask for names elsewhere.
func (l *launchable) checkResolver() error {
	file, needed := compiler.NeedsResolver(l.Policy)
	if !needed || l.bundle.Expectation.Mediated() {
		return nil
	}
	if info, err := os.Stat(filepath.Join(l.root(), file)); err != nil || !info.Mode().IsRegular() {
		r := refuse("the host has no %s for the gateway's own to be mounted over%s", file, where(l.Policy.Network.At))
		r.Found, r.Expected = "no regular file", "a file, which can be empty"
		r.Instead = []string{"touch " + filepath.Join(l.root(), file)}
		return r
	}
	return nil
}
