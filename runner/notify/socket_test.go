//go:build linux

package notify

import (
	"errors"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// opened is a socket of this process.
func opened(t *testing.T, family, kind, protocol int) int {
	t.Helper()
	fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	return fd
}

func TestInspect(t *testing.T) {
	only := opened(t, unix.AF_INET6, unix.SOCK_STREAM, 0)
	if err := unix.SetsockoptInt(only, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1); err != nil {
		t.Fatal(err)
	}
	null, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for name, tt := range map[string]struct {
		fd   int
		want kind
		err  error
	}{
		"TCP over IPv4":      {fd: opened(t, unix.AF_INET, unix.SOCK_STREAM, 0)},
		"TCP over IPv6":      {fd: opened(t, unix.AF_INET6, unix.SOCK_STREAM, unix.IPPROTO_TCP), want: kind{six: true}},
		"TCP over IPv6 only": {fd: only, want: kind{six: true, only: true}},
		"UDP":                {fd: opened(t, unix.AF_INET, unix.SOCK_DGRAM, 0), err: unix.EACCES},
		"local":              {fd: opened(t, unix.AF_UNIX, unix.SOCK_STREAM, 0), err: unix.EACCES},
		"netlink":            {fd: opened(t, unix.AF_NETLINK, unix.SOCK_RAW, 0), err: unix.EACCES},
		"a file":             {fd: int(null.Fd()), err: unix.ENOTSOCK},
		"nothing":            {fd: -1, err: unix.EBADF},
	} {
		if got, err := inspect(tt.fd); got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %+v, %v; expected %+v, %v", name, got, err, tt.want, tt.err)
		}
	}
}

func TestStraight(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("a network namespace takes root")
	}
	here, err := namespaceOf(opened(t, unix.AF_INET, unix.SOCK_STREAM, 0))
	if err != nil {
		t.Fatal(err)
	}
	// A loose source route (RFC 791): its first hop is not where a packet is for.
	route := string([]byte{0x83, 7, 4, 203, 0, 113, 66, 0})
	for name, tt := range map[string]struct {
		family int
		bend   func(fd int) error
		bent   bool
	}{
		"IPv4": {family: unix.AF_INET, bend: func(int) error { return nil }},
		"IPv6": {family: unix.AF_INET6, bend: func(int) error { return nil }},
		"options of people": {
			family: unix.AF_INET,
			bend:   func(fd int) error { return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1) },
		},
		"an interface": {unix.AF_INET, func(fd int) error { return unix.BindToDevice(fd, "lo") }, true},
		"a source route": {
			unix.AF_INET, func(fd int) error { return unix.SetsockoptString(fd, unix.IPPROTO_IP, unix.IP_OPTIONS, route) }, true,
		},
		"a source route below IPv6": {
			unix.AF_INET6, func(fd int) error { return unix.SetsockoptString(fd, unix.IPPROTO_IP, unix.IP_OPTIONS, route) }, true,
		},
		"data in the first packet": {
			unix.AF_INET, func(fd int) error { return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_FASTOPEN_CONNECT, 1) }, true,
		},
	} {
		fd := opened(t, tt.family, unix.SOCK_STREAM, 0)
		if err := tt.bend(fd); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := straight(fd, here); errors.Is(err, unix.EACCES) != tt.bent || err != nil != tt.bent {
			t.Errorf("%s: %v", name, err)
		}
	}
	elsewhere := make(chan int)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with this
		fd := -1
		if unix.Unshare(unix.CLONE_NEWNET) == nil {
			fd, _ = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		}
		elsewhere <- fd
	}()
	fd := <-elsewhere
	defer unix.Close(fd)
	if err := straight(fd, here); !errors.Is(err, unix.EACCES) {
		t.Errorf("of another network namespace: %v", err)
	}
}

func TestWhere(t *testing.T) {
	six := kind{six: true}
	inet6 := func(ip string, port uint16) []byte {
		b := make([]byte, 28)
		b[0] = unix.AF_INET6
		b[2], b[3] = byte(port>>8), byte(port)
		a := netip.MustParseAddr(ip).As16()
		copy(b[8:], a[:])
		return b
	}
	for name, tt := range map[string]struct {
		kind    kind
		address []byte
		want    string
		err     error
	}{
		"IPv4":              {kind{}, inet(allowed), allowed.String(), nil},
		"IPv6":              {six, inet6("2001:db8::7", 443), "[2001:db8::7]:443", nil},
		"without a scope":   {six, inet6("2001:db8::7", 443)[:24], "[2001:db8::7]:443", nil},
		"mapped":            {six, inet6("::ffff:192.0.2.7", 443), "[::ffff:192.0.2.7]:443", nil},
		"mapped, IPv6 only": {kind{six: true, only: true}, inet6("::ffff:192.0.2.7", 443), "", unix.ENETUNREACH},
		"empty":             {kind{}, nil, "", unix.EINVAL},
		"short":             {kind{}, inet(allowed)[:15], "", unix.EINVAL},
		"IPv6 for IPv4":     {kind{}, inet6("2001:db8::7", 443), "", unix.EAFNOSUPPORT},
		"IPv4 for IPv6":     {six, append(inet(allowed), make([]byte, 12)...), "", unix.EAFNOSUPPORT},
		"no family":         {kind{}, make([]byte, 16), "", unix.EAFNOSUPPORT},
	} {
		got, err := tt.kind.where(tt.address)
		text := got.String()
		if !got.IsValid() {
			text = ""
		}
		if text != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %q, %v; expected %q, %v", name, text, err, tt.want, tt.err)
		}
	}
}

// Whatever the bytes are, there is an address or an error, and never both.
func TestWhereOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := kind{six: rapid.Bool().Draw(t, "six")}
		address := rapid.SliceOfN(rapid.Byte(), 0, maxAddress).Draw(t, "address")
		if len(address) >= minFamily && rapid.Bool().Draw(t, "known") {
			address[0], address[1] = rapid.SampledFrom([]byte{unix.AF_UNSPEC, unix.AF_UNIX, unix.AF_INET, unix.AF_INET6}).Draw(t, "family"), 0
		}
		at, err := k.where(address)
		if at.IsValid() == (err != nil) {
			t.Fatalf("%v, %v", at, err)
		}
		if err == nil && at.Addr().Is6() != k.six {
			t.Fatalf("%v for %+v", at, k)
		}
	})
}

func TestReply(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id, errno := rapid.Uint64().Draw(t, "id"), unix.Errno(rapid.Uint32().Draw(t, "errno"))
		gotID, gotErrno, ok := readReply(appendReply(id, errno))
		if ok != (errno < 4096) || gotID != id || gotErrno != errno {
			t.Fatalf("%d, %d, %v", gotID, gotErrno, ok)
		}
		address := rapid.SliceOfN(rapid.Byte(), 0, maxAddress).Draw(t, "address")
		gotID, got, ok := readRequest(appendRequest(id, address))
		if !ok || gotID != id || string(got) != string(address) {
			t.Fatalf("%d, %x, %v", gotID, got, ok)
		}
	})
	for _, n := range []int{0, 7, 11, 13} {
		if _, _, ok := readReply([]byte(strings.Repeat("x", n))); ok {
			t.Errorf("%d bytes are a reply", n)
		}
	}
}
