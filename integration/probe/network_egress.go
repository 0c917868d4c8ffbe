//go:build linux

package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"
)

// answerPatience bounds the wait for an answer where hundreds of sandboxes share the
// processors.
const answerPatience = 2 * time.Minute

// exchange connects, and gets an answer as the servers of the tests give one: TLS on port
// 443, HTTP on port 80, and elsewhere what was sent. A gateway accepts before it knows
// whether the host can be reached, so that connecting alone shows nothing.
func exchange(target string) error {
	host, port, err := net.SplitHostPort(target)
	if err != nil {
		return err
	}
	switch port {
	case "443":
		return handshake(target, host)
	case "80":
		return requests(target, host)
	}
	return pour(target + " 1")
}

// greet shakes hands with the server name that is given, "-" for none: "tls HOST:PORT NAME".
func greet(target string) error {
	address, name, _ := strings.Cut(target, " ")
	if name == "-" {
		name = ""
	}
	return handshake(address, name)
}

func handshake(address, name string) error {
	if net.ParseIP(name) != nil {
		name = "" // RFC 6066, section 3: no address is a server name
	}
	conn, err := reach("tcp", address, answerPatience)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	// Who answers is seen by the servers: every one of them has any certificate.
	return tls.Client(conn, &tls.Config{ServerName: name, InsecureSkipVerify: true}).Handshake()
}

// hosts makes HTTP requests on one connection, each with a Host of its own: "http
// HOST:PORT NAME...".
func hosts(target string) error {
	words := strings.Fields(target)
	return requests(words[0], words[1:]...)
}

func requests(address string, hosts ...string) error {
	conn, err := reach("tcp", address, answerPatience)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	reader := bufio.NewReader(conn)
	for i, host := range hosts {
		if _, err := fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", host); err != nil {
			return fmt.Errorf("request %d: %w", i+1, err)
		}
		response, err := http.ReadResponse(reader, nil)
		if err != nil {
			return fmt.Errorf("request %d: %w", i+1, err)
		}
		_, err = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		if err != nil {
			return fmt.Errorf("request %d: %w", i+1, err)
		}
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("request %d: status %d", i+1, response.StatusCode)
		}
	}
	return nil
}

// pour sends bytes and wants each of them back: "pour HOST:PORT COUNT".
func pour(target string) error {
	address, text, _ := strings.Cut(target, " ")
	count, err := strconv.Atoi(text)
	if err != nil {
		return err
	}
	conn, err := reach("tcp", address, answerPatience)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	return echoed(conn, count)
}

// payload is what is sent: a log that holds it holds too much.
const payload = "payload-of-the-probe "

func echoed(conn net.Conn, count int) error {
	sent := []byte(strings.Repeat(payload, count/len(payload)+1))[:count]
	written := make(chan error, 1)
	go func() {
		_, err := conn.Write(sent)
		written <- err
	}()
	got := make([]byte, count)
	_, err := io.ReadFull(conn, got)
	if err == nil && string(got) != string(sent) {
		return errors.New("another answer")
	}
	return errors.Join(err, <-written)
}

// crowd has connections at the same time, each of which is answered: "crowd HOST:PORT
// COUNT". One more is one too many where fewer are.
func crowd(target string) error {
	address, text, _ := strings.Cut(target, " ")
	count, err := strconv.Atoi(text)
	if err != nil {
		return err
	}
	answered := 0
	var first error
	for range count {
		conn, err := reach("tcp", address, answerPatience)
		if err == nil {
			defer func() { _ = conn.Close() }()
			err = echoed(conn, 1)
		}
		if err == nil {
			answered++
		} else if first == nil {
			first = err
		}
	}
	if first != nil {
		// Not wrapped: the count is the result, and not an errno.
		return errors.New(fmt.Sprint(answered, " of ", count, ": ", first))
	}
	return nil
}

// datagramTo sends a datagram and wants an answer: "udp HOST:PORT".
func datagramTo(target string) error {
	conn, err := reach("udp", target, networkPatience)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write([]byte("x")); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 1))
	return plain(err)
}

// ping sends an echo request by a socket that needs no privilege, see icmp(7).
func ping(address string) error {
	ip := net.ParseIP(address).To4()
	if ip == nil {
		return fmt.Errorf("%q is no IPv4 address", address)
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.IPPROTO_ICMP)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	wait := unix.NsecToTimeval(networkPatience.Nanoseconds())
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wait); err != nil {
		return err
	}
	// Type 8, and the checksum of nothing else.
	request := []byte{8, 0, 0xf7, 0xff, 0, 0, 0, 0}
	if err := unix.Sendto(fd, request, 0, &unix.SockaddrInet4{Addr: [4]byte(ip)}); err != nil {
		return err
	}
	_, _, err = unix.Recvfrom(fd, make([]byte, 64), 0)
	return err
}

// sockets are the kinds that go past TCP and UDP, for "opens".
var sockets = map[string][3]int{
	"packet": {unix.AF_PACKET, unix.SOCK_RAW, int(binary.NativeEndian.Uint16([]byte{0, unix.ETH_P_ALL}))},
	"raw":    {unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_RAW},
	"raw6":   {unix.AF_INET6, unix.SOCK_RAW, unix.IPPROTO_RAW},
}

func opens(kind string) error {
	s, ok := sockets[kind]
	if !ok {
		return fmt.Errorf("no socket %q", kind)
	}
	fd, err := unix.Socket(s[0], s[1]|unix.SOCK_CLOEXEC, s[2])
	if err == nil {
		_ = unix.Close(fd)
	}
	return err
}

