//go:build linux

package runner

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/runner/stage"
)

// keeperArgument is the hidden first argument that makes the binary a keeper.
const keeperArgument = "__keep"

// The descriptors of a keeper, besides those that it hands to the stage.
const (
	keeperSocketFD = stage.ControlsFD + 1
	keeperPlanFD   = stage.ControlsFD + 2
	// keeperGatewayFD asks for sockets in the gateway's namespace; it is there only if the
	// plan has a gateway.
	keeperGatewayFD = stage.ControlsFD + 3
)

// guestID is the name of the one guest below a state directory.
const guestID = "guest"

// keeperPlan is what the runner tells the keeper.
type keeperPlan struct {
	// Runsc is the path of runsc on the host, and Flags its global flags.
	Runsc string   `json:"runsc"`
	Flags []string `json:"flags"`
	// Config is the config.json, and Nodes are the skeleton.
	Config json.RawMessage `json:"config"`
	Nodes  []compiler.Node `json:"nodes"`
	// Gateway is what the guest is connected to, if anything.
	Gateway *compiler.Gateway `json:"gateway,omitempty"`
}

// keeperReport is what a keeper says when it is over.
type keeperReport struct {
	// Error is what the keeper itself could not do.
	Error string `json:"error,omitempty"`
	// Code is the exit code of runsc, or 128+n when signal n ended it.
	Code int `json:"code"`
	// Log are the errors of runsc's own log, and Panic is the start of the sentry's last
	// words. Both are empty if the program ran to its end.
	Log   []string `json:"log,omitempty"`
	Panic string   `json:"panic,omitempty"`
	// Died says that runsc, the sentry or the gofer was killed: none has last words then.
	Died bool `json:"died,omitempty"`
}

// keeperOrder asks a keeper to pass a signal on to the program.
type keeperOrder struct {
	Signal int `json:"signal"`
}

// keeperMain is PID 1 of the namespaces of one launch. It makes the bundle, runs runsc
// and tells how that ended; with it, everything in the namespaces ends.
func keeperMain() int {
	// The terminal's signals are the runner's to pass on.
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE)
	report := keep()
	data, err := json.Marshal(report)
	if err == nil {
		_ = unix.Sendmsg(keeperSocketFD, data, nil, nil, unix.MSG_NOSIGNAL)
	}
	return 0
}

func keep() keeperReport {
	fail := func(err error) keeperReport { return keeperReport{Error: err.Error()} }
	if !stage.Await() {
		return fail(errNoWord)
	}
	var plan keeperPlan
	if err := stage.ReadSealed(keeperPlanFD, "plan", &plan); err != nil {
		return fail(err)
	}
	if _, err := unix.Setsid(); err != nil {
		return fail(fmt.Errorf("start a session: %w", err))
	}
	if err := leaveKeyring(); err != nil {
		return fail(err)
	}
	if err := makeKeeperRoot(); err != nil {
		return fail(err)
	}
	if err := keepGateway(plan.Gateway); err != nil {
		return fail(err)
	}
	if err := writeBundle(plan.Nodes, plan.Config); err != nil {
		return fail(err)
	}
	k := keeper{runsc: insideKeeper(plan.Runsc), capable: plan.Gateway != nil, flags: append([]string{"--root=" + keeperState, "--log=" + keeperLog, "--log-format=json", "--panic-log=" + keeperPanic, "--debug-log=" + keeperDebug, "--debug-command=run,boot"}, plan.Flags...)}
	cmd := k.command("run", "--bundle="+keeperBundle,
		"--pass-fd="+passed(stage.ControlFD), "--pass-fd="+passed(stage.OrderFD), "--pass-fd="+passed(stage.ControlsFD),
		"--exec-fd="+strconv.Itoa(stage.BinaryFD), guestID)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	for fd := stage.ControlFD; fd <= stage.ControlsFD; fd++ {
		cmd.ExtraFiles = append(cmd.ExtraFiles, os.NewFile(uintptr(fd), strconv.Itoa(fd)))
	}
	if err := cmd.Start(); err != nil {
		return fail(fmt.Errorf("start runsc: %w", err))
	}
	// What the stage holds must end with the stage.
	for _, f := range append(cmd.ExtraFiles, os.Stdin, os.Stdout, os.Stderr) {
		_ = f.Close()
	}
	go k.obey()
	_ = cmd.Wait()
	status := cmd.ProcessState.Sys().(syscall.WaitStatus)
	report := keeperReport{Code: status.ExitStatus(), Log: readRunscLog(keeperLog), Panic: readPanic(keeperPanic)}
	if status.Signaled() {
		// Not what the program did: of that, runsc tells by its exit code.
		report.Code, report.Died = exitSignal+int(status.Signal()), true
	}
	// runsc gives this code when the program's own process was killed, and when the sentry
	// or the gofer was.
	if !report.Died && report.Code == exitSignal+int(unix.SIGKILL) && len(report.Log) == 0 && report.Panic == "" {
		report.Died = sandboxDied()
	}
	return report
}

// passed maps a descriptor to the same number in the guest.
func passed(fd int) string { return strconv.Itoa(fd) + ":" + strconv.Itoa(fd) }

type keeper struct {
	runsc string
	flags []string
	// capable gives runsc the keeper's capabilities, which it loses as any user but 0.
	capable bool
}

// command is a runsc with a clean environment: it and the gofer keep what they get.
func (k keeper) command(args ...string) *exec.Cmd {
	cmd := exec.Command(k.runsc, append(append([]string{}, k.flags...), args...)...)
	cmd.Env = []string{"PATH=/usr/bin:/bin"}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if k.capable {
		cmd.SysProcAttr.AmbientCaps = allCapabilities()
	}
	return cmd
}

// obey passes signals on: runsc run does not, but dies of them with its guest.
func (k keeper) obey() {
	buf := make([]byte, 256)
	for {
		n, err := unix.Read(keeperSocketFD, buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return
		}
		var order keeperOrder
		if json.Unmarshal(buf[:n], &order) == nil && order.Signal > 0 {
			_ = k.command("kill", guestID, strconv.Itoa(order.Signal)).Run()
		}
	}
}

// readRunscLog gives the errors that runsc wrote; it writes nothing if the program ran.
func readRunscLog(path string) []string {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	var found []string
	// Nothing parts one value from the next.
	for decoder := json.NewDecoder(bytes.NewReader(data)); len(found) < 10; {
		var entry struct{ Level, Msg string }
		if err := decoder.Decode(&entry); err != nil {
			break
		}
		if entry.Level == "error" || entry.Level == "fatal" {
			entry.Msg = strings.TrimSpace(entry.Msg)
			found = append(found, entry.Msg[:min(len(entry.Msg), 500)])
		}
	}
	return found
}

// panics are how the Go runtime begins its last words. Others in the sentry write to the
// same file: warnings that come rarely, for example.
var panics = []string{"panic: ", "fatal error: ", "unexpected fault address", "SIG", "runtime: "}

// readPanic gives the line that says why the sentry ended, if the runtime ended it.
func readPanic(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(data)) {
		if slices.ContainsFunc(panics, func(begin string) bool { return strings.HasPrefix(line, begin) }) {
			line = strings.TrimSpace(line)
			return line[:min(len(line), 500)]
		}
	}
	return ""
}
