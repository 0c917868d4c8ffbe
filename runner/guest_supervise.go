//go:build linux

package runner

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// supervise waits for the program's end, passes signals on to it and counts its time.
func (g *guest) supervise(signals <-chan os.Signal, limit time.Duration) (int, error) {
	var over, dead <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		over = timer.C
	}
	guard, late := g.guard.died, false
	var ended error
	for {
		select {
		case <-g.over:
			<-g.ended
			if late {
				undelivered := g.relay.drain(signals, wallGrace)
				return ExitWallTime, errors.Join(fmt.Errorf("ended: the wall time of %s is over", limit), undelivered)
			}
			code, err := g.conclude(ended)
			return g.relay.deliver(signals, code, err)
		case sig := <-signals:
			g.signal(sig.(syscall.Signal))
		case <-over:
			late, over = true, nil
			g.signal(syscall.SIGTERM)
			dead = time.After(wallGrace)
		case <-dead:
			g.kill()
		case <-guard:
			guard, ended = nil, errGuard
			g.kill()
		}
	}
}

// conclude gives the exit code of the program, or that of a sandbox that failed under
// it. runsc's own codes tell no difference.
func (g *guest) conclude(ended error) (int, error) {
	if ended != nil {
		return exitSignal + int(syscall.SIGKILL), ended
	}
	if cause := g.report.failure(); cause != "" {
		return exitSignal + int(syscall.SIGKILL), errors.New("ended: the sandbox failed under the program: " + cause)
	}
	return g.report.Code, nil
}
