//go:build linux

package egress

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"
)

// A program that has sent, closed and ended has been heard: the host gets all of it.
func TestUploadOutlivesTheProgram(t *testing.T) {
	w := open(t, network())
	client, server := w.pair()
	sent := bytes.Repeat([]byte("0123456789abcdef"), 16<<10)
	if _, err := client.Write(sent); err != nil {
		t.Fatal(err)
	}
	client.Close()
	closed := make(chan struct{})
	go func() {
		w.Close()
		close(closed)
	}()
	time.Sleep(300 * time.Millisecond) // a host that is slow
	got, err := io.ReadAll(server)
	if err != nil || !bytes.Equal(got, sent) {
		t.Errorf("%d of %d bytes: %v", len(got), len(sent), err)
	}
	<-closed
	e := w.find("the end", func(e Event) bool { return e.Kind == KindClose })
	if e.Verdict != Allowed || e.Sent != uint64(len(sent)) {
		t.Errorf("%+v", e)
	}
}

// What a program has said before its host was connected is said to the host, or said to be
// lost.
func TestUploadBeforeTheHostIsConnected(t *testing.T) {
	const request = "POST / HTTP/1.1\r\nHost: plain.example.net\r\nContent-Length: 2\r\n\r\nhi"
	const passed = "POST / HTTP/1.1\r\nHost: plain.example.net\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"
	for name, tt := range map[string]struct {
		host string
		port uint16
		// text is what the program says, and heard what the host hears in the end; empty is
		// that it is not reached.
		text, heard string
	}{
		"a request":              {"plain.example.net", portHTTP, request, passed},
		"any bytes":              {"api.example.com", port, "all that there is", "all that there is"},
		"bytes that nobody gets": {"api.example.com", port, "all that there is", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dialling, connect := make(chan struct{}), make(chan struct{})
			w := open(t, network(), func(c *Config) {
				dial := c.Dial
				c.Dial = func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
					close(dialling)
					select {
					case <-connect:
						return dial(ctx, to)
					case <-ctx.Done():
						return nil, ctx.Err()
					}
				}
			})
			client := w.connect(tt.host, tt.port)
			say(t, client, tt.text)
			client.Close()
			<-dialling
			closed := make(chan struct{})
			go func() {
				w.Close()
				close(closed)
			}()
			until(t, "the gateway is closing", func() bool {
				w.Gateway.mutex.Lock()
				defer w.Gateway.mutex.Unlock()
				return w.closed
			})
			if tt.heard == "" {
				<-closed
				e := w.find("the loss", func(e Event) bool { return e.Kind == KindOpen })
				if e.Verdict != Failed || e.Because != "the run ended before the host had everything" {
					t.Errorf("%+v", e)
				}
				return
			}
			close(connect)
			server := w.accepted()
			hear(t, server, tt.heard)
			server.Close()
			<-closed
			if e := w.ended(1); e.Sent != uint64(len(tt.heard)) {
				t.Errorf("%+v", e)
			}
		})
	}
}

// What a host does not take in time is not said to have been sent without more ado.
func TestUploadThatNobodyTakes(t *testing.T) {
	w := open(t, network())
	client, server := w.pair()
	if err := server.SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	_ = client.SetWriteDeadline(time.Now().Add(time.Second))
	block := make([]byte, 64<<10)
	for {
		if _, err := client.Write(block); err != nil {
			break // everything is full
		}
	}
	client.Close()
	w.Close()
	e := w.find("the end", func(e Event) bool { return e.Kind == KindClose })
	if e.Verdict != Failed || !strings.Contains(e.Because, "before the host had everything") {
		t.Errorf("%+v", e)
	}
}

// Connections that are kept alive hold nobody up.
func TestIdleConnectionsEndAtOnce(t *testing.T) {
	w := open(t, network())
	for range 20 {
		client, server := w.pair()
		say(t, client, "x")
		hear(t, server, "x")
	}
	for _, c := range w.live() {
		until(t, "the host has acknowledged", func() bool { return !c.draining() })
	}
}

