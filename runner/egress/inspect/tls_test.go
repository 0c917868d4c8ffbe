package inspect

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"io"
	"math/big"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

const testName = "api.example.com"

// helloWriter is a connection whose peer never answers; it keeps what was written.
type helloWriter struct {
	net.Conn
	written bytes.Buffer
}

func (c *helloWriter) Write(p []byte) (int, error)      { return c.written.Write(p) }
func (c *helloWriter) Read([]byte) (int, error)         { return 0, io.EOF }
func (c *helloWriter) Close() error                     { return nil }
func (c *helloWriter) SetDeadline(time.Time) error      { return nil }
func (c *helloWriter) SetReadDeadline(time.Time) error  { return nil }
func (c *helloWriter) SetWriteDeadline(time.Time) error { return nil }

// realHello gives the hello of Go's client.
func realHello(t testing.TB, config *tls.Config) []byte {
	t.Helper()
	conn := &helloWriter{}
	if err := tls.Client(conn, config).Handshake(); err == nil {
		t.Fatal("a handshake without an answer succeeded")
	}
	return conn.written.Bytes()
}

// records frames the bytes of handshake messages in records of at most n bytes.
func records(message []byte, n int) []byte {
	var out []byte
	for part := range slices.Chunk(message, n) {
		out = append(out, handshake, 3, 1)
		out = binary.BigEndian.AppendUint16(out, uint16(len(part)))
		out = append(out, part...)
	}
	return out
}

// anyRecord frames one body in a record of any kind.
func anyRecord(kind byte, body ...byte) []byte {
	out := binary.BigEndian.AppendUint16([]byte{kind, 3, 3}, uint16(len(body)))
	return append(out, body...)
}

// rawHello makes a ClientHello message with the extensions given.
func rawHello(extensions ...[]byte) []byte {
	body := append([]byte{3, 3}, make([]byte, 32)...)
	body = append(body, 0, 0, 2, 0x13, 0x01, 1, 0)
	all := slices.Concat(extensions...)
	body = binary.BigEndian.AppendUint16(body, uint16(len(all)))
	body = append(body, all...)
	return append([]byte{clientHello, 0, byte(len(body) >> 8), byte(len(body))}, body...)
}

func extension(kind uint16, data ...byte) []byte {
	out := binary.BigEndian.AppendUint16(nil, kind)
	out = binary.BigEndian.AppendUint16(out, uint16(len(data)))
	return append(out, data...)
}

// sni makes the extension server_name with names of one type.
func sni(kind byte, names ...string) []byte {
	var list []byte
	for _, name := range names {
		list = append(list, kind)
		list = binary.BigEndian.AppendUint16(list, uint16(len(name)))
		list = append(list, name...)
	}
	return extension(serverNameExtension, append(binary.BigEndian.AppendUint16(nil, uint16(len(list))), list...)...)
}

func TestOpeningReturnsWhatItRead(t *testing.T) {
	full := realHello(t, &tls.Config{ServerName: testName})
	if len(full) < 1500 {
		t.Fatalf("Go's hello has %d bytes: expected the share of a post-quantum key in it", len(full))
	}
	for name, hello := range map[string][]byte{
		"TLS 1.0 to 1.2":              realHello(t, &tls.Config{ServerName: testName, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS12}),
		"TLS 1.0":                     realHello(t, &tls.Config{ServerName: testName, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}),
		"TLS 1.3":                     full,
		"other case":                  realHello(t, &tls.Config{ServerName: "API.Example.COM"}),
		"records of one byte":         records(full[recordHeader:], 1),
		"records of a hundred bytes":  records(full[recordHeader:], 100),
		"nothing but the server name": records(rawHello(sni(0, testName)), 1000),
	} {
		for how, reader := range map[string]func(io.Reader) io.Reader{
			"at once":    func(r io.Reader) io.Reader { return r },
			"in bytes":   iotest.OneByteReader,
			"with error": iotest.DataErrReader,
		} {
			rest := strings.NewReader("what comes behind")
			in := reader(io.MultiReader(bytes.NewReader(hello), rest))
			got, err := TLS{testName}.Opening(in)
			if err != nil {
				t.Errorf("%s, %s: %v", name, how, err)
				continue
			}
			if !bytes.Equal(got, hello) {
				t.Errorf("%s, %s: %d bytes returned, expected the %d that were sent", name, how, len(got), len(hello))
			}
			if left, _ := io.ReadAll(in); string(left) != "what comes behind" {
				t.Errorf("%s, %s: left behind the hello: %q", name, how, left)
			}
		}
	}
}

