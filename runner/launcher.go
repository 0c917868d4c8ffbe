//go:build linux

package runner

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/runner/stage"
)

// launcherArgument is the hidden first argument that makes the binary a launcher.
const launcherArgument = "__launch"

// launcherPlanFD is the descriptor of the launcher's own plan; the wrapper does
// not inherit it.
const launcherPlanFD = stage.ProfileFD + 1

// launcherNetworkFD is the network namespace to enter, if the plan says so.
const launcherNetworkFD = stage.ProfileFD + 2

// launcherPlan is what the runner tells the launcher.
type launcherPlan struct {
	// Privileged launchers are in a mount namespace of their own and drop to the
	// order's user.
	Privileged bool             `json:"privileged"`
	Mounts     []compiler.Mount `json:"mounts"`
	// Connected launchers enter a network namespace that has a gateway.
	Connected bool `json:"connected,omitempty"`
	// Files are shown in place of the host's.
	Files []compiler.GatewayFile `json:"files,omitempty"`
	// Path, Arguments and Environment start the wrapper.
	Path        string   `json:"path"`
	Arguments   []string `json:"arguments"`
	Environment []string `json:"environment"`
}

// launcherMain prepares the wrapper's surroundings, takes the controls as the
// program's user and becomes the wrapper. It returns only on failure.
func launcherMain() int {
	if err := launch(); err != nil {
		_ = stage.Send(stage.Message{Kind: stage.Failure, Error: err.Error()})
	}
	return 1
}

// errNoWord means that the runner is gone before anything began.
var errNoWord = errors.New("the runner gave no word to begin")

func launch() error {
	if !stage.Await() {
		return errNoWord
	}
	order, err := stage.ReadOrder()
	if err != nil {
		return err
	}
	var plan launcherPlan
	if err := stage.ReadSealed(launcherPlanFD, "plan", &plan); err != nil {
		return err
	}
	unix.CloseOnExec(launcherPlanFD)
	// A session of its own: the terminal's Ctrl-C goes to the runner alone, and no
	// program inside can push characters into the terminal (TIOCSTI).
	if _, err := unix.Setsid(); err != nil {
		return fmt.Errorf("start a session: %w", err)
	}
	if err := unix.Chdir("/"); err != nil {
		return fmt.Errorf("leave the working directory: %w", err)
	}
	reach := stage.TakeReach(order.Listeners)
	if plan.Connected {
		// This thread, which becomes the wrapper, alone.
		if err := unix.Setns(launcherNetworkFD, unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("enter the network namespace that has the gateway: %w", err)
		}
		unix.CloseOnExec(launcherNetworkFD)
	}
	if plan.Privileged {
		if err := prepareMounts(plan.Mounts, plan.Files); err != nil {
			return err
		}
		if err := dropTo(order.UID, order.GID); err != nil {
			return err
		}
	}
	if err := leaveKeyring(); err != nil {
		return err
	}
	if err := stage.WriteControls(stage.TakeControls(order, reach)); err != nil {
		return err
	}
	// When the runner is dead nobody reads what firejail prints, and SIGPIPE would
	// end it before it removes its files from /run/firejail. The stage gives the
	// program the default again.
	signal.Ignore(syscall.SIGPIPE)
	err = syscall.Exec(plan.Path, plan.Arguments, plan.Environment)
	return fmt.Errorf("start %s: %w", plan.Path, err)
}

// dropIDs becomes an ordinary user.
func dropIDs(uid, gid int) error {
	for _, step := range []struct {
		what string
		err  error
	}{
		{"drop supplementary groups", syscall.Setgroups(nil)},
		{"set the group", syscall.Setresgid(gid, gid, gid)},
		{"set the user", syscall.Setresuid(uid, uid, uid)},
	} {
		if step.err != nil {
			return fmt.Errorf("%s, which takes CAP_SETUID and CAP_SETGID: %w", step.what, step.err)
		}
	}
	return nil
}

// dropTo gives up root for good and looks that nothing of it is left.
func dropTo(uid, gid int) error {
	if err := dropIDs(uid, gid); err != nil {
		return err
	}
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return fmt.Errorf("read own status: %w", err)
	}
	status := stage.ParseProcStatus(string(text))
	for _, set := range []string{"CapPrm", "CapEff", "CapAmb"} {
		if status[set] != "0000000000000000" {
			return fmt.Errorf("after dropping to uid %d, %s is %s", uid, set, status[set])
		}
	}
	return nil
}
