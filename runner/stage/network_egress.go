//go:build linux

package stage

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
)

// metadata is where the clouds' metadata services are.
const metadata = "169.254.169.254"

// gatewayPorts are tried at the gateway's own address, where nothing but its name server
// answers.
var gatewayPorts = []uint16{22, 80, 443, 8080}

// dnsPort is where a gateway answers look-ups.
const dnsPort = 53

// checkGateway looks for ways out of a sandbox that is connected to a gateway.
func checkGateway(e compiler.Expectation, listeners Listeners, controls Controls) []Check {
	check := func(subject, expected, found string) Check {
		return equal(policy.ClauseNetworkMode, subject, e.NetworkAt, expected, found)
	}
	checks := []Check{
		check("routes", expectedRoutes(e.Gateway), routes()),
		checkNames(e),
		checkResolver(e),
		check("gateway's ports", "0 of "+strconv.Itoa(len(gatewayPorts))+" open", openPorts(e.Gateway.Nameserver(), gatewayPorts)),
	}
	if !e.Gateway.Reaches(netip.MustParseAddr(metadata)) {
		checks = append(checks, check("connect to "+metadata+":80", unix.ENETUNREACH.Error(), connectErrno(metadata+":80")))
	}
	if listeners.Host != "" {
		c := check("connect to the host's own address", unix.ENETUNREACH.Error(), connectErrno(listeners.Host))
		if c.Status == Proven && !controls.Reach.Host {
			c.Status = Unproven
		}
		checks = append(checks, c)
	}
	return checks
}

// names reports whether the policy names a host.
func names(e compiler.Expectation, host string) bool {
	return slices.ContainsFunc(e.Egress, func(entry policy.EgressEntry) bool { return entry.MatchesHost(host) })
}

// checkResolver reads the file by which programs find the gateway. A policy of addresses
// needs none.
func checkResolver(e compiler.Expectation) Check {
	found := "another name server"
	text, err := os.ReadFile(compiler.ResolverFile)
	switch {
	case nameOf(e) == "":
		found = "the gateway"
	case err != nil:
		found = err.Error()
	case string(text) == e.Gateway.ResolverText():
		found = "the gateway"
	}
	return equal(policy.ClauseNetworkMode, "name server of "+compiler.ResolverFile, e.NetworkAt, "the gateway", found)
}

// checkNames asks the gateway for a name that the policy does not allow. That it answers
// is shown by a name that the policy allows, if there is one.
func checkNames(e compiler.Expectation) Check {
	c := Check{Clause: policy.ClauseNetworkEgress, At: e.NetworkAt, Status: Proven}
	c.Subject, c.Expected = "look-up of a name that is not in it", "no such name"
	unknown := "confine.invalid"
	for names(e, unknown) {
		unknown = "x." + unknown
	}
	address, err := lookUp(e.Gateway, unknown, e.Mediated())
	switch {
	case err == nil && address.IsValid():
		c.Found = "an address"
	case errors.Is(err, errNoSuchName):
		c.Found = c.Expected
	case err != nil:
		c.Found = err.Error()
	default:
		c.Found = "an empty answer"
	}
	if known := nameOf(e); known != "" && c.Found == c.Expected {
		c.Expected += ", and an address for one that is"
		if address, err := lookUp(e.Gateway, known, e.Mediated()); err != nil {
			c.Found += ", and for one that is: " + err.Error()
		} else if e.Gateway.Names.Contains(address) {
			c.Found = c.Expected
		} else {
			c.Found += ", and for one that is " + address.String()
		}
	}
	if c.Found != c.Expected {
		c.Status = Failed
	}
	return c
}

// nameOf gives a name that the policy allows, or "".
func nameOf(e compiler.Expectation) string {
	for _, entry := range e.Egress {
		host := entry.Host
		if domain, wildcard := strings.CutPrefix(host, "*."); wildcard {
			host = "confine." + domain
		}
		if _, literal := entry.Address(); !literal {
			return host
		}
	}
	return ""
}

var errNoSuchName = errors.New("no such name")