// question asks one name server and wants an answer with a record: "query
// udp|tcp HOST:PORT TYPE NAME".
func question(target string) error {
	words := strings.Fields(target)
	if len(words) != 4 {
		return fmt.Errorf("not a question: %q", target)
	}
	kinds := map[string]dnsmessage.Type{
		"A": dnsmessage.TypeA, "AAAA": dnsmessage.TypeAAAA, "TXT": dnsmessage.TypeTXT, "MX": dnsmessage.TypeMX, "NS": dnsmessage.TypeNS,
		"CNAME": dnsmessage.TypeCNAME, "SRV": dnsmessage.TypeSRV, "NULL": 10, "HTTPS": 65, "ANY": 255,
	}
	kind, ok := kinds[words[2]]
	if !ok {
		return fmt.Errorf("no type %q", words[2])
	}
	name, err := dnsmessage.NewName(words[3] + ".")
	if err != nil {
		return err
	}
	ask := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 4242, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: name, Type: kind, Class: dnsmessage.ClassINET}},
	}
	packed, err := ask.Pack()
	if err != nil {
		return err
	}
	answer, err := asked(words[0], words[1], packed)
	if err != nil {
		return plain(err)
	}
	var m dnsmessage.Message
	if err := m.Unpack(answer); err != nil {
		return err
	}
	switch {
	case m.ID != ask.ID || !m.Response:
		return errors.New("another answer")
	case m.RCode == dnsmessage.RCodeNameError:
		return errors.New("no such name")
	case m.RCode != dnsmessage.RCodeSuccess:
		return errors.New(m.RCode.String())
	case len(m.Answers) == 0:
		return errors.New("no record")
	}
	return nil
}

// asked sends a message to a name server; by TCP its length goes first (RFC 1035, 4.2.2).
func asked(network, server string, message []byte) ([]byte, error) {
	conn, err := reach(network, server, networkPatience)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	answer := make([]byte, 1<<16)
	if network == "udp" {
		if _, err := conn.Write(message); err != nil {
			return nil, err
		}
		n, err := conn.Read(answer)
		return answer[:n], err
	}
	if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(message))), message...)); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(conn, answer[:2]); err != nil {
		return nil, err
	}
	answer = answer[:binary.BigEndian.Uint16(answer)]
	_, err = io.ReadFull(conn, answer)
	return answer, err
}

// scan tries the TCP ports of a host up to one, and wants exactly these to be open: "scan
// HOST LAST PORT...".
func scan(target string) error {
	words := strings.Fields(target)
	if len(words) < 2 {
		return fmt.Errorf("nothing to scan: %q", target)
	}
	host, want := words[0], words[2:]
	last, err := strconv.ParseUint(words[1], 10, 16)
	if err != nil {
		return err
	}
	// Once: the names of a gateway need not stay at one address.
	addresses, err := resolver().LookupHost(context.Background(), host)
	if err != nil {
		return plain(err)
	}
	ports := make(chan int)
	var (
		group sync.WaitGroup
		lock  sync.Mutex
		open  []int
		odd   error
	)
	for range 32 {
		group.Go(func() {
			for port := range ports {
				err := dial("tcp", net.JoinHostPort(addresses[0], strconv.Itoa(port)))
				lock.Lock()
				switch {
				case err == nil:
					open = append(open, port)
				case !errors.Is(err, unix.ECONNREFUSED):
					odd = fmt.Errorf("port %d: %w", port, err)
				}
				lock.Unlock()
			}
		})
	}
	for port := 1; port <= int(last); port++ {
		ports <- port
	}
	close(ports)
	group.Wait()
	if odd != nil {
		return odd
	}
	slices.Sort(open)
	if got := strings.Trim(fmt.Sprint(open), "[]"); got != strings.Join(want, " ") {
		return fmt.Errorf("open: %s", got)
	}
	return nil
}

// interfaces wants exactly these network interfaces: "interfaces NAME...".
func interfaces(want string) error {
	all, err := net.Interfaces()
	if err != nil {
		return err
	}
	var names []string
	for _, i := range all {
		names = append(names, i.Name)
	}
	slices.Sort(names)
	if got := strings.Join(names, " "); got != want {
		return fmt.Errorf("%q", got)
	}
	return nil
}

// route adds one to a network, through the first interface that is not the loopback.
func route(text string) error {
	network, err := netlink.ParseIPNet(text)
	if err != nil {
		return err
	}
	link, err := outward()
	if err != nil {
		return err
	}
	return netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Dst: network, Scope: netlink.SCOPE_LINK})
}

// ownAddress adds one to the first interface that is not the loopback.
func ownAddress(text string) error {
	address, err := netlink.ParseAddr(text)
	if err != nil {
		return err
	}
	link, err := outward()
	if err != nil {
		return err
	}
	return netlink.AddrAdd(link, address)
}

func outward() (netlink.Link, error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, err
	}
	for _, link := range links {
		if link.Attrs().Flags&net.FlagLoopback == 0 {
			return link, nil
		}
	}
	return nil, errors.New("no interface beside the loopback")
}

// reach connects within the patience that there is for the whole exchange.
func reach(network, address string, patience time.Duration) (net.Conn, error) {
	end := time.Now().Add(patience)
	conn, err := (&net.Dialer{Deadline: end, Resolver: resolver()}).Dial(network, address)
	if err != nil {
		return nil, plain(err)
	}
	return conn, conn.SetDeadline(end)
}

// plain gives the two failures that have no errno words of their own.
func plain(err error) error {
	var unknown *net.DNSError
	var late net.Error
	switch {
	case errors.As(err, &unknown) && unknown.IsNotFound:
		return errors.New("no such name")
	case errors.As(err, &late) && late.Timeout():
		return errors.New("no reply")
	}
	return err
}
