package inspect

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
)

// forwarded gives what a host reads of what a client says.
func forwarded(client io.Reader) (string, error) {
	var host bytes.Buffer
	h := NewHTTP(testName, client)
	if err := h.Opening(); err != nil {
		return "", err
	}
	err := h.Forward(&host)
	return host.String(), err
}

func TestForwardWritesRequestsAgain(t *testing.T) {
	const hostLine = "Host: api.example.com\r\n"
	for name, c := range map[string]struct{ said, sent string }{
		"plain": {
			"GET /v1/a?b=c%2Fd HTTP/1.1\r\nHost: api.example.com\r\nX-b: 2\r\nx-A:1 \t\r\n\r\n",
			"GET /v1/a?b=c%2Fd HTTP/1.1\r\nHost: api.example.com\r\nX-b: 2\r\nx-A: 1\r\n\r\n",
		},
		"several": {
			strings.Repeat("GET / HTTP/1.1\r\n"+hostLine+"\r\n", 3),
			strings.Repeat("GET / HTTP/1.1\r\n"+hostLine+"\r\n", 3),
		},
		"with the port":     {"GET / HTTP/1.1\r\nHost: API.example.com:80\r\n\r\n", "GET / HTTP/1.1\r\nHost: API.example.com:80\r\n\r\n"},
		"HTTP/1.0":          {"GET / HTTP/1.0\r\n" + hostLine + "\r\n", "GET / HTTP/1.0\r\n" + hostLine + "\r\n"},
		"an absolute form":  {"GET http://api.example.com/a HTTP/1.1\r\n" + hostLine + "\r\n", "GET /a HTTP/1.1\r\n" + hostLine + "\r\n"},
		"absolute, a query": {"GET HTTP://API.example.com:80?a HTTP/1.1\r\n" + hostLine + "\r\n", "GET /?a HTTP/1.1\r\n" + hostLine + "\r\n"},
		"absolute, options": {"OPTIONS http://api.example.com HTTP/1.1\r\n" + hostLine + "\r\n", "OPTIONS * HTTP/1.1\r\n" + hostLine + "\r\n"},
		"options":           {"OPTIONS * HTTP/1.1\r\n" + hostLine + "\r\n", "OPTIONS * HTTP/1.1\r\n" + hostLine + "\r\n"},
		"trace":             {"TRACE / HTTP/1.1\r\n" + hostLine + "\r\n", "TRACE / HTTP/1.1\r\n" + hostLine + "\r\n"},
		"two slashes":       {"GET //evil.example/ HTTP/1.1\r\n" + hostLine + "\r\n", "GET //evil.example/ HTTP/1.1\r\n" + hostLine + "\r\n"},
		"other characters":  {"GET /\u00e4 HTTP/1.1\r\n" + hostLine + "X: \u00e4\r\n\r\n", "GET /\u00e4 HTTP/1.1\r\n" + hostLine + "X: \u00e4\r\n\r\n"},
		"an empty line":     {"\r\nGET / HTTP/1.1\r\n" + hostLine + "\r\n", "GET / HTTP/1.1\r\n" + hostLine + "\r\n"},
		"options of the connection": {
			"GET / HTTP/1.1\r\nConnection: Keep-Alive\r\n" + hostLine + "connection: TE\r\nTE: trailers\r\n\r\n",
			"GET / HTTP/1.1\r\n" + hostLine + "TE: trailers\r\nConnection: keep-alive, te\r\n\r\n",
		},
		"no body": {
			"POST / HTTP/1.1\r\n" + hostLine + "Content-Length: 0\r\n\r\nGET / HTTP/1.1\r\n" + hostLine + "\r\n",
			"POST / HTTP/1.1\r\n" + hostLine + "Content-Length: 0\r\n\r\nGET / HTTP/1.1\r\n" + hostLine + "\r\n",
		},
		"a body": {
			"POST / HTTP/1.1\r\nContent-Length: 005\r\nConnection: keep-alive\r\n" + hostLine + "\r\nhello",
			"POST / HTTP/1.1\r\n" + hostLine + "Connection: close\r\nContent-Length: 5\r\n\r\nhello",
		},
		"nothing behind a body": {
			"GET / HTTP/1.1\r\n" + hostLine + "Content-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
			"GET / HTTP/1.1\r\n" + hostLine + "Connection: close\r\nContent-Length: 5\r\n\r\nhello",
		},
		"nothing behind the last": {
			"GET / HTTP/1.1\r\n" + hostLine + "Connection: close\r\n\r\nGET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
			"GET / HTTP/1.1\r\n" + hostLine + "Connection: close\r\n\r\n",
		},
		"chunks": {
			"POST / HTTP/1.1\r\n" + hostLine + "Transfer-Encoding: Chunked\r\nTrailer: X-Sum\r\n\r\n" +
				"5;ext=\"a\"\r\nhello\r\n00\r\nX-Sum:  1\r\n\r\n",
			"POST / HTTP/1.1\r\n" + hostLine + "Trailer: X-Sum\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n" +
				"5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
		},
		"no chunk": {
			"POST / HTTP/1.1\r\n" + hostLine + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
			"POST / HTTP/1.1\r\n" + hostLine + "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		},
	} {
		sent, err := forwarded(strings.NewReader(c.said))
		if err != nil || sent != c.sent {
			t.Errorf("%s: error %v, sent\n%q, expected\n%q", name, err, sent, c.sent)
		}
	}
}

func TestOpeningRefusesRequests(t *testing.T) {
	get := func(fields ...string) string {
		return "GET / HTTP/1.1\r\n" + strings.Join(fields, "\r\n") + "\r\n\r\n"
	}
	const host = "Host: api.example.com"
	target := func(target string) string { return "GET " + target + " HTTP/1.1\r\n" + host + "\r\n\r\n" }
	for name, c := range map[string]struct{ said, because string }{
		"another host":               {get("Host: evil.example"), `"evil.example"`},
		"another port":               {get("Host: api.example.com:8080"), `"api.example.com:8080"`},
		"an empty port":              {get("Host: api.example.com:"), `"api.example.com:"`},
		"two ports":                  {get("Host: api.example.com:80:80"), "host"},
		"a trailing dot":             {get("Host: api.example.com."), `"api.example.com."`},
		"a user":                     {get("Host: secret@api.example.com"), "a user in its host"},
		"an empty host":              {get("Host:"), `""`},
		"a list of hosts":            {get("Host: api.example.com, evil.example"), "evil.example"},
		"a host that folds":          {get("Host: api.example.\u017fom"), "host"},
		"no host":                    {get("X: y"), "without Host"},
		"no field":                   {"GET / HTTP/1.1\r\n\r\n", "without Host"},
		"no host in HTTP/1.0":        {"GET / HTTP/1.0\r\n\r\n", "without Host"},
		"two hosts":                  {get(host, "Host: evil.example"), "more than one Host"},
		"the host twice":             {get(host, "host: api.example.com"), "more than one Host"},
		"a target elsewhere":         {target("http://evil.example/"), `"evil.example"`},
		"a target with a user":       {target("http://api.example.com@evil.example/"), "a user"},
		"a target with a backslash":  {target(`http://api.example.com\@evil.example/`), "a user"},
		"a target with a fragment":   {target("http://api.example.com#@evil.example/"), "no path"},
		"a target of another scheme": {target("https://api.example.com/"), "no path"},
		"an authority as target":     {target("api.example.com:80"), "no path"},
		"a star":                     {target("*"), "no path"},
		"a target that Go refuses":   {target("/%zz"), "malformed HTTP request"},
		"a host only in the target":  {"GET http://api.example.com/ HTTP/1.1\r\n\r\n", "without Host"},
		"a tunnel":                   {"CONNECT evil.example:443 HTTP/1.1\r\n" + host + "\r\n\r\n", "CONNECT"},
		"a websocket":                {get(host, "Connection: Upgrade", "Upgrade: websocket"), "Upgrade"},
		"HTTP/2 by upgrade":          {get(host, "Upgrade: h2c", "HTTP2-Settings: x"), "Upgrade"},
		"an upgrade in other case":   {get(host, "upGRADE: x"), "Upgrade"},
		"HTTP/2":                     {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/2"},
		"HTTP/0.9":                   {"GET /\r\n", "HTTP/0.9"},
		"HTTP/1.2":                   {"GET / HTTP/1.2\r\n" + host + "\r\n\r\n", "request line"},
		"HTTP/1.10":                  {"GET / HTTP/1.10\r\n" + host + "\r\n\r\n", "request line"},
		"a target with a space":      {target("/a b"), "request line"},
		"a target with a tab":        {target("/a\tb"), "request line"},
		"a method with a colon":      {"GE:T / HTTP/1.1\r\n" + host + "\r\n\r\n", "request line"},
		"TLS":                        {"\x16\x03\x01\x02\x00", "not HTTP"},
		"space before the method":    {" GET / HTTP/1.1\r\n" + host + "\r\n\r\n", "not HTTP"},
		"two empty lines":            {"\r\n\r\nGET / HTTP/1.1\r\n" + host + "\r\n\r\n", "request line"},
		"a folded field":             {get(host, "X: a", " b: c"), "malformed HTTP field"},
		"a folded host":              {get("Host:", " api.example.com"), "malformed HTTP field"},
		"space before a colon":       {get("Host : evil.example", host), "malformed HTTP field"},
		"no colon":                   {get(host, "X"), "malformed HTTP field"},
		"no name":                    {get(host, ": x"), "malformed HTTP field"},
		"a CR inside":                {get(host, "X: a\rHost: evil.example"), "malformed HTTP field"},
		"a zero byte":                {get(host, "X: a\x00"), "malformed HTTP field"},
		"a line that ends in LF":     {"GET / HTTP/1.1\n" + host + "\r\n\r\n", "without CR"},
		"a head that ends in LF":     {"GET / HTTP/1.1\r\n" + host + "\r\n\n", "without CR"},
		"chunks and a length":        {get(host, "Content-Length: 5", "Transfer-Encoding: chunked"), "clear length"},
		"two lengths":                {get(host, "Content-Length: 5", "Content-Length: 6"), "clear length"},
		"the length twice":           {get(host, "Content-Length: 5", "Content-Length: 5"), "clear length"},
		"a list of lengths":          {get(host, "Content-Length: 5, 5"), "clear length"},
		"a signed length":            {get(host, "Content-Length: +5"), "clear length"},
		"a negative length":          {get(host, "Content-Length: -1"), "clear length"},
		"a hexadecimal length":       {get(host, "Content-Length: 0x5"), "clear length"},
		"an empty length":            {get(host, "Content-Length:"), "clear length"},
		"a huge length":              {get(host, "Content-Length: 99999999999999999999"), "clear length"},
		"a length in CGI spelling":   {get(host, "Content_Length: 5"), "clear length"},
		"chunks in CGI spelling":     {get(host, "Transfer_Encoding: chunked"), "clear length"},
		"identity":                   {get(host, "Transfer-Encoding: identity"), "clear length"},
		"gzip and chunks":            {get(host, "Transfer-Encoding: gzip, chunked"), "clear length"},
		"chunks twice":               {get(host, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), "clear length"},
		"chunks, odd":                {get(host, "Transfer-Encoding: \vchunked"), "malformed HTTP field"},
		"chunks in quotes":           {get(host, `Transfer-Encoding: "chunked"`), "clear length"},
		"chunks in HTTP/1.0":         {"POST / HTTP/1.0\r\n" + host + "\r\nTransfer-Encoding: chunked\r\n\r\n", "clear length"},
		"a host taken out":           {get(host, "Connection: close, Host"), "option in Connection"},
		"many fields":                {get(append([]string{host}, strings.Split(strings.Repeat("a: b\n", maxFields), "\n")[:maxFields]...)...), "more than 256 fields"},
		"a long field":               {get(host, "X: "+strings.Repeat("a", maxHead)), "more than 64 KiB"},
		"a long target":              {target("/" + strings.Repeat("a", maxHead)), "more than 64 KiB"},
		"a long host":                {get("Host: " + strings.Repeat("a", 10000)), `..."`},
	} {
		err := NewHTTP(testName, iotest.OneByteReader(strings.NewReader(c.said))).Opening()
		var v *Violation
		if !errors.As(err, &v) || !strings.Contains(v.Because, c.because) || len(v.Because) > 500 || strings.Contains(v.Because, "secret") {
			t.Errorf("%s: error %v, expected a violation with %q", name, err, c.because)
		}
	}
}

func TestForwardStopsAtAViolation(t *testing.T) {
	const good = "GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n"
	const chunked = "POST / HTTP/1.1\r\nHost: api.example.com\r\nTransfer-Encoding: chunked\r\n\r\n"
	for name, c := range map[string]struct {
		said string
		// because is of a violation; another error is expected if it is empty.
		because string
	}{
		"the second request":      {good + "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", "evil.example"},
		"a host in the trailer":   {chunked + "0\r\nHost: evil.example\r\n\r\n", "belongs into the head"},
		"a length in the trailer": {chunked + "0\r\nContent_Length: 5\r\n\r\n", "belongs into the head"},
		"a folded trailer":        {chunked + "0\r\nX: a\r\n b\r\n\r\n", "malformed HTTP field"},
		"a chunk that ends in LF": {chunked + "5\nhello\r\n0\r\n\r\n", ""},
		"a chunk too long":        {chunked + "5\r\nhello!\r\n0\r\n\r\n", ""},
		"a chunk without a size":  {chunked + "\r\n\r\n", ""},
		"a negative chunk":        {chunked + "-1\r\n\r\n", ""},
		"a huge chunk":            {chunked + "FFFFFFFFFFFFFFFFF\r\n", ""},
	} {
		sent, err := forwarded(strings.NewReader(c.said))
		var v *Violation
		switch {
		case strings.Contains(sent, "evil"):
			t.Errorf("%s: sent %q", name, sent)
		case err == nil, c.because == "" && errors.As(err, &v):
			t.Errorf("%s: error %v", name, err)
		case c.because != "" && (!errors.As(err, &v) || !strings.Contains(v.Because, c.because)):
			t.Errorf("%s: error %v, expected a violation with %q", name, err, c.because)
		}
	}
}

func TestHTTPAtTheEndOfTheStream(t *testing.T) {
	for _, said := range []string{
		"GET /a HTTP/1.1\r\nHost: api.example.com\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: api.example.com\r\nContent-Length: 5\r\n\r\nhello",
		"POST / HTTP/1.1\r\nHost: api.example.com\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n",
	} {
		for cut := range len(said) {
			_, err := forwarded(strings.NewReader(said[:cut]))
			expected := io.ErrUnexpectedEOF
			if cut == 0 {
				expected = io.EOF
			}
			if !errors.Is(err, expected) {
				t.Errorf("%q: error %v, expected %v", said[:cut], err, expected)
			}
		}
	}
	broken := errors.New("broken")
	if _, err := forwarded(io.MultiReader(strings.NewReader("GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n"), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("error %v, expected %v", err, broken)
	}
}

// TestBodiesStream has a client that says the next part of a body only when the host has
// read the one before.
func TestBodiesStream(t *testing.T) {
	for name, c := range map[string]struct {
		framing string
		frame   func(part string) string
		end     string
	}{
		"length": {"Content-Length: 40\r\n", func(part string) string { return part }, ""},
		"chunks": {
			"Transfer-Encoding: chunked\r\n",
			func(part string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(part), part) }, "0\r\n\r\n",
		},
	} {
		client, said := io.Pipe()
		read, host := io.Pipe()
		forwarded := make(chan error, 1)
		go func() {
			h := NewHTTP(testName, client)
			err := h.Forward(host)
			_ = host.CloseWithError(err)
			forwarded <- err
		}()
		say := func(text string) {
			if _, err := io.WriteString(said, text); err != nil {
				t.Error(err)
			}
		}
		say("POST / HTTP/1.1\r\nHost: api.example.com\r\n" + c.framing + "Expect: 100-continue\r\n\r\n")
		request, err := http.ReadRequest(bufio.NewReader(read))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if request.Header.Get("Expect") != "100-continue" {
			t.Errorf("%s: head %v, expected Expect in it", name, request.Header)
		}
		for i := range 10 {
			part := fmt.Sprintf("%04d", i)
			go say(c.frame(part))
			got := make([]byte, len(part))
			if _, err := io.ReadFull(request.Body, got); err != nil || string(got) != part {
				t.Fatalf("%s: read %q, error %v, expected %q", name, got, err, part)
			}
		}
		go func() {
			say(c.end)
			_ = said.Close()
		}()
		if left, err := io.ReadAll(request.Body); err != nil || len(left) > 0 {
			t.Errorf("%s: left %q, error %v", name, left, err)
		}
		if err := <-forwarded; err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRealRequests(t *testing.T) {
	var agents []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		agents = append(agents, r.UserAgent())
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		fmt.Fprintf(w, "%s %s %s %d %v", r.Method, r.Host, r.URL, len(body), r.Trailer)
	}))
	defer server.Close()

	connections := 0
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		connections++
		host, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			return nil, err
		}
		client, end := connected(t)
		go func() {
			defer end.Close()
			h := NewHTTP(testName, end)
			if err := h.Opening(); err != nil {
				t.Error(err)
				return
			}
			go func() {
				_, _ = io.Copy(end, host)
				_ = end.Close()
			}()
			_ = h.Forward(host)
			_ = host.Close()
		}()
		return client, nil
	}}
	defer transport.CloseIdleConnections()

	send := func(method string, body io.Reader, edit func(*http.Request)) string {
		t.Helper()
		request, err := http.NewRequest(method, "http://"+testName+"/path", body)
		if err != nil {
			t.Fatal(err)
		}
		edit(request)
		response, err := transport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		got, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(got)
	}
	const big = 1 << 20
	for _, c := range []struct {
		name, method string
		body         io.Reader
		edit         func(*http.Request)
		expected     string
		connections  int
	}{
		{"first", "GET", nil, func(*http.Request) {}, "GET api.example.com /path 0 map[]", 1},
		{"on the same connection", "DELETE", nil, func(*http.Request) {}, "DELETE api.example.com /path 0 map[]", 1},
		{"with a length", "POST", bytes.NewReader(make([]byte, big)), func(*http.Request) {}, "POST api.example.com /path 1048576 map[]", 1},
		{"after a body", "GET", nil, func(*http.Request) {}, "GET api.example.com /path 0 map[]", 2},
		{"expecting", "PUT", strings.NewReader("hello"), func(r *http.Request) {
			r.Header.Set("Expect", "100-continue")
		}, "PUT api.example.com /path 5 map[]", 2},
		{"in chunks", "POST", io.MultiReader(bytes.NewReader(make([]byte, big))), func(r *http.Request) {
			r.Trailer = http.Header{"X-Sum": {"1"}}
		}, "POST api.example.com /path 1048576 map[X-Sum:[1]]", 3},
	} {
		request := c.edit
		got := send(c.method, c.body, func(r *http.Request) {
			r.Header.Set("User-Agent", "")
			request(r)
		})
		if got != c.expected || connections != c.connections {
			t.Errorf("%s: %q over %d connections, expected %q over %d", c.name, got, connections, c.expected, c.connections)
		}
	}
	if all := strings.Join(agents, ""); all != "" {
		t.Errorf("user agents %q: the client said none", agents)
	}
}