// lookUp asks for the IPv4 address of a name, as C libraries do.
func lookUp(gateway *compiler.Gateway, name string, byTCP bool) (netip.Addr, error) {
	question, err := dnsmessage.NewName(name + ".")
	if err != nil {
		return netip.Addr{}, err
	}
	query := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 1, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: question, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}},
	}
	data, err := query.Pack()
	if err != nil {
		return netip.Addr{}, err
	}
	if byTCP {
		return lookUpHere(netip.AddrPortFrom(gateway.Nameserver(), dnsPort), data)
	}
	conn, err := net.Dial("udp", netip.AddrPortFrom(gateway.Nameserver(), dnsPort).String())
	if err != nil {
		return netip.Addr{}, err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(connectTimeout)); err != nil {
		return netip.Addr{}, err
	}
	if _, err := conn.Write(data); err != nil {
		return netip.Addr{}, err
	}
	buf := make([]byte, 1500)
	n, err := conn.Read(buf)
	if err != nil {
		return netip.Addr{}, err
	}
	return readAnswer(buf[:n])
}

// readAnswer gives the address in an answer, if there is one.
func readAnswer(data []byte) (netip.Addr, error) {
	var answer dnsmessage.Message
	if err := answer.Unpack(data); err != nil {
		return netip.Addr{}, fmt.Errorf("read an answer: %w", err)
	}
	switch {
	case answer.RCode == dnsmessage.RCodeNameError:
		return netip.Addr{}, errNoSuchName
	case answer.RCode != dnsmessage.RCodeSuccess:
		return netip.Addr{}, errors.New(answer.RCode.String())
	}
	for _, r := range answer.Answers {
		if a, ok := r.Body.(*dnsmessage.AResource); ok {
			return netip.AddrFrom4(a.A), nil
		}
	}
	return netip.Addr{}, nil
}

// openPorts connects to ports of a host that should answer at none.
func openPorts(host netip.Addr, ports []uint16) string {
	open := 0
	var odd []string
	for _, port := range ports {
		switch answer := connectErrno(netip.AddrPortFrom(host, port).String()); answer {
		case unix.ECONNREFUSED.Error():
		case connected:
			open++
			odd = append(odd, strconv.Itoa(int(port)))
		default:
			odd = append(odd, fmt.Sprintf("%d (%s)", port, answer))
		}
	}
	found := fmt.Sprintf("%d of %d open", open, len(ports))
	if len(odd) > 0 {
		found += ": " + strings.Join(odd, " ")
	}
	return found
}

// connected is how a connection ends that does not fail.
const connected = "connected"

// connectErrno says how a connection fails.
func connectErrno(address string) string {
	err := connectTCP(address)
	var errno syscall.Errno
	switch {
	case err == nil:
		return connected
	case errors.As(err, &errno):
		return errno.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer"
	}
	return err.Error()
}

// expectedRoutes words the routes that the policy's gateway needs.
func expectedRoutes(gateway *compiler.Gateway) string {
	var lines []string
	for _, a := range gateway.SandboxAddresses {
		lines = append(lines, a.Masked().String())
	}
	for _, r := range gateway.Routes() {
		lines = append(lines, r.To.String()+" via "+r.Via.String())
	}
	sort.Strings(lines)
	return strings.Join(lines, ", ")
}

// routes reads the unicast routes of rtnetlink(7) but for those of the loopback
// interface.
func routes() string {
	data, err := syscall.NetlinkRIB(syscall.RTM_GETROUTE, syscall.AF_UNSPEC)
	if err != nil {
		return "unreadable: " + err.Error()
	}
	messages, err := syscall.ParseNetlinkMessage(data)
	if err != nil {
		return "unreadable: " + err.Error()
	}
	loopback := 1
	if lo, err := net.InterfaceByName("lo"); err == nil {
		loopback = lo.Index
	}
	var lines []string
	for i := range messages {
		m := &messages[i]
		if m.Header.Type != syscall.RTM_NEWROUTE {
			continue
		}
		if line := routeOf(m, loopback); line != "" {
			lines = append(lines, line)
		}
	}
	sort.Strings(lines)
	return strings.Join(lines, ", ")
}
