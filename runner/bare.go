//go:build linux

package runner

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// runBare runs the program without a sandbox. Somebody typed --backend none.
func runBare(o Options) (int, error) {
	fmt.Fprintf(o.Log, "confine: WARNING: %q runs WITHOUT A SANDBOX as uid %d: nothing of policy %s is enforced\n",
		o.Program[0], os.Getuid(), o.Policy.Name)
	cmd := exec.Command(o.Program[0], o.Program[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = o.Stdin, o.Stdout, o.Stderr
	signals := catchSignals()
	if err := cmd.Start(); err != nil {
		if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
			return ExitNotFound, fmt.Errorf("command not found: %q", o.Program[0])
		}
		return ExitNotExecutable, fmt.Errorf("command cannot be executed: %w", err)
	}
	go func() {
		for sig := range signals {
			_ = cmd.Process.Signal(sig)
		}
	}()
	_ = cmd.Wait()
	status := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return exitSignal + int(status.Signal()), nil
	}
	return status.ExitStatus(), nil
}
