//go:build linux

package integration

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"
)

// testResolver answers from what a test says, also otherwise from one question to the
// next, and keeps what it was asked.
type testResolver struct {
	mutex sync.Mutex
	// records are the lists of addresses that are given one after the other, by name.
	records map[string][][]netip.Addr
	// given counts the answers by name and kind: a look-up asks for both kinds of address,
	// and gets them from the same list.
	given map[string]map[dnsmessage.Type]int
	asked []string
}

func newTestResolver() *testResolver {
	r := &testResolver{records: map[string][][]netip.Addr{}, given: map[string]map[dnsmessage.Type]int{}}
	for name, addresses := range map[string][]string{
		"api.vendor.test":     {apiAddress},
		"both.vendor.test":    {apiAddress, apiAddress6},
		"six.vendor.test":     {apiAddress6},
		"a.vendor.test":       {apiAddress},
		"a.b.vendor.test":     {apiAddress},
		"vendor.test":         {apiAddress},
		"other.test":          {apiAddress},
		"evil.test":           {evilAddress},
		"files.evil.test":     {evilAddress},
		"data.evil.test":      {evilAddress},
		"intranet.test":       {privateAddress},
		"intranet6.test":      {uniqueLocal},
		"metadata.test":       {metadataAddress},
		"nat64.test":          {metadataNAT64},
		"6to4.test":           {metadata6to4},
		"mapped.test":         {"::ffff:" + metadataAddress},
		"loopback.test":       {"127.0.0.1"},
		"loopback6.test":      {"::1"},
		"partly.test":         {metadataAddress, apiAddress},
		"unreachable.test":    {"203.0.113.250", apiAddress},
		"deep.sub.vendor.org": {apiAddress},
	} {
		r.set(name, addresses)
	}
	return r
}

// set gives a name addresses, one list after the other; the last one stays.
func (r *testResolver) set(name string, lists ...[]string) {
	var steps [][]netip.Addr
	for _, list := range lists {
		var step []netip.Addr
		for _, text := range list {
			step = append(step, netip.MustParseAddr(text))
		}
		steps = append(steps, step)
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.records[name], r.given[name] = steps, map[dnsmessage.Type]int{}
}

// questions are the names that were asked for since the last call, in lower case.
func (r *testResolver) questions() []string {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	asked := r.asked
	r.asked = nil
	return asked
}

// serve answers at an address, on sockets that are opened by the calling thread.
func (r *testResolver) serve(t *testing.T, address string) error {
	udp, err := net.ListenPacket("udp", net.JoinHostPort(address, "53"))
	if err != nil {
		return err
	}
	tcp, err := net.Listen("tcp", net.JoinHostPort(address, "53"))
	if err != nil {
		return err
	}
	t.Cleanup(func() {
		udp.Close()
		tcp.Close()
	})
	// Many sandboxes may ask at once, and a question that is dropped is asked again late.
	raw, err := udp.(*net.UDPConn).SyscallConn()
	if err != nil {
		return err
	}
	var forced error
	if err := raw.Control(func(fd uintptr) {
		forced = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 8<<20)
	}); err != nil || forced != nil {
		return errors.Join(err, forced)
	}
	go func() {
		buf := make([]byte, 1<<16)
		for {
			n, from, err := udp.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = udp.WriteTo(r.answer(buf[:n]), from)
		}
	}()
	go func() {
		for {
			conn, err := tcp.Accept()
			if err != nil {
				return
			}
			go r.stream(conn)
		}
	}()
	return nil
}

func (r *testResolver) stream(conn net.Conn) {
	defer conn.Close()
	for {
		var length [2]byte
		if _, err := io.ReadFull(conn, length[:]); err != nil {
			return
		}
		message := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(conn, message); err != nil {
			return
		}
		answer := r.answer(message)
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)); err != nil {
			return
		}
	}
}

