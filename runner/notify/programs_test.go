//go:build linux

package notify

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// programs are what the test binary can be under the filter. They make the calls
// themselves: no library would make most of these.
var programs = map[string]func(){
	"many":      many,
	"waits":     waits,
	"errors":    errorsOf,
	"rewrites":  rewrites,
	"exchanges": exchanges,
	"hammers":   hammers,
	"unspec":    unspec,
	"busy":      busy,
}

var (
	allowed   = netip.MustParseAddrPort("192.0.2.7:8443")
	forbidden = netip.MustParseAddrPort("203.0.113.66:7777")
)

// inet is struct sockaddr_in.
func inet(at netip.AddrPort) []byte {
	b := binary.NativeEndian.AppendUint16(nil, unix.AF_INET)
	b = binary.BigEndian.AppendUint16(b, at.Port())
	return append(append(b, at.Addr().AsSlice()...), make([]byte, 8)...)
}

// connectRaw is connect(2).
func connectRaw(fd int, address unsafe.Pointer, size uintptr) unix.Errno {
	_, _, errno := unix.Syscall(unix.SYS_CONNECT, uintptr(fd), uintptr(address), size)
	return errno
}

func connectTo(fd int, address []byte) unix.Errno {
	return connectRaw(fd, unsafe.Pointer(&address[0]), uintptr(len(address)))
}

func must[T any](v T, err error) T {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	return v
}

func stream() int { return must(unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)) }

// greeting is what the host at the other end of a socket says first.
func greeting(fd int) string {
	line := make([]byte, 0, 64)
	for one := make([]byte, 1); ; {
		n, err := unix.Read(fd, one)
		if err != nil || n == 0 {
			return fmt.Sprint("no greeting: ", err)
		}
		if one[0] == '\n' {
			return string(line)
		}
		line = append(line, one[0])
	}
}

// named is an error number in words.
func named(errno unix.Errno) string {
	if errno == 0 {
		return "0"
	}
	return unix.ErrnoName(errno)
}

// many connects as often as its argument says.
func many() { connects(must(strconv.Atoi(os.Args[1]))) }

func connects(count int) {
	for range count {
		fd := stream()
		if errno := connectTo(fd, inet(allowed)); errno != 0 {
			fmt.Println(named(errno))
		}
		_ = unix.Close(fd)
	}
	fmt.Println("done")
}

// busy makes as many calls that are not notified as its argument says, and tells for how
// many nanoseconds.
func busy() {
	count := must(strconv.Atoi(os.Args[1]))
	begin := time.Now()
	for range count {
		_, _, _ = unix.RawSyscall(unix.SYS_GETPPID, 0, 0, 0)
	}
	fmt.Println(time.Since(begin).Nanoseconds())
}

// waits connects to what is allowed and to what is not, again whenever a line comes, and
// before that as often as it says. It makes its sockets before it waits.
func waits() {
	lines := bufio.NewScanner(os.Stdin)
	pair := []netip.AddrPort{allowed, forbidden}
	fds := []int{stream(), stream()}
	for {
		var told []string
		for i, to := range pair {
			told = append(told, named(connectTo(fds[i], inet(to))))
			_ = unix.Close(fds[i])
		}
		for i := range fds {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				fmt.Println(strings.Join(append(told, "socket: "+named(errnoOf(err))), "\n"))
				return
			}
			fds[i] = fd
		}
		fmt.Println(strings.Join(told, "\n"))
		if !lines.Scan() {
			return
		}
		for count, found := strings.CutPrefix(lines.Text(), "many "); found; found = false {
			connects(must(strconv.Atoi(count)))
		}
		for count, found := strings.CutPrefix(lines.Text(), "abandon "); found; found = false {
			for range must(strconv.Atoi(count)) {
				_ = unix.Close(stream())
			}
		}
	}
}