func FuzzHTTP(f *testing.F) {
	for _, said := range []string{
		"GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\nGET http://api.example.com:80/?a HTTP/1.0\r\nHost: API.example.com:80\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: api.example.com\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: api.example.com\r\nTransfer-Encoding: chunked\r\nTrailer: x\r\n\r\n5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n",
		"\r\nOPTIONS * HTTP/1.1\r\nConnection: te\r\nHost: api.example.com\r\nExpect: 100-continue\r\n\r\n",
		"GET http://a@b/ HTTP/1.1\r\nHost: api.example.com\r\n x: y\r\nContent_Length: 1\n\r\n",
	} {
		f.Add(said)
	}
	f.Fuzz(func(t *testing.T, said string) {
		sent, err := forwarded(strings.NewReader(said))
		in := bufio.NewReader(strings.NewReader(sent))
		for {
			r, parseErr := http.ReadRequest(in)
			if parseErr != nil {
				if !errors.Is(parseErr, io.EOF) || in.Buffered() > 0 {
					t.Fatalf("sent %q: %v", sent, parseErr)
				}
				return
			}
			if !sameName(strings.TrimSuffix(r.Host, ":80"), testName) || r.Header.Get("Upgrade") != "" || r.Method == http.MethodConnect {
				t.Fatalf("sent %q: host %q", sent, r.Host)
			}
			if _, bodyErr := io.Copy(io.Discard, r.Body); bodyErr != nil {
				if err == nil {
					t.Fatalf("sent %q without an error: %v", sent, bodyErr)
				}
				return
			}
		}
	})
}
