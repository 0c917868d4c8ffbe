//go:build linux

package notify

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
	"confine/runner/egress"
	"confine/runner/rights"
)

// The ports of the hosts: what is said there comes back after the address that was
// connected to, or a page.
const (
	portEcho  = 8443
	portHTTP  = 80
	portTLS   = 443
	portOther = 7777
)

// identity is who the program runs as, whom every Debian has; nil is who runs the tests.
var identity = func() *syscall.Credential {
	if os.Getuid() != 0 {
		return nil
	}
	return &syscall.Credential{Uid: 1, Gid: 1}
}()

// world is a gateway, the broker that it has its connections from, and hosts.
type world struct {
	*Broker
	t       testing.TB
	gateway *egress.Gateway
	log     *lines

	mutex sync.Mutex
	// visits are the addresses of clients at the hosts, with the host's own, and dialled the
	// addresses from which the gateway connects to hosts.
	visits  map[netip.AddrPort]netip.AddrPort
	dialled map[netip.AddrPort]bool
	// closers end everything else, the last first, and once.
	closers []func()
	shut    func()
	program *program
	// process is the supervisor, and gone gets its exit code, which is -1 for a signal.
	process *os.Process
	gone    chan int
}

func entry(host string, port uint16) policy.EgressEntry {
	return policy.EgressEntry{Host: host, Port: port, At: policy.Position{File: "p.toml", Line: 3, Column: 1}}
}

func network() policy.Network {
	return policy.Network{
		Mode: policy.NetworkEgress, At: policy.Position{File: "p.toml", Line: 2, Column: 1},
		Egress: []policy.EgressEntry{
			entry("*.example.com", portEcho), entry("*.example.com", portHTTP), entry("*.example.com", portTLS),
			entry("192.0.2.7", portEcho), entry("2001:db8::7", portEcho),
		},
	}
}

// Lookup is the resolver of hosts.
func (w *world) Lookup(_ context.Context, name string) ([]netip.Addr, time.Duration, error) {
	switch name {
	case "api.example.com":
		return []netip.Addr{netip.MustParseAddr("203.0.113.5")}, time.Minute, nil
	case "other.example.com":
		return []netip.Addr{netip.MustParseAddr("203.0.113.6")}, time.Minute, nil
	}
	return nil, 0, fmt.Errorf("no such host: %s", name)
}

func (w *world) dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", to.String())
	if err == nil {
		w.mutex.Lock()
		defer w.mutex.Unlock()
		w.dialled[plainAddress(c.LocalAddr())] = true
	}
	return c, err
}

func plainAddress(a net.Addr) netip.AddrPort {
	at := a.(*net.TCPAddr).AddrPort()
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}

// direct are the hosts that somebody else than the gateway connected to. Each accepts its
// connections in their order: once it has accepted one more, it has accepted all.
func (w *world) direct() []netip.AddrPort {
	w.t.Helper()
	for _, port := range []uint16{portEcho, portHTTP, portTLS, portOther} {
		c, err := w.dial(w.t.Context(), netip.AddrPortFrom(loopback4, port))
		if err != nil {
			w.t.Fatal(err)
		}
		defer c.Close()
		w.until("a host accepts", func() bool {
			w.mutex.Lock()
			defer w.mutex.Unlock()
			_, visited := w.visits[plainAddress(c.LocalAddr())]
			return visited
		})
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	var found []netip.AddrPort
	for from, to := range w.visits {
		if !w.dialled[from] {
			found = append(found, to)
		}
	}
	return found
}

// open starts everything, with a supervisor of its own.
func open(t testing.TB) *world {
	t.Helper()
	return openWith(t, (*world).supervise)
}

// openWith starts everything, with a supervisor that a function starts.
func openWith(t testing.TB, supervise func(w *world, theirs *os.File)) *world {
	t.Helper()
	if os.Getenv(namespaceVariable) == "" {
		t.Skip("a network namespace and a user of its own take root")
	}
	w := &world{t: t, log: &lines{}, visits: map[netip.AddrPort]netip.AddrPort{}, dialled: map[netip.AddrPort]bool{}}
	w.shut = sync.OnceFunc(func() {
		for _, do := range slices.Backward(w.closers) {
			do()
		}
	})
	t.Cleanup(w.shut)
	w.host(portEcho, w.echo)
	w.host(portOther, w.echo)
	page := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { fmt.Fprintf(rw, "page of %s", r.Host) })
	w.serveHTTP(portHTTP, page, nil)
	certificate := httptest.NewUnstartedServer(page)
	certificate.StartTLS()
	certificate.Close()
	w.serveHTTP(portTLS, page, &tls.Config{Certificates: certificate.TLS.Certificates})
	n := network()
	gateway := *compiler.GatewayOf(n)
	conn, theirs, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	supervise(w, theirs)
	config := Config{Gateway: gateway, Nameservers: []netip.Addr{netip.MustParseAddr(nameserver)}}
	if w.Broker, err = New(config, conn); err != nil {
		t.Fatal(err)
	}
	w.gateway, err = egress.Start(egress.Config{Network: n, Gateway: gateway, Opener: w.Broker, Resolver: w, Dial: w.dial, Log: w.log})
	if err != nil {
		w.Broker.Close()
		t.Fatal(err)
	}
	w.gateway.Begin()
	w.later(w.close)
	return w
}

// supervise starts the supervisor.
func (w *world) supervise(theirs *os.File) {
	w.t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = []string{supervisorVariable + "=1"}
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: identity, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	_ = theirs.Close()
	w.process, w.gone = cmd.Process, make(chan int, 1)
	go func() {
		_ = cmd.Wait()
		w.gone <- cmd.ProcessState.ExitCode()
	}()
}