// rewrites connects to an address that another thread changes all the time.
func rewrites() {
	address := inet(allowed)
	var over atomic.Bool
	var both sync.WaitGroup
	both.Go(func() {
		ports := []uint32{binary.NativeEndian.Uint32(address), binary.NativeEndian.Uint32(inet(forbidden))}
		ips := []uint32{binary.NativeEndian.Uint32(address[4:]), binary.NativeEndian.Uint32(inet(forbidden)[4:])}
		port, ip := (*uint32)(unsafe.Pointer(&address[0])), (*uint32)(unsafe.Pointer(&address[4]))
		for i := 0; !over.Load(); i++ {
			atomic.StoreUint32(port, ports[i%2])
			atomic.StoreUint32(ip, ips[i%2])
		}
	})
	seen := map[string]int{}
	for range 3000 {
		fd := stream()
		errno := connectTo(fd, address)
		if errno == 0 {
			seen["reached "+greeting(fd)]++
		} else {
			seen[named(errno)]++
		}
		_ = unix.Close(fd)
	}
	over.Store(true)
	both.Wait()
	tell(seen)
}

// exchanges connects through a descriptor behind which another thread puts other sockets
// all the time, which it connects itself too.
func exchanges() {
	const descriptor, least, exchanged = 100, 1000, 300
	var over atomic.Bool
	var times atomic.Int64
	var both sync.WaitGroup
	both.Go(func() {
		for i := 0; !over.Load(); i++ {
			fd := stream()
			must(0, unix.Dup3(fd, descriptor, unix.O_CLOEXEC))
			if i%3 == 0 {
				connectTo(fd, inet(forbidden))
			}
			_ = unix.Close(fd)
			times.Add(1)
		}
	})
	seen := map[string]int{}
	for i := 0; i < least || times.Load() < exchanged; i++ {
		switch errno := connectTo(descriptor, inet(allowed)); errno {
		case 0:
			seen["connected"]++
		default:
			seen[named(errno)]++
		}
	}
	over.Store(true)
	both.Wait()
	delete(seen, "EBADF") // before the first one
	delete(seen, "EISCONN")
	tell(seen)
}

func tell(seen map[string]int) {
	for what := range seen {
		fmt.Println(what)
	}
}

// unspec tries to disconnect a socket before it is connected and after it.
func unspec() {
	fd := stream()
	none := make([]byte, 16)
	fmt.Println(named(connectTo(fd, none)))
	fmt.Println(named(connectTo(fd, inet(forbidden))))
	fmt.Println(named(connectTo(fd, inet(allowed))), greeting(fd))
	fmt.Println(named(connectTo(fd, none)))
	fmt.Println(named(connectTo(fd, inet(forbidden))))
}

// things are descriptors of every kind that a program can have.
func things() map[string]int {
	pipe := make([]int, 2)
	must(0, unix.Pipe2(pipe, unix.O_CLOEXEC))
	pair := must(unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0))
	connected := stream()
	if errno := connectTo(connected, inet(allowed)); errno != 0 {
		fmt.Println("connect:", named(errno))
	}
	return map[string]int{
		"closed": 999, "negative": -1, "pipe": pipe[0], "unix": pair[0], "connected": connected,
		"file":    must(unix.Open("/proc/self/exe", unix.O_RDONLY|unix.O_CLOEXEC, 0)),
		"path":    must(unix.Open("/", unix.O_PATH|unix.O_CLOEXEC, 0)),
		"device":  must(unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)),
		"event":   must(unix.Eventfd(0, unix.EFD_CLOEXEC)),
		"epoll":   must(unix.EpollCreate1(unix.EPOLL_CLOEXEC)),
		"memory":  must(unix.MemfdCreate("memory", unix.MFD_CLOEXEC)),
		"process": must(unix.PidfdOpen(os.Getpid(), 0)),
		"four":    stream(),
		"six":     must(unix.Socket(unix.AF_INET6, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)),
	}
}

// page is one after which nothing is mapped.
func page() []byte {
	size := unix.Getpagesize()
	both := must(unix.Mmap(-1, 0, 2*size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON))
	_, _, errno := unix.Syscall(unix.SYS_MUNMAP, uintptr(unsafe.Pointer(&both[size])), uintptr(size), 0)
	if errno != 0 {
		fmt.Println(errno)
		os.Exit(1)
	}
	return both[:size]
}

// badPointers are addresses at which there is nothing to read.
var badPointers = []uintptr{0, 1, 1 << 46, 1 << 63, ^uintptr(0), ^uintptr(4095)}