func TestOpeningRefuses(t *testing.T) {
	good := rawHello(sni(0, testName))
	hello := func(extensions ...[]byte) []byte { return records(rawHello(extensions...), 1<<14) }
	edited := func(at int, b byte) []byte {
		message := bytes.Clone(good)
		message[at] = b
		return records(message, 1<<14)
	}
	ech := realHello(t, &tls.Config{ServerName: testName, EncryptedClientHelloConfigList: echConfigs(t, testName), MinVersion: tls.VersionTLS13})
	for name, c := range map[string]struct {
		said    []byte
		because string
	}{
		"another name":              {realHello(t, &tls.Config{ServerName: "evil.example"}), `"evil.example"`},
		"a name below":              {hello(sni(0, "x."+testName)), `"x.api.example.com"`},
		"a trailing dot":            {hello(sni(0, testName+".")), "trailing dot"},
		"a zero byte":               {hello(sni(0, testName+"\x00")), `\x00`},
		"a very long name":          {hello(sni(0, strings.Repeat("a", 5000))), `..."`},
		"no name":                   {hello(extension(10, 0, 2, 0, 29)), "without a server name"},
		"no extensions":             {records(append([]byte{1, 0, 0, 41, 3, 3}, append(make([]byte, 32), 0, 0, 2, 0x13, 1, 1, 0)...), 100), "without a server name"},
		"an empty list":             {hello(extension(0, 0, 0)), "without a server name"},
		"an empty name":             {hello(sni(0, "")), "without a server name"},
		"two names":                 {hello(sni(0, testName, "evil.example")), "more than one"},
		"the name twice":            {hello(sni(0, testName, testName)), "more than one"},
		"another type":              {hello(sni(1, testName)), "no host name"},
		"two server name extension": {hello(sni(0, testName), sni(0, "evil.example")), "twice"},
		"two of another extension":  {hello(sni(0, testName), extension(5), extension(5)), "twice"},
		"bytes behind the list":     {hello(extension(0, append([]byte{0, 4, 0, 0, 1, 'a'}, 0)...)), "malformed"},
		"ECH":                       {ech, "ECH"},
		"ECH with nothing inside":   {hello(sni(0, testName), extension(0xfe0d)), "ECH"},
		"ECH as a decoy":            {hello(extension(0xfe0d, make([]byte, 200)...), sni(0, testName)), "ECH"},
		"ESNI":                      {hello(sni(0, testName), extension(0xffce)), "ECH"},
		"a draft of ECH":            {hello(sni(0, testName), extension(0xfe0a)), "ECH"},
		"SSL 2.0":                   {[]byte{0x80, 0x2e, 1, 3, 1, 0, 21, 0, 0, 0, 16}, "SSL 2.0"},
		"HTTP":                      {[]byte("GET / HTTP/1.1\r\n"), "not TLS"},
		"another version":           {[]byte{handshake, 4, 0, 0, 1, 1}, "not TLS"},
		"a version to come":         {[]byte{handshake, 3, 4, 0, 1, 1}, "not TLS"},
		"an alert":                  {anyRecord(alert, 1, 0), "does not begin with a hello"},
		"data":                      {anyRecord(applicationData, 1), "does not begin with a hello"},
		"a ServerHello":             {records([]byte{2, 0, 0, 0}, 10), "does not begin with a hello"},
		"an empty record":           {anyRecord(handshake), "a TLS record of 0 bytes"},
		"a record too long":         {[]byte{handshake, 3, 1, 0x40, 1}, "a TLS record of 16385 bytes"},
		"a hello too long":          {records([]byte{1, 1, 0, 0}, 4), "a TLS hello of 65540 bytes"},
		"many records":              {records(append([]byte{1, 0, 0xf0, 0}, make([]byte, 0xf000)...), 1), "more TLS records"},
		"a message behind":          {records(append(bytes.Clone(good), 20), 1<<14), "another message behind"},
		"a record inside":           {slices.Concat(records(good[:20], 20), anyRecord(applicationData, 1), records(good[20:], 1000)), "another record inside"},
		"a client of SSL 2":         {edited(4, 2), "malformed"},
		"extensions too long":       {edited(46, 200), "malformed"},
		"bytes behind the extensions": {records(func() []byte {
			more := append(bytes.Clone(good), 0)
			more[3]++
			return more
		}(), 1<<14), "malformed"},
		"three bytes of ciphers": {records(slices.Concat(
			[]byte{clientHello, 0, 0, good[3] + 1}, good[4:39], []byte{0, 3, 0x13, 1, 0x13}, good[43:],
		), 1<<14), "malformed"},
		"a session of 33 bytes": {records(slices.Concat(
			[]byte{clientHello, 0, 0, good[3] + 33}, good[4:38], []byte{33}, make([]byte, 33), good[39:],
		), 1<<14), "malformed"},
		"a hello cut inside": {records(func() []byte {
			cut := bytes.Clone(good[:60])
			cut[2], cut[3] = 0, 56
			return cut
		}(), 1000), "malformed"},
	} {
		_, err := TLS{testName}.Opening(bytes.NewReader(c.said))
		var v *Violation
		if !errors.As(err, &v) {
			t.Errorf("%s: error %v, expected a violation", name, err)
		} else if !strings.Contains(v.Because, c.because) || len(v.Because) > 500 {
			t.Errorf("%s: because %q, expected %q in it", name, v.Because, c.because)
		}
	}
}

