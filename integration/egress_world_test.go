//go:build linux

package integration

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
)

// The addresses of an internet of the test's own. None of them is anywhere but in its
// network namespace, which has no way out.
const (
	apiAddress, apiAddress6   = "203.0.113.10", "2001:db8::10"
	evilAddress, evilAddress6 = "203.0.113.66", "2001:db8::66"
	// resolverAddress is that of the resolver in /etc/resolv.conf, and otherResolver one
	// that a program has to know.
	resolverAddress, otherResolver = "192.0.2.53", "203.0.113.53"

	metadataAddress             = "169.254.169.254"
	privateAddress, uniqueLocal = "192.168.7.7", "fd00::7"
	metadataNAT64, metadata6to4 = "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"

	// Hosts may have addresses of the range that stands for names, the gateway's own among
	// them; no sandbox reaches these.
	sameAsGateway, neighbourAddress, otherInRange = "198.18.0.1", "198.18.0.3", "198.19.7.7"
)

var internetAddresses = []string{
	resolverAddress, apiAddress, apiAddress6, evilAddress, evilAddress6, otherResolver,
	metadataAddress, privateAddress, uniqueLocal, metadataNAT64, metadata6to4, sameAsGateway, neighbourAddress, otherInRange,
}

// echoPort and echoPort2 give back what they get, by TCP and UDP. Nothing in the
// policies names echoPort2 beside echoPort.
const echoPort, echoPort2 = "7000", "7001"

// hostsName is a name that is in /etc/hosts alone.
const hostsName = "hosts.vendor.test"

// internet is a network namespace with servers, and a mount namespace in which
// /etc/resolv.conf names its resolver. The servers are the test's, on sockets that were
// opened inside.
type internet struct {
	thread    thread
	resolver  *testResolver
	visits    *visits
	authority *authority
}

// newInternet makes one; it ends with the test. The first addresses of the host may be
// given.
func newInternet(t *testing.T, first ...string) *internet {
	t.Helper()
	w := &internet{thread: newThread(t), resolver: newTestResolver(), visits: newVisits(), authority: newAuthority(t)}
	w.within(t, func() error { return w.prepare(t, first) })
	for _, a := range []string{resolverAddress, otherResolver} {
		w.within(t, func() error { return w.resolver.serve(t, a) })
	}
	w.within(t, func() error { return w.serve(t) })
	return w
}

// prepare gives the namespaces of the thread what they hold.
func (w *internet) prepare(t *testing.T, first []string) error {
	loopback, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	// Both ends are here: a kernel that has no dummy interfaces has these.
	outside := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "outside"}, PeerName: "wire"}
	if err := netlink.LinkAdd(outside); err != nil {
		return fmt.Errorf("add an interface: %w", err)
	}
	wire, err := netlink.LinkByName("wire")
	if err != nil {
		return err
	}
	for _, link := range []netlink.Link{loopback, outside, wire} {
		if err := netlink.LinkSetUp(link); err != nil {
			return fmt.Errorf("set %s up: %w", link.Attrs().Name, err)
		}
	}
	others := slices.DeleteFunc(slices.Clone(internetAddresses), func(a string) bool { return slices.Contains(first, a) })
	for _, text := range append(slices.Clone(first), others...) {
		ip := net.ParseIP(text)
		bits := 8 * len(ip)
		if ip.To4() != nil {
			bits = 32
		}
		address := &netlink.Addr{IPNet: &net.IPNet{IP: ip, Mask: net.CIDRMask(bits, bits)}, Flags: unix.IFA_F_NODAD}
		if err := netlink.AddrAdd(outside, address); err != nil {
			return fmt.Errorf("address %s: %w", text, err)
		}
	}
	// Everybody may ping, as on most machines, see icmp(7).
	if err := os.WriteFile("/proc/sys/net/ipv4/ping_group_range", []byte("0 2147483647"), 0o644); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	for path, text := range map[string]string{
		"/etc/resolv.conf": "nameserver " + resolverAddress + "\n",
		"/etc/hosts":       "127.0.0.1 localhost\n::1 localhost\n" + apiAddress + " " + hostsName + "\n",
	} {
		own := file(t, filepath.Join(tree(t), filepath.Base(path)), text, 0o644)
		if err := unix.Mount(own, path, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("mount over %s: %w", path, err)
		}
	}
	return nil
}

// within calls a function in the namespaces.
func (w *internet) within(t *testing.T, f func() error) {
	t.Helper()
	if err := w.thread.do(f); err != nil {
		t.Fatal(err)
	}
}

// begin is as the function of that name, in the namespaces.
func (w *internet) begin(t *testing.T, cmd *exec.Cmd) func(*testing.T) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	w.within(t, cmd.Start)
	stuck := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return func(t *testing.T) outcome {
		t.Helper()
		err := cmd.Wait()
		if !stuck.Stop() {
			t.Fatalf("%v: still running after %s: %v", cmd.Args, patience, err)
		}
		return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
	}
}

// finish runs a command in the namespaces to its end.
func (w *internet) finish(t *testing.T, cmd *exec.Cmd) outcome {
	t.Helper()
	return w.begin(t, cmd)(t)
}

