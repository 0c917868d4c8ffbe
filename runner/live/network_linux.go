package live

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"confine/policy"
)

// patience bounds the wait for an answer.
const patience = 3 * time.Second

// settling is how long a connection has to be closed again by who took it.
const settling = time.Second

// anywhere are addresses that nobody has (RFC 5737, RFC 3849).
var anywhere = []string{"192.0.2.1", "2001:db8::1"}

// reach tries a connection or a look-up. Outside, without leave to use the network, it
// only sees whether there would be a way.
func (p *prober) reach(how How, a policy.Access) Answer {
	if p.outside && !p.network {
		return p.way(how, a)
	}
	switch {
	case how == HowRoute && !p.outside:
		return noWay(a)
	case a.Kind == policy.AccessResolve:
		_, answer := lookUp(a.Target)
		return answer
	case how == HowDial || how == HowLocal:
		return connect(a.Target, a.Port)
	}
	return exchange(a.Target, a.Port)
}

// way sees, without sending anything, what a connection outside would find.
func (p *prober) way(how How, a policy.Access) Answer {
	switch how {
	case HowLocal:
		return listening(a.Port)
	case HowDial:
		return route(a.Target)
	case HowGateway:
		if _, err := netip.ParseAddr(a.Target); err == nil {
			return route(a.Target)
		}
	}
	return routes()
}

// route is allowed where the kernel has a way to an address: connecting a socket for
// datagrams sends nothing.
func route(address string) Answer {
	conn, err := net.DialTimeout("udp", net.JoinHostPort(address, "53"), patience)
	if err == nil {
		_ = conn.Close()
	}
	return answerOf(err)
}

// routes is allowed where there is a way to any address.
func routes() Answer {
	var last Answer
	for _, address := range anywhere {
		if last = route(address); last.Outcome == Allowed {
			break
		}
	}
	return last
}

// noWay shows that no name can be reached, because no address can.
func noWay(a policy.Access) Answer {
	if answer := routes(); answer.Outcome != Allowed {
		return answer
	}
	if a.Kind == policy.AccessResolve {
		_, answer := lookUp(a.Target)
		return answer
	}
	return exchange(a.Target, a.Port)
}

// listening looks for a listener in the tables of the kernel: nobody is disturbed.
func listening(port uint16) Answer {
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			// The local address is the second field, the state the fourth: 0A is TCP_LISTEN.
			fields := strings.Fields(line)
			if len(fields) < 4 || fields[3] != "0A" {
				continue
			}
			_, hex, _ := strings.Cut(fields[1], ":")
			if n, err := strconv.ParseUint(hex, 16, 16); err == nil && uint16(n) == port {
				return Answer{Outcome: Allowed}
			}
		}
	}
	return unclear("nothing listens on port %d here", port)
}

func connect(host string, port uint16) Answer {
	if host == "localhost" {
		host = "127.0.0.1" // whatever files say of it
	}
	conn, err := net.DialTimeout("tcp", net.JoinHostPort(host, strconv.Itoa(int(port))), patience)
	if err != nil {
		return ofNetwork(err)
	}
	_ = conn.Close()
	return Answer{Outcome: Allowed}
}

// exchange connects and waits a moment: a gateway takes a connection before it knows
// what becomes of it.
func exchange(host string, port uint16) Answer {
	addresses := []string{host}
	if _, err := netip.ParseAddr(host); err != nil {
		var a Answer
		if addresses, a = lookUp(host); a.Outcome != Allowed {
			return a
		}
	}
	conn, err := net.DialTimeout("tcp", net.JoinHostPort(addresses[0], strconv.Itoa(int(port))), patience)
	if err != nil {
		return ofNetwork(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetReadDeadline(time.Now().Add(settling)); err != nil {
		return unclear("%v", err)
	}
	if _, err = conn.Read(make([]byte, 1)); errors.Is(err, unix.ECONNRESET) {
		return Answer{Outcome: Denied, Errno: "ECONNRESET"}
	}
	return Answer{Outcome: Allowed}
}

// lookUp asks the name servers that the sandbox is told.
func lookUp(name string) ([]string, Answer) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	resolver := &net.Resolver{PreferGo: true}
	if strings.Contains(os.Getenv("RES_OPTIONS"), "use-vc") { // which Go does not read
		resolver.Dial = func(ctx context.Context, _, server string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", server)
		}
	}
	addresses, err := resolver.LookupHost(ctx, name+".")
	if err == nil && len(addresses) > 0 {
		return addresses, Answer{Outcome: Allowed}
	}
	return nil, ofNetwork(err)
}

// ofNetwork is what the failure of a connection or a look-up says. Silence says nothing.
func ofNetwork(err error) Answer {
	var unknown *net.DNSError
	var late net.Error
	switch {
	case errors.As(err, &unknown) && unknown.IsNotFound:
		return Answer{Outcome: Denied, Errno: "NXDOMAIN"}
	case errors.As(err, &late) && late.Timeout():
		return unclear("no answer within %s", patience)
	}
	return answerOf(err)
}
