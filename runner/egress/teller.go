//go:build linux

package egress

import "time"

const (
	// tellerRoom is how many denials may wait to be told. More are dropped.
	tellerRoom = 512
	// tellerLimit is how long the end waits for those that are left.
	tellerLimit = time.Second
)

// teller calls Denied, which may write to what the program shares with the runner and can
// fill. So nobody waits for it: not the one whose denial it is, and not the end for long.
type teller struct {
	queue chan Event
	done  chan struct{}
}

// newTeller starts a teller. It belongs to no group: it may be stuck for good.
func newTeller(denied func(Event)) *teller {
	t := &teller{queue: make(chan Event, tellerRoom), done: make(chan struct{})}
	go func() {
		defer close(t.done)
		for e := range t.queue {
			denied(e)
		}
	}()
	return t
}

// tell passes on a denial, or drops it.
func (t *teller) tell(e Event) {
	select {
	case t.queue <- e:
	default:
	}
}

// finish tells what is left, within tellerLimit. Nothing may be told after it.
func (t *teller) finish() {
	close(t.queue)
	timer := time.NewTimer(tellerLimit)
	defer timer.Stop()
	select {
	case <-t.done:
	case <-timer.C:
	}
}