// echConfigs gives a list of configurations of ECH (RFC 9849, 4) with a public name.
func echConfigs(t *testing.T, public string) []byte {
	t.Helper()
	key := make([]byte, 32)
	key[0] = 9 // the base point of X25519 is a public key as good as any
	contents := []byte{1, 0, 0x20, 0, 32}
	contents = append(contents, key...)
	contents = append(contents, 0, 4, 0, 1, 0, 1, 64, byte(len(public)))
	contents = append(append(contents, public...), 0, 0)
	config := binary.BigEndian.AppendUint16([]byte{0xfe, 0x0d}, uint16(len(contents)))
	config = append(config, contents...)
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(config))), config...)
}

func TestSameName(t *testing.T) {
	for _, c := range []struct {
		said, name string
		same       bool
	}{
		{"Api.Example.COM", testName, true},
		{testName + ".", testName, false},
		{"", testName, false},
		{"\u212aeys.example", "keys.example", false}, // KELVIN SIGN
		{"key\u017f.example", "keys.example", false}, // LATIN SMALL LETTER LONG S
		{"\xffeys.example", "\ufffdeys.example", false},
	} {
		if sameName(c.said, c.name) != c.same {
			t.Errorf("%q and %q: expected same %v", c.said, c.name, c.same)
		}
	}
}

func TestOpeningAtTheEndOfTheStream(t *testing.T) {
	hello := records(rawHello(sni(0, testName)), 20)
	for cut := range len(hello) {
		_, err := TLS{testName}.Opening(bytes.NewReader(hello[:cut]))
		expected := io.ErrUnexpectedEOF
		if cut == 0 {
			expected = io.EOF
		}
		if !errors.Is(err, expected) {
			t.Errorf("%d of %d bytes: error %v, expected %v", cut, len(hello), err, expected)
		}
	}
}

// serverHelloOf makes a ServerHello message with a random.
func serverHelloOf(random [32]byte) []byte {
	body := append([]byte{3, 3}, random[:]...)
	body = append(body, 0, 0x13, 1, 0)
	return append([]byte{serverHello, 0, 0, byte(len(body))}, body...)
}