func (w *world) later(do func()) { w.closers = append(w.closers, do) }

func (w *world) close() {
	w.gateway.Close()
	w.Broker.Close()
	if len(w.entrances) != 0 {
		w.t.Errorf("%d listeners are left", len(w.entrances))
	}
}

// host listens at a port of every address.
func (w *world) host(port int, serve func(net.Conn)) {
	w.t.Helper()
	l := w.listen(port)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serve(c)
		}
	}()
}

func (w *world) serveHTTP(port int, h http.Handler, c *tls.Config) {
	w.t.Helper()
	server := &http.Server{Handler: h, TLSConfig: c, ErrorLog: log.New(io.Discard, "", 0)}
	l := w.listen(port)
	if c != nil {
		l = tls.NewListener(l, c)
	}
	go func() { _ = server.Serve(l) }()
	w.later(func() { _ = server.Close() })
}

// listen gives a listener that notes who comes.
func (w *world) listen(port int) net.Listener {
	w.t.Helper()
	l, err := net.Listen("tcp", fmt.Sprintf("[::]:%d", port))
	if err != nil {
		w.t.Fatal(err)
	}
	w.later(func() { _ = l.Close() })
	return noting{l, w}
}

type noting struct {
	net.Listener
	*world
}

func (n noting) Accept() (net.Conn, error) {
	c, err := n.Listener.Accept()
	if err == nil {
		n.mutex.Lock()
		defer n.mutex.Unlock()
		n.visits[plainAddress(c.RemoteAddr())] = plainAddress(c.LocalAddr())
	}
	return c, err
}

func (n noting) Close() error   { return n.Listener.Close() }
func (n noting) Addr() net.Addr { return n.Listener.Addr() }

// echo says which host this is, and then what is said to it.
func (w *world) echo(c net.Conn) {
	defer c.Close()
	fmt.Fprintf(c, "%s\n", plainAddress(c.LocalAddr()).Addr())
	_, _ = io.Copy(c, c)
}

// program is one that runs under the filter.
type program struct {
	*exec.Cmd
	t   testing.TB
	out bytes.Buffer
}

// prepared is a program that is not started yet.
func (w *world) prepared(argv ...string) *program {
	w.t.Helper()
	p := &program{t: w.t, Cmd: exec.Command("/proc/self/exe", argv...)}
	p.Env = []string{"PATH=/usr/bin:/bin", "RES_OPTIONS=use-vc", "LOCALDOMAIN=.", "LANG=C.UTF-8", stageVariable + "=filtered"}
	p.Dir = "/"
	p.SysProcAttr = &syscall.SysProcAttr{Credential: identity, Pdeathsig: syscall.SIGKILL}
	p.Stdout, p.Stderr = &p.out, &p.out
	return p
}

// mode starts one of programs.
func (w *world) mode(name string, argv ...string) *program {
	w.t.Helper()
	p := w.prepared(append([]string{"/proc/self/exe"}, argv...)...)
	p.Env = append(p.Env, programVariable+"="+name)
	return p
}

// start starts a program, and serves its filter.
func (w *world) start(p *program) *program {
	w.t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	defer unix.Close(fds[0])
	theirs := os.NewFile(uintptr(fds[1]), "stage")
	p.ExtraFiles = []*os.File{theirs}
	if err := p.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.program = p
	w.later(func() { _ = p.Process.Kill() })
	_ = theirs.Close()
	if slices.Contains(p.Env, stageVariable+"=open") {
		return p
	}
	oob := make([]byte, unix.CmsgSpace(4))
	_, oobn, _, _, err := unix.Recvmsg(fds[0], make([]byte, 1), oob, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		w.t.Fatal(err)
	}
	fd, ok := rights.Received(oob[:oobn])
	if !ok {
		_ = p.Wait()
		w.t.Fatalf("no listener came: %s", &p.out)
	}
	if err := w.Serve(os.NewFile(uintptr(fd), "listener"), w.gateway.Attempt); err != nil {
		w.t.Fatal(err)
	}
	if _, err := unix.Write(fds[0], []byte("g")); err != nil {
		w.t.Fatal(err)
	}
	return p
}

// ended waits for the end of a program, which has to be a good one, and gives its lines.
func (p *program) ended() []string {
	p.t.Helper()
	if err := p.Wait(); err != nil {
		p.t.Fatalf("%v:\n%s", err, &p.out)
	}
	return strings.Split(strings.TrimSpace(p.out.String()), "\n")
}

// run runs a program to its end.
func (w *world) run(argv ...string) []string {
	w.t.Helper()
	return w.start(w.prepared(argv...)).ended()
}

// undirected fails a test of which anything reached a host without the gateway.
func (w *world) undirected() {
	w.t.Helper()
	if found := w.direct(); len(found) > 0 {
		w.t.Errorf("reached without the gateway: %v", found)
	}
}

// lines is the log of a gateway.
type lines struct {
	mutex   sync.Mutex
	written bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.written.Write(p)
}

// events are the log's, once the gateway is closed.
func (w *world) events() []egress.Event {
	w.t.Helper()
	w.gateway.Close()
	var all []egress.Event
	for s := bufio.NewScanner(&w.log.written); s.Scan(); {
		var e egress.Event
		if err := json.Unmarshal(s.Bytes(), &e); err != nil {
			w.t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// told are the denials of connections, each once.
func (w *world) told() []string {
	w.t.Helper()
	var all []string
	for _, e := range w.events() {
		if e.Verdict == egress.Denied && e.Kind == egress.KindPacket {
			all = append(all, fmt.Sprintf("%s:%d", e.Host, e.Port))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func same(t testing.TB, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nexpected:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