// thread is one thread in network and mount namespaces of its own. What is started from
// it is in them too.
type thread struct{ work chan func() }

func newThread(t *testing.T) thread {
	t.Helper()
	th := thread{make(chan func())}
	ready := make(chan error)
	go aside(func() {
		err := unix.Unshare(unix.CLONE_NEWNET | unix.CLONE_NEWNS)
		ready <- err
		for f := range th.work {
			f()
		}
	})
	if err := <-ready; err != nil {
		t.Fatalf("namespaces: %v", err)
	}
	t.Cleanup(func() { close(th.work) })
	return th
}

// aside calls a function on a thread that ends with it, whatever its namespaces are then.
// It is not the main one: that is the process in /proc.
func aside(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			aside(f)
			runtime.UnlockOSThread()
			return
		}
		f()
	}()
	<-done
}

// do calls a function on the thread.
func (th thread) do(f func() error) error {
	done := make(chan error)
	th.work <- func() { done <- f() }
	return <-done
}

// egressLaunches are all that can enforce the mode.
var egressLaunches = []launch{
	{"firejail root", confined},
	{"firejail user", confinedByUser},
	{"gvisor root", guest},
	{"gvisor user", guestByUser},
	{"native root", native},
	{"native user", nativeByUser},
	{ownByUser, ownNativeByUser},
}

// mediated reports whether connect(2) is answered in the program's place under a launch,
// whose sandbox has no link to a gateway then.
func mediated(l launch) bool { return backendOf(l) == compiler.Native || l.name == "firejail user" }

// answeredAs is the engine that answers attempts as a launch does.
func answeredAs(l launch) compiler.Backend {
	if mediated(l) {
		return compiler.Native
	}
	return backendOf(l)
}

// linkedByRoot are the launches of a root caller whose sandboxes have a link to a gateway.
func linkedByRoot() []launch {
	return slices.DeleteFunc(slices.Clone(egressLaunches), func(l launch) bool { return mediated(l) || !strings.HasSuffix(l.name, " root") })
}

// egressPolicy lets the probe run and reach what the lines of [network] name.
func egressPolicy(t *testing.T, network string, tables ...string) string {
	t.Helper()
	return accessPolicy(t, nil, nil, `read = ["/etc/resolv.conf", "/etc/hosts"]`,
		"[network]\nmode = \"egress\"\n"+network+"\n"+strings.Join(tables, "\n"))
}

// with gives more flags of run to a launch.
func with(cmd *exec.Cmd, flags ...string) *exec.Cmd {
	cmd.Args = slices.Insert(cmd.Args, 2, flags...)
	return cmd
}

// egressAnswers are those of a probe that runs under a policy.
func (w *internet) egressAnswers(t *testing.T, l launch, policy string, accesses ...string) map[string]string {
	t.Helper()
	return answers(t, w.finish(t, l.cmd(policy, append([]string{probe}, accesses...)...)).must(t, 0).stdout)
}

// outside are the answers of the probe in the namespaces without confine.
func (w *internet) outside(t *testing.T, who control, accesses ...string) map[string]string {
	t.Helper()
	cmd := exec.Command(probe, accesses...)
	if who == byUser {
		cmd = asConnector(cmd)
	}
	return answers(t, w.finish(t, cmd).must(t, 0).stdout)
}

// wantsOutside makes the controls of attempts: all that are refused inside must succeed
// here, and so must the others.
func (w *internet) wantsOutside(t *testing.T, attempts []attempt) {
	t.Helper()
	by := map[control][]string{}
	for _, a := range attempts {
		if a.unexplained() {
			t.Errorf("%s: the table does not say why it is an exception", a.text())
		}
		by[a.control] = append(by[a.control], a.text())
	}
	for _, who := range []control{byUser, byRoot} {
		if len(by[who]) == 0 {
			continue
		}
		got := w.outside(t, who, by[who]...)
		for _, a := range attempts {
			want := a.outside
			if want == "" {
				want = "ok"
			}
			if a.control == who && got[a.text()] != want {
				t.Errorf("control: %s: %s outside the sandbox, expected %s", a.text(), got[a.text()], want)
			}
		}
	}
}

// backendOf is the engine of a launch.
func backendOf(l launch) compiler.Backend {
	backend, _, _ := strings.Cut(l.name, " ")
	return compiler.Backend(backend)
}

// try makes attempts under a policy for every launch, and outside.
func (w *internet) try(t *testing.T, file string, p *policy.Policy, flags []string, attempts []attempt) {
	t.Helper()
	w.wantsOutside(t, attempts)
	for _, l := range egressLaunches {
		t.Run(l.name, func(t *testing.T) {
			var those []attempt
			for _, a := range attempts {
				if a, ok := a.under(answeredAs(l)); ok {
					those = append(those, a)
				}
			}
			cmd := with(l.cmd(file, append([]string{probe}, texts(those)...)...), flags...)
			got := answers(t, w.finish(t, cmd).must(t, 0).stdout)
			for _, a := range those {
				a.judge(t, p, got)
			}
		})
	}
}