// answer gives addresses of the kind that is asked for, and a record to every question
// below evil.test: what tunnels need.
func (r *testResolver) answer(data []byte) []byte {
	var m dnsmessage.Message
	if err := m.Unpack(data); err != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	name := strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))
	// Without recursion an answer without records would be taken for a referral.
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	header := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}
	add := func(body dnsmessage.ResourceBody) {
		m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: body})
	}
	addresses, known := r.next(name, q.Type)
	evil := strings.HasSuffix(name, ".evil.test")
	for _, a := range addresses {
		switch {
		case a.Is4() && q.Type == dnsmessage.TypeA:
			add(&dnsmessage.AResource{A: a.As4()})
		case a.Is6() && q.Type == dnsmessage.TypeAAAA:
			add(&dnsmessage.AAAAResource{AAAA: a.As16()})
		}
	}
	switch {
	case !known && !evil:
		m.RCode = dnsmessage.RCodeNameError
	case !evil || len(m.Answers) > 0 || q.Type == dnsmessage.TypeAAAA:
	case q.Type == dnsmessage.TypeA:
		add(&dnsmessage.AResource{A: netip.MustParseAddr(evilAddress).As4()})
	case q.Type == dnsmessage.TypeTXT:
		add(&dnsmessage.TXTResource{TXT: []string{"order"}})
	case q.Type == dnsmessage.TypeMX:
		add(&dnsmessage.MXResource{MX: q.Name})
	case q.Type == dnsmessage.TypeCNAME:
		add(&dnsmessage.CNAMEResource{CNAME: q.Name})
	case q.Type == dnsmessage.TypeNS:
		add(&dnsmessage.NSResource{NS: q.Name})
	case q.Type == dnsmessage.TypeSRV:
		add(&dnsmessage.SRVResource{Target: q.Name})
	default:
		// It reads as a record for HTTPS too: a priority, and the root for a target (RFC 9460).
		add(&dnsmessage.UnknownResource{Type: q.Type, Data: []byte{0, 1, 0}})
	}
	packed, err := m.Pack()
	if err != nil {
		return fmt.Appendf(nil, "%v", err)
	}
	return packed
}

// next gives the addresses that a name has this time.
func (r *testResolver) next(name string, kind dnsmessage.Type) (addresses []netip.Addr, known bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.asked = append(r.asked, name)
	steps, known := r.records[name]
	if len(steps) == 0 {
		return nil, known
	}
	step := steps[min(r.given[name][kind], len(steps)-1)]
	r.given[name][kind]++
	return step, true
}

// visits are what the servers saw, by "address:port".
type visits struct {
	mutex       sync.Mutex
	connections map[string]int
	received    map[string]*bytes.Buffer
}

func newVisits() *visits {
	return &visits{connections: map[string]int{}, received: map[string]*bytes.Buffer{}}
}

func (v *visits) came(to net.Addr) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.connections[to.String()]++
}

// got notes what was received, in the clear where it came by TLS.
func (v *visits) got(to net.Addr, data []byte) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	b := v.received[to.String()]
	if b == nil {
		b = new(bytes.Buffer)
		v.received[to.String()] = b
	}
	b.Write(data)
}

// count gives how many connections and datagrams came to an address, at any port.
func (v *visits) count(address string) int {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	n := 0
	for to, times := range v.connections {
		if host, _, err := net.SplitHostPort(to); err == nil && host == address {
			n += times
		}
	}
	return n
}

// beyond is the text that came to all addresses but one.
func (v *visits) beyond(address string) string {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	var all strings.Builder
	for to, text := range v.received {
		if host, _, err := net.SplitHostPort(to); err == nil && host != address {
			fmt.Fprintf(&all, "%s: %s\n", to, text)
		}
	}
	return all.String()
}

// forget begins anew.
func (v *visits) forget() {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	clear(v.connections)
	clear(v.received)
}

// visited is a listener whose connections are noted.
type visited struct {
	net.Listener
	visits *visits
}

func (l visited) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		l.visits.came(conn.LocalAddr())
	}
	return conn, err
}

