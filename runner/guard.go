//go:build linux

package runner

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"confine/runner/rights"
)

// guardArgument is the hidden first argument that makes the binary a guard.
const guardArgument = "__guard"

// guardFD is the guard's end of the socket to the runner.
const guardFD = 3

// The runner's messages to its guard, by their first byte; the first three come with a
// pidfd, and the path of a cgroup follows the fourth.
const (
	guardWrapper = 'w'
	guardWarden  = 'd'
	guardInit    = 'i'
	guardCgroup  = 'c'
	guardRelease = 'r'
)

// guardPatience is how long the wrapper may clean up after itself once the
// sandbox is dead.
const guardPatience = 500 * time.Millisecond

// guard watches over the runner from a process of its own: whatever way the
// runner dies, the sandbox goes with it. PR_SET_PDEATHSIG cannot do that,
// because the kernel clears it when firejail's SUID bit takes effect, see
// execve(2).
type guard struct {
	cmd  *exec.Cmd
	conn *net.UnixConn
	// died is closed when the guard process has ended.
	died chan struct{}
}

func startGuard() (*guard, error) {
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	cmd := exec.Command("/proc/self/exe", guardArgument)
	cmd.Env = []string{}
	cmd.Dir = "/"
	cmd.ExtraFiles = []*os.File{theirs}
	// Signals for the runner's process group or terminal do not reach it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		_ = ours.Close()
		return nil, fmt.Errorf("start the guard: %w", err)
	}
	g := &guard{cmd: cmd, conn: ours, died: make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(g.died)
	}()
	return g, nil
}

// watch hands the guard a process to kill when the runner dies.
func (g *guard) watch(role byte, pidfd int) error {
	if _, _, err := g.conn.WriteMsgUnix([]byte{role}, unix.UnixRights(pidfd), nil); err != nil {
		return fmt.Errorf("tell the guard: %w", err)
	}
	return nil
}

// sweep hands the guard a cgroup to remove when the runner dies.
func (g *guard) sweep(path string) error {
	if _, err := g.conn.Write(append([]byte{guardCgroup}, path...)); err != nil {
		return fmt.Errorf("tell the guard: %w", err)
	}
	return nil
}

// release ends the guard: the sandbox is gone.
func (g *guard) release() {
	_, _ = g.conn.Write([]byte{guardRelease})
	_ = g.conn.Close()
	<-g.died
}

// guardMain is the guard process. It returns when the runner released it, or is
// dead and the sandbox with it.
func guardMain() int {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	pidfds, cgroups := map[byte]int{}, []string(nil)
	buf, oob := make([]byte, unix.PathMax), make([]byte, unix.CmsgSpace(4))
	for {
		n, oobn, _, _, err := unix.Recvmsg(guardFD, buf, oob, unix.MSG_CMSG_CLOEXEC)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			killSandbox(pidfds)
			for _, path := range cgroups {
				removeCgroup(path)
			}
			return 1
		}
		switch buf[0] {
		case guardRelease:
			return 0
		case guardCgroup:
			cgroups = append(cgroups, string(buf[1:n]))
		}
		if fd, ok := rights.Received(oob[:oobn]); ok {
			pidfds[buf[0]] = fd
		}
	}
}

// killSandbox kills the sandbox's PID 1, which takes every process in its PID
// namespace with it, and then the wrapper if that does not end by itself.
func killSandbox(pidfds map[byte]int) {
	if init, ok := pidfds[guardInit]; ok {
		_ = unix.PidfdSendSignal(init, unix.SIGKILL, nil, 0)
	}
	if warden, ok := pidfds[guardWarden]; ok {
		// It sees the runner's end by itself, and alone knows what there is to end.
		if !awaitExit(warden, wardenLimit+guardPatience) {
			_ = unix.PidfdSendSignal(warden, unix.SIGKILL, nil, 0)
		}
		return
	}
	wrapper, ok := pidfds[guardWrapper]
	if !ok {
		return
	}
	if _, known := pidfds[guardInit]; known && awaitExit(wrapper, guardPatience) {
		return
	}
	_ = unix.PidfdSendSignal(wrapper, unix.SIGKILL, nil, 0)
}

// awaitExit waits until the process of a pidfd has ended.
func awaitExit(pidfd int, limit time.Duration) bool {
	deadline := time.Now().Add(limit)
	for {
		left := time.Until(deadline)
		if left < 0 {
			return false
		}
		fds := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, int(left.Milliseconds())+1)
		if err == nil && n > 0 {
			return true
		}
		if err != nil && err != unix.EINTR {
			return false
		}
	}
}