func TestAnswer(t *testing.T) {
	retry, plain := serverHelloOf(retryRandom), serverHelloOf([32]byte{})
	warning, ccs := anyRecord(alert, 1, 112), anyRecord(changeCipherSpec, 1)
	const behind = "behind"
	for name, c := range map[string]struct {
		said  []byte
		retry bool
		// raw is how many bytes are read; 0 is all.
		raw int
	}{
		"a hello":                     {said: records(plain, 1000)},
		"a retry":                     {said: records(retry, 1000), retry: true},
		"a retry in bytes":            {said: records(retry, 1), retry: true},
		"a hello and more":            {said: records(append(bytes.Clone(plain), 11, 0, 0, 1, 0), 1000)},
		"a retry and more":            {said: records(append(bytes.Clone(retry), 11, 0, 0, 1, 0), 1000), retry: true},
		"a warning and a retry":       {said: slices.Concat(warning, records(retry, 1000)), retry: true},
		"ciphers and a retry":         {said: slices.Concat(ccs, records(retry, 1000)), retry: true},
		"an alert":                    {said: anyRecord(alert, 2, 40)},
		"data":                        {said: anyRecord(applicationData, 1, 2)},
		"another message":             {said: records([]byte{0, 0, 0, 0}, 4)},
		"no TLS":                      {said: []byte("HTTP/1.1 400 Bad Request\r\n"), raw: recordHeader},
		"a record within a retry":     {said: slices.Concat(records(retry[:10], 10), ccs)},
		"a hello that never ends":     {said: records(append([]byte{2, 0xff, 0xff, 0xff}, make([]byte, 70000)...), 1<<14), raw: 3*(1<<14+5) + 5},
		"a retry too short to be one": {said: records([]byte{2, 0, 0, 2, 3, 3}, 6)},
	} {
		if c.raw == 0 {
			c.raw = len(c.said)
		}
		in := iotest.OneByteReader(io.MultiReader(bytes.NewReader(c.said), strings.NewReader(behind)))
		head, again, err := TLS{testName}.Answer(in)
		if err != nil || again != c.retry || !bytes.Equal(head, c.said[:c.raw]) {
			t.Errorf("%s: %d bytes, retry %v, error %v; expected %d bytes, retry %v", name, len(head), again, err, c.raw, c.retry)
		}
	}
}