// errorsOf says what connects fail with that are wrong in every way.
func errorsOf() {
	of := things()
	good := inet(forbidden)
	for _, name := range []string{
		"closed", "negative", "pipe", "path", "file", "device", "event", "epoll", "memory", "process", "unix", "connected",
	} {
		fmt.Println(name, named(connectTo(of[name], good)))
	}
	for _, p := range badPointers {
		fmt.Printf("at %#x %s\n", p, named(connectRaw(of["four"], *(*unsafe.Pointer)(unsafe.Pointer(&p)), 16)))
	}
	end := page()
	copy(end[len(end)-16:], good)
	copy(end[len(end)-8:], good)
	fmt.Println("half of it mapped", named(connectRaw(of["four"], unsafe.Pointer(&end[len(end)-8]), 16)))
	long := make([]byte, 256)
	copy(long, good)
	for _, size := range []int{0, 1, 2, 8, 15, 129, 256, -1, 1 << 31} {
		fmt.Println("four of length", size, named(connectRaw(of["four"], unsafe.Pointer(&long[0]), uintptr(size))))
	}
	binary.NativeEndian.PutUint16(long, unix.AF_INET6)
	for _, size := range []int{2, 16, 23, 129} {
		fmt.Println("six of length", size, named(connectRaw(of["six"], unsafe.Pointer(&long[0]), uintptr(size))))
	}
	for _, family := range []uint16{unix.AF_UNIX, unix.AF_INET6, unix.AF_NETLINK, unix.AF_VSOCK, 0xffff} {
		binary.NativeEndian.PutUint16(long, family)
		fmt.Println("four to family", family, named(connectRaw(of["four"], unsafe.Pointer(&long[0]), 128)))
	}
	for _, family := range []uint16{unix.AF_UNIX, unix.AF_INET, 0xffff} {
		binary.NativeEndian.PutUint16(long, family)
		fmt.Println("six to family", family, named(connectRaw(of["six"], unsafe.Pointer(&long[0]), 128)))
	}
}

// hammers calls connect(2) with whatever there is, from several threads, of which some end
// and some processes die meanwhile; and then once as it should be.
func hammers() {
	const threads, each = 8, 4000
	seed := must(strconv.ParseUint(os.Args[1], 10, 64))
	of := things()
	var fds []int
	for _, name := range []string{
		"closed", "negative", "pipe", "path", "file", "device", "event", "epoll", "memory", "process", "unix", "connected", "four", "six",
	} {
		fds = append(fds, of[name])
	}
	end := page()
	var all sync.WaitGroup
	for i := range threads {
		all.Go(func() {
			runtime.LockOSThread() // and never unlocked: the thread ends here
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			address := make([]byte, 256)
			for range each {
				for j := range 28 {
					address[j] = byte(random.Uint32())
				}
				if families := []uint16{0, unix.AF_INET, unix.AF_INET, unix.AF_INET6, unix.AF_UNIX}; random.IntN(4) > 0 {
					binary.NativeEndian.PutUint16(address, families[random.IntN(len(families))])
				}
				if random.IntN(4) == 0 {
					copy(address, inet([]netip.AddrPort{allowed, forbidden}[random.IntN(2)]))
				}
				pointer := unsafe.Pointer(&address[0])
				switch random.IntN(8) {
				case 0:
					p := badPointers[random.IntN(len(badPointers))]
					pointer = *(*unsafe.Pointer)(unsafe.Pointer(&p))
				case 1:
					pointer = unsafe.Pointer(&end[len(end)-1-random.IntN(32)])
				}
				size := uintptr([]int{16, 28, 24, 128, random.IntN(256), -1, 1 << 40}[random.IntN(7)])
				fd := fds[random.IntN(len(fds))]
				if random.IntN(16) == 0 {
					fd = stream()
				}
				connectRaw(fd, pointer, size)
				if fd > 0 && fd != 999 && random.IntN(1024) == 0 {
					_ = unix.Dup3(fds[12+random.IntN(2)], fd, unix.O_CLOEXEC)
				}
			}
		})
	}
	all.Go(func() {
		for range 100 {
			victim := must(os.StartProcess("/proc/self/exe", []string{"victim", "1000000"}, &os.ProcAttr{
				Env: []string{programVariable + "=many"}, Files: []*os.File{os.Stdin},
			}))
			time.Sleep(time.Millisecond)
			_ = victim.Kill()
			must(victim.Wait())
		}
	})
	all.Wait()
	fd := stream()
	fmt.Println(named(connectTo(fd, inet(allowed))), greeting(fd))
	_, _ = io.WriteString(os.Stdout, "alive\n")
}