func (w *world) live() []*connection {
	w.Gateway.mutex.Lock()
	defer w.Gateway.mutex.Unlock()
	var all []*connection
	for c := range w.connections {
		all = append(all, c)
	}
	return all
}

// What stands still is bounded: a host that sends without end to a program that never reads
// is stopped, and not stored.
func TestStalledReceiverStopsTheHost(t *testing.T) {
	w := open(t, network())
	client, server := w.pair()
	defer client.Close()
	if err := server.SetWriteBuffer(64 << 10); err != nil {
		t.Fatal(err)
	}
	total, block := 0, make([]byte, 64<<10)
	for {
		_ = server.SetWriteDeadline(time.Now().Add(time.Second))
		n, err := server.Write(block)
		total += n
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if total > 4<<20 {
		t.Errorf("%d bytes were taken of a host that nobody reads", total)
	}
}

// Once a log was asked for, nothing goes unlogged.
func TestNothingWithoutTheLog(t *testing.T) {
	w := open(t, network())
	client, server := w.pair()
	w.find("the connection in the log", func(e Event) bool { return e.Kind == KindOpen })
	w.log.failWith(unix.ENOSPC)
	if m := w.ask(question(1, "evil.example", dnsmessage.TypeA)); m.RCode != dnsmessage.RCodeNameError {
		t.Errorf("%s", m.RCode)
	}
	if m := w.ask(question(1, "api.example.com", dnsmessage.TypeA)); m.RCode != dnsmessage.RCodeServerFailure {
		t.Errorf("a look-up after the log has failed: %s", m.RCode)
	}
	before := len(w.dialled())
	// A reset can come before connect(2) has returned, or after.
	late, err := w.reach(netip.AddrPortFrom(netip.MustParseAddr("192.0.2.7"), port))
	if err == nil {
		defer late.Close()
		_ = late.SetDeadline(time.Now().Add(patience))
		_, err = late.Read(make([]byte, 1))
	}
	if !errors.Is(err, unix.ECONNRESET) || len(w.dialled()) != before {
		t.Errorf("a connection after the log has failed: %v", err)
	}
	// One that was logged goes on.
	say(t, client, "x")
	hear(t, server, "x")
}

// Names that a program makes up take no room from what it tries to connect to.
func TestNamesHideNoConnections(t *testing.T) {
	out := &lines{}
	j := newJournal(out, nil, time.Now)
	j.begin()
	for i := range maxTallies + 5 {
		j.count(Event{Kind: KindResolve, Verdict: Denied, Host: fmt.Sprint(i)}, laneA)
	}
	j.count(Event{Kind: KindPacket, Verdict: Denied, Host: "198.19.0.9", Port: 4444}, laneOther)
	all := out.events(t)
	if last := all[len(all)-1]; last.Port != 4444 {
		t.Errorf("%+v", last)
	}
}

// tornDisk takes a part of one line, and then is full for a while.
type tornDisk struct {
	bytes.Buffer
	room int
}

func (d *tornDisk) Write(p []byte) (int, error) {
	if d.room >= len(p) {
		return d.Buffer.Write(p)
	}
	n, _ := d.Buffer.Write(p[:d.room])
	d.room = 0
	return n, unix.ENOSPC
}

// A line that was cut spoils no other.
func TestTornLine(t *testing.T) {
	disk := &tornDisk{room: 10}
	j := newJournal(disk, nil, time.Now)
	j.begin()
	j.tell(Event{Kind: KindOpen, Verdict: Allowed, Host: "a.example"})
	j.tell(Event{Kind: KindOpen, Verdict: Allowed, Host: "b.example"})
	disk.room = 1 << 20
	j.tell(Event{Kind: KindOpen, Verdict: Allowed, Host: "c.example"})
	lines := strings.Split(strings.TrimSpace(disk.String()), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[1], "{") || !strings.Contains(lines[1], "c.example") {
		t.Errorf("%q", lines)
	}
}
