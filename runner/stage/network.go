//go:build linux

package stage

import (
	"bufio"
	"bytes"
	"net"
	"os"
	"sort"
	"strings"

	"confine/compiler"
	"confine/policy"
)

func connectTCP(address string) error {
	conn, err := net.DialTimeout("tcp", address, connectTimeout)
	if err != nil {
		return err
	}
	return conn.Close()
}

func connectAbstract(name string) error {
	conn, err := net.DialTimeout("unix", "@"+name, connectTimeout)
	if err != nil {
		return err
	}
	return conn.Close()
}

// checkNetwork connects to the runner's own listeners, which the launcher could
// reach from outside.
func checkNetwork(e compiler.Expectation, listeners Listeners, controls Controls) []Check {
	reachable := map[bool]string{true: "reached", false: "not reached"}
	tcp := Check{
		Clause: "network.mode", Subject: "connect to the host's loopback", At: e.NetworkAt,
		Found: reachable[connectTCP(listeners.TCP) == nil], Status: Proven,
	}
	if e.Network == policy.NetworkHost {
		tcp.Expected = "reached"
		if tcp.Found != tcp.Expected {
			tcp.Status = Failed
		}
		return []Check{tcp}
	}
	tcp.Expected = "not reached"
	abstract := Check{
		Clause: "network.mode", Subject: "connect to an abstract unix socket of the host", At: e.NetworkAt,
		Expected: "not reached", Found: reachable[connectAbstract(listeners.Abstract) == nil], Status: Proven,
	}
	for _, c := range []struct {
		check   *Check
		control bool
	}{{&tcp, controls.Reach.TCP}, {&abstract, controls.Reach.Abstract}} {
		switch {
		case c.check.Found != c.check.Expected:
			c.check.Status = Failed
		case !c.control:
			c.check.Status = Unproven
		}
	}
	links := "lo"
	linked := e.Gateway != nil && !e.Mediated()
	if linked {
		links = compiler.GatewayInterface + " lo"
	}
	checks := []Check{tcp, abstract, equal("network.mode", "interfaces", e.NetworkAt, links, interfaces(e.Guest))}
	if linked {
		checks = append(checks, checkGateway(e, listeners, controls)...)
	}
	return checks
}

// interfaces names the network interfaces that proc(5) shows; in a guest, which can be
// without /proc, those of rtnetlink(7).
func interfaces(guest bool) string {
	if guest {
		return linkNames()
	}
	data, err := os.ReadFile("/proc/self/net/dev")
	if err != nil {
		return "unreadable: " + err.Error()
	}
	var names []string
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		if name, _, ok := strings.Cut(lines.Text(), ":"); ok {
			names = append(names, strings.TrimSpace(name))
		}
	}
	sort.Strings(names)
	return strings.Join(names, " ")
}

func linkNames() string {
	links, err := net.Interfaces()
	if err != nil {
		return "unreadable: " + err.Error()
	}
	names := make([]string, 0, len(links))
	for _, link := range links {
		names = append(names, link.Name)
	}
	sort.Strings(names)
	return strings.Join(names, " ")
}