func TestAnswerKeepsWhatItReadAtAnError(t *testing.T) {
	retry := records(serverHelloOf(retryRandom), 30)
	for cut := range len(retry) {
		head, again, err := TLS{testName}.Answer(bytes.NewReader(retry[:cut]))
		if err != nil || again || !bytes.Equal(head, retry[:cut]) {
			t.Errorf("end after %d bytes: %d bytes, retry %v, error %v", cut, len(head), again, err)
		}
	}
	broken := errors.New("broken")
	head, again, err := TLS{testName}.Answer(io.MultiReader(bytes.NewReader(retry[:40]), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || again || !bytes.Equal(head, retry[:40]) {
		t.Errorf("broken: %d bytes, retry %v, error %v", len(head), again, err)
	}
}

func TestAgain(t *testing.T) {
	good, bad := records(rawHello(sni(0, testName)), 30), records(rawHello(sni(0, "evil.example")), 30)
	ccs, early := anyRecord(changeCipherSpec, 1), anyRecord(applicationData, make([]byte, 1000)...)
	for name, c := range map[string]struct {
		said []byte
		// because is of a violation; none is expected if it is empty.
		because string
	}{
		"a hello":                      {good, ""},
		"ciphers and a hello":          {slices.Concat(ccs, good), ""},
		"early data":                   {slices.Concat(ccs, early, early, good), ""},
		"early data without ciphers":   {slices.Concat(early, good), ""},
		"another name":                 {bad, "evil.example"},
		"another name behind ciphers":  {slices.Concat(ccs, bad), "evil.example"},
		"another name behind data":     {slices.Concat(early, bad), "evil.example"},
		"another name in the record":   {records(slices.Concat(rawHello(sni(0, testName)), rawHello(sni(0, "evil.example"))), 1000), "another message behind"},
		"ciphers twice":                {slices.Concat(ccs, ccs, good), "change of ciphers"},
		"ciphers of another kind":      {slices.Concat(anyRecord(changeCipherSpec, 2), good), "change of ciphers"},
		"no end of early data":         {bytes.Repeat(early, 1100), "more TLS records"},
		"no end of empty data":         {bytes.Repeat(anyRecord(applicationData), 1<<20), "more TLS records"},
		"early data within the hello":  {slices.Concat(good[:35], early, good[35:]), "another record inside"},
		"ECH":                          {records(rawHello(sni(0, testName), extension(0xfe0d)), 1000), "ECH"},
		"no TLS":                       {[]byte("GET / HTTP/1.1\r\n"), "not TLS"},
		"another message than a hello": {records([]byte{20, 0, 0, 1, 0}, 10), "does not begin with a hello"},
	} {
		in := io.MultiReader(bytes.NewReader(c.said), strings.NewReader("behind"))
		got, err := TLS{testName}.Again(in)
		var v *Violation
		switch {
		case c.because == "":
			left, _ := io.ReadAll(in)
			if err != nil || !bytes.Equal(got, c.said) || string(left) != "behind" {
				t.Errorf("%s: %d of %d bytes, %q left, error %v", name, len(got), len(c.said), left, err)
			}
		case !errors.As(err, &v) || !strings.Contains(v.Because, c.because) || got != nil:
			t.Errorf("%s: %d bytes, error %v, expected a violation with %q", name, len(got), err, c.because)
		}
	}

	// Behind an alert lies what nobody looks at.
	got, err := TLS{testName}.Again(bytes.NewReader(slices.Concat(anyRecord(alert, 1, 90), bad)))
	if err == nil || got != nil {
		t.Errorf("an alert: %d bytes, error %v, expected an error alone", len(got), err)
	}
}

// certificate makes a certificate for a name and the pool that trusts it.
func certificate(t *testing.T, name string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotAfter:     time.Now().Add(time.Hour),
		DNSNames:     []string{name},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// between relays one connection as a gateway does. edit changes the client's second hello.
func between(client, host net.Conn, edit func([]byte) []byte) (retried bool, err error) {
	defer client.Close()
	defer host.Close()
	inspection := TLS{testName}
	first, err := inspection.Opening(client)
	if err != nil {
		return false, err
	}
	if _, err := host.Write(first); err != nil {
		return false, err
	}
	head, retried, err := inspection.Answer(host)
	if err != nil {
		return false, err
	}
	if _, err := client.Write(head); err != nil {
		return false, err
	}
	if retried {
		second, err := inspection.Again(&editor{client, edit})
		if err != nil {
			return true, err
		}
		if _, err := host.Write(second); err != nil {
			return true, err
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(host, client)
		_ = host.Close()
	}()
	_, _ = io.Copy(client, host)
	_ = client.Close()
	<-done
	return retried, nil
}

// connected gives the two ends of a connection within this machine.
func connected(t *testing.T) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = a.Close()
		_ = b.Close()
	})
	return a, b
}

// editor edits what is read.
type editor struct {
	io.Reader
	edit func([]byte) []byte
}

func (e *editor) Read(p []byte) (int, error) {
	n, err := e.Reader.Read(p)
	if e.edit != nil {
		copy(p, e.edit(p[:n]))
	}
	return n, err
}

func TestRealHandshakes(t *testing.T) {
	cert, pool := certificate(t, testName)
	for name, c := range map[string]struct {
		version        uint16
		client, server []tls.CurveID
		edit           func([]byte) []byte
		retried        bool
		because        string
	}{
		"TLS 1.0": {version: tls.VersionTLS10},
		"TLS 1.1": {version: tls.VersionTLS11},
		"TLS 1.2": {version: tls.VersionTLS12},
		"TLS 1.3": {version: tls.VersionTLS13},
		"retried": {
			version: tls.VersionTLS13, retried: true,
			client: []tls.CurveID{tls.X25519, tls.CurveP384}, server: []tls.CurveID{tls.CurveP384},
		},
		"retried with another name": {
			version: tls.VersionTLS13, retried: true,
			client: []tls.CurveID{tls.X25519, tls.CurveP384}, server: []tls.CurveID{tls.CurveP384},
			edit: func(b []byte) []byte {
				return bytes.ReplaceAll(b, []byte(testName), []byte("evl.example.com"))
			},
			because: `"evl.example.com"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, clientEnd := connected(t)
			hostEnd, host := connected(t)
			deadline := time.Now().Add(30 * time.Second)
			_ = client.SetDeadline(deadline)
			_ = host.SetDeadline(deadline)

			type outcome struct {
				retried bool
				err     error
			}
			relayed := make(chan outcome, 1)
			go func() {
				retried, err := between(clientEnd, hostEnd, c.edit)
				relayed <- outcome{retried, err}
			}()
			served := make(chan struct{})
			go func() {
				defer close(served)
				server := tls.Server(host, &tls.Config{
					Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS10, CurvePreferences: c.server,
				})
				_, _ = io.Copy(server, server)
				_ = server.Close()
			}()

			conn := tls.Client(client, &tls.Config{
				ServerName: testName, RootCAs: pool, MinVersion: c.version, MaxVersion: c.version, CurvePreferences: c.client,
			})
			handshake := conn.HandshakeContext(context.Background())
			if handshake == nil {
				if _, err := conn.Write([]byte("hello")); err != nil {
					t.Error(err)
				}
				echo := make([]byte, 5)
				if _, err := io.ReadFull(conn, echo); err != nil || string(echo) != "hello" {
					t.Errorf("echo %q, error %v", echo, err)
				}
			}
			_ = client.Close()
			got := <-relayed
			<-served
			if got.retried != c.retried {
				t.Errorf("retried %v, expected %v", got.retried, c.retried)
			}
			var v *Violation
			switch {
			case c.because == "" && (handshake != nil || got.err != nil):
				t.Errorf("handshake: %v; relay: %v", handshake, got.err)
			case c.because != "" && (handshake == nil || !errors.As(got.err, &v) || !strings.Contains(v.Because, c.because)):
				t.Errorf("handshake: %v; relay: %v; expected a violation with %s", handshake, got.err, c.because)
			}
		})
	}
}

func FuzzClientHello(f *testing.F) {
	f.Add(realHello(f, &tls.Config{ServerName: testName}))
	f.Add(records(realHello(f, &tls.Config{ServerName: testName, MaxVersion: tls.VersionTLS12})[recordHeader:], 50))
	f.Add(records(rawHello(sni(0, testName)), 10))
	f.Add(records(rawHello(sni(0, testName, "evil.example"), extension(0xfe0d)), 1000))
	f.Add(slices.Concat(anyRecord(changeCipherSpec, 1), anyRecord(applicationData, 1), records(rawHello(sni(0, testName)), 10)))
	f.Fuzz(func(t *testing.T, said []byte) {
		in := bytes.NewReader(said)
		first, err := TLS{testName}.Opening(in)
		if err == nil {
			if consumed := said[:len(said)-in.Len()]; !bytes.Equal(first, consumed) {
				t.Fatalf("%d bytes consumed, %d returned", len(consumed), len(first))
			}
			if name, parsed := goServerName(first); parsed && lower(name) != testName {
				t.Fatalf("crypto/tls reads the server name %q", name)
			}
		}
		in = bytes.NewReader(said)
		if second, err := (TLS{testName}).Again(in); err == nil && !bytes.Equal(second, said[:len(said)-in.Len()]) {
			t.Fatalf("second hello: %d bytes consumed, %d returned", len(said)-in.Len(), len(second))
		}
		in = bytes.NewReader(said)
		if head, _, err := (TLS{testName}).Answer(in); err != nil || !bytes.Equal(head, said[:len(said)-in.Len()]) {
			t.Fatalf("answer: %d bytes consumed, %d returned, error %v", len(said)-in.Len(), len(head), err)
		}
	})
}

// goServerName gives the server name that crypto/tls reads in a hello, if it takes it.
func goServerName(hello []byte) (name string, parsed bool) {
	stop := errors.New("seen")
	conn := &helloReader{Reader: bytes.NewReader(hello)}
	_ = tls.Server(conn, &tls.Config{GetConfigForClient: func(info *tls.ClientHelloInfo) (*tls.Config, error) {
		name, parsed = info.ServerName, true
		return nil, stop
	}}).Handshake()
	return name, parsed
}

// helloReader is a connection that says what it is given and takes everything.
type helloReader struct {
	helloWriter
	io.Reader
}

func (c *helloReader) Read(p []byte) (int, error) { return c.Reader.Read(p) }

func TestGoServerNameReadsRealHellos(t *testing.T) {
	if name, parsed := goServerName(realHello(t, &tls.Config{ServerName: testName})); !parsed || name != testName {
		t.Errorf("crypto/tls reads %q, %v", name, parsed)
	}
}
