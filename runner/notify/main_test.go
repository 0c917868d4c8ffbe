//go:build linux

package notify

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const (
	// namespaceVariable says that the process is in namespaces of its own.
	namespaceVariable = "NOTIFY_TEST_NAMESPACES"
	// supervisorVariable makes the test binary a supervisor.
	supervisorVariable = "NOTIFY_TEST_SUPERVISOR"
	// stageVariable makes the test binary a stage, and programVariable one of programs.
	stageVariable   = "NOTIFY_TEST_STAGE"
	programVariable = "NOTIFY_TEST_PROGRAM"
)

// The main thread stays with a stage, which its filter is loaded on.
func init() { runtime.LockOSThread() }

// TestMain lets the test binary be everything that is started, and runs the tests in
// namespaces that end with them.
func TestMain(m *testing.M) {
	switch {
	case os.Getenv(supervisorVariable) != "":
		if err := contain(); err != nil {
			os.Exit(125)
		}
		os.Exit(Supervise(3))
	case os.Getenv(stageVariable) != "":
		fmt.Fprintln(os.Stderr, "stage:", stage(os.Args[1:]))
		os.Exit(125)
	case os.Getenv(programVariable) != "":
		programs[os.Getenv(programVariable)]()
		os.Exit(0)
	case os.Getuid() != 0:
		os.Exit(m.Run())
	case os.Getenv(namespaceVariable) == "":
		os.Exit(inNamespaces())
	}
	if err := prepare(); err != nil {
		fmt.Fprintln(os.Stderr, "prepare the namespaces:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// inNamespaces runs this again where no network is but its own.
func inNamespaces() int {
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), namespaceVariable+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		fmt.Fprintln(os.Stderr, "make namespaces:", err)
		return 1
	}
	return cmd.ProcessState.ExitCode()
}

// hosts are the networks whose addresses all lead to the test's own hosts.
var hosts = []string{"203.0.113.0/24", "192.0.2.0/24", "2001:db8::/64"}

// nameserver is the one of the host's resolv.conf.
const nameserver = "192.0.2.53"

func prepare() error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return err
	}
	for _, text := range hosts {
		_, network, err := net.ParseCIDR(text)
		if err != nil {
			return err
		}
		route := &netlink.Route{LinkIndex: lo.Attrs().Index, Dst: network, Table: unix.RT_TABLE_LOCAL, Type: unix.RTN_LOCAL, Scope: netlink.SCOPE_HOST}
		if network.IP.To4() == nil {
			route.Scope = netlink.SCOPE_UNIVERSE
		}
		if err := netlink.RouteAdd(route); err != nil {
			return fmt.Errorf("route %s: %w", text, err)
		}
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_unprivileged_port_start", []byte("0"), 0); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	f, err := os.CreateTemp("", "resolv.conf")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err := f.WriteString("nameserver " + nameserver + "\n"); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	return unix.Mount(f.Name(), "/etc/resolv.conf", "", unix.MS_BIND, "")
}
