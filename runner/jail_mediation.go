//go:build linux

package runner

import (
	"errors"
	"os"

	"confine/runner/notify"
)

// prepareMediation makes the gateway of a jail whose network namespace has no link, and the
// socket to its supervisor. That is this process: it is above firejail, and so above the
// program, into which it has to look.
func (j *jail) prepareMediation(l *launchable) error {
	conn, supervisor, err := notify.Pair()
	if err != nil {
		return err
	}
	if j.gateway, err = l.gatewayMediated(conn); err != nil {
		_ = supervisor.Close()
		return err
	}
	j.mediation = supervisor
	return nil
}

// mediate begins to answer the program's calls. Where nobody would answer them any more,
// everything in the sandbox ends: they would wait for ever.
func (j *jail) mediate(listener int) error {
	if j.mediation == nil || listener < 0 {
		return errors.New("a listener that nobody asked for, or none")
	}
	if err := j.gateway.broker.Serve(os.NewFile(uintptr(listener), "listener"), j.gateway.Attempt); err != nil {
		return err
	}
	supervisor := j.mediation
	j.mediation, j.supervised = nil, make(chan struct{})
	go func() {
		defer close(j.supervised)
		notify.SuperviseWithin(supervisor, j.kill)
	}()
	return nil
}

// endMediation returns when nobody supervises any more; the gateway is closed by then.
func (j *jail) endMediation() {
	if j.mediation != nil {
		_ = j.mediation.Close()
	}
	if j.supervised != nil {
		<-j.supervised
	}
}