// serve has a server of every kind at every address, also those of the loopback.
func (w *internet) serve(t *testing.T) error {
	listen := func(port string) (net.Listener, error) {
		l, err := net.Listen("tcp", net.JoinHostPort("", port))
		if err != nil {
			return nil, err
		}
		t.Cleanup(func() { l.Close() })
		return visited{l, w.visits}, nil
	}
	plain, err := listen("80")
	if err != nil {
		return err
	}
	secure, err := listen("443")
	if err != nil {
		return err
	}
	for _, l := range []net.Listener{plain, tls.NewListener(secure, &tls.Config{GetCertificate: w.authority.certificate})} {
		server := &http.Server{Handler: http.HandlerFunc(w.page), ErrorLog: log.New(io.Discard, "", 0)}
		t.Cleanup(func() { server.Close() })
		go func() { _ = server.Serve(l) }()
	}
	for _, port := range []string{echoPort, echoPort2} {
		l, err := listen(port)
		if err != nil {
			return err
		}
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				go w.echo(conn)
			}
		}()
	}
	for _, address := range []string{apiAddress, evilAddress, sameAsGateway, neighbourAddress} {
		for _, port := range []string{"443", echoPort} {
			if err := w.echoDatagrams(t, net.JoinHostPort(address, port)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *internet) echo(conn net.Conn) {
	defer conn.Close()
	buf := make([]byte, 1<<16)
	for {
		n, err := conn.Read(buf)
		w.visits.got(conn.LocalAddr(), buf[:n])
		if _, failed := conn.Write(buf[:n]); err != nil || failed != nil {
			return
		}
	}
}

func (w *internet) echoDatagrams(t *testing.T, address string) error {
	conn, err := net.ListenPacket("udp", address)
	if err != nil {
		return err
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			w.visits.came(conn.LocalAddr())
			w.visits.got(conn.LocalAddr(), buf[:n])
			_, _ = conn.WriteTo(buf[:n], from)
		}
	}()
	return nil
}

// apiPages are what a hostile API answers: each leads to a host of somebody else.
var apiPages = map[string]func(http.ResponseWriter){
	"/redirect": func(r http.ResponseWriter) {
		r.Header().Set("Location", "https://evil.test/redirected")
		r.WriteHeader(http.StatusFound)
	},
	"/page": func(r http.ResponseWriter) {
		fmt.Fprint(r, `{"next": "https://evil.test/page/2", "download": "https://files.evil.test/export.csv"}`)
	},
}

// page answers requests to any address. Behind apiAddress are also the API servers of
// workspaces.
func (w *internet) page(r http.ResponseWriter, request *http.Request) {
	to := request.Context().Value(http.LocalAddrContextKey).(net.Addr)
	text, err := httputil.DumpRequest(request, true)
	if err != nil {
		text = fmt.Appendf(nil, "%v", err)
	}
	w.visits.got(to, text)
	if host, _, _ := net.SplitHostPort(to.String()); host == apiAddress {
		if answer, ok := apiPages[request.URL.Path]; ok {
			answer(r)
			return
		}
		// A connector's base URL begins with the port of its API server.
		if rest, ok := strings.CutPrefix(request.URL.Path, "/behind/"); ok {
			port, path, _ := strings.Cut(rest, "/")
			proxy := &httputil.ReverseProxy{
				Rewrite: func(p *httputil.ProxyRequest) {
					p.Out.URL.Scheme, p.Out.URL.Host, p.Out.URL.Path = "http", "127.0.0.1:"+port, "/"+path
				},
				ErrorLog: log.New(io.Discard, "", 0),
			}
			proxy.ServeHTTP(r, request)
			return
		}
	}
	fmt.Fprint(r, "{}")
}

// authority signs certificates for any name.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	// file has the certificate that clients trust; the connector's user can read it.
	file string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of the test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return &authority{key, cert, file(t, filepath.Join(tree(t), "authority.pem"), text, 0o644)}
}

// certificate is for the server name that a client gave.
func (a *authority) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	name := hello.ServerName
	if name == "" {
		name = "nameless.test"
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return nil, errors.Join(errors.New("sign a certificate"), err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
