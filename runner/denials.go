//go:build linux

package runner

import (
	"fmt"
	"io"
	"net"
	"strconv"

	"confine/compiler"
	"confine/policy"
	"confine/runner/egress"
)

// maxDenials is how many denials a run says on stderr; the log has all.
const maxDenials = 20

// denials says what a gateway did not allow, each host and port once. To the program a
// denied name is one that does not exist, and it may try for long.
type denials struct {
	log    io.Writer
	policy *policy.Policy
	said   map[string]bool
	more   bool
}

func newDenials(log io.Writer, p *policy.Policy) *denials {
	return &denials{log: log, policy: p, said: map[string]bool{}}
}

// tell is called by one gateway, for one denial after the other. It may block: the program
// has the same stderr, and can fill it.
func (d *denials) tell(e egress.Event) {
	what, target := "connect", e.Host
	if e.Kind == egress.KindResolve {
		what = "resolve"
	} else if e.Protocol != "" {
		what = e.Protocol + " to"
	}
	if e.Port != 0 {
		target = hostPort(e.Host, e.Port)
	}
	key := what + " " + target + " " + e.Because
	if d.said[key] {
		return
	}
	if len(d.said) == maxDenials {
		if !d.more {
			d.more = true
			fmt.Fprintln(d.log, "confine: denied more than is said here; --egress-log FILE has all of it")
		}
		return
	}
	d.said[key] = true
	at := ""
	if !e.At.IsZero() {
		at = ": " + e.At.String()
	}
	fmt.Fprintf(d.log, "confine: denied %s %s, %s%s\n", what, target, e.Because, at)
	if e.Alias != "" {
		fmt.Fprintf(d.log, "         %s has it as %s, and confine was not asked for that name\n", compiler.HostsFile, e.Alias)
	}
	if remedy := d.remedy(e); remedy != "" {
		fmt.Fprintf(d.log, "         to allow it: %s\n", remedy)
	}
}

// remedy is the line to add, where one would allow it.
func (d *denials) remedy(e egress.Event) string {
	text := string(policy.AccessConnect) + " " + hostPort(e.Host, e.Port)
	port := e.Port
	switch {
	case e.Protocol != "":
		return ""
	case e.Kind == egress.KindResolve:
		text = string(policy.AccessResolve) + " " + e.Host
		port = 443 // the program has not said which it wants
	}
	access, err := policy.ParseAccess(text)
	if err != nil || d.policy.Decide(access).Allowed || compiler.NoGatewayTo(access.Target) {
		return ""
	}
	add := fmt.Sprintf("add %q to [network] egress", hostPort(access.Target, port))
	if e.Alias != "" {
		return fmt.Sprintf("take the name out of %s, or %s", compiler.HostsFile, add)
	}
	return add
}

func hostPort(host string, port uint16) string {
	return net.JoinHostPort(host, strconv.Itoa(int(port)))
}
