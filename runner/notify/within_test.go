//go:build linux

package notify

import (
	"os"
	"sync/atomic"
	"testing"
)

// within is a supervisor in the process of the test.
type within struct {
	lost atomic.Int32
	over chan struct{}
}

// supervise starts it; what is lost is the program.
func (s *within) supervise(w *world, theirs *os.File) {
	s.over = make(chan struct{})
	go func() {
		defer close(s.over)
		SuperviseWithin(theirs, func() {
			s.lost.Add(1)
			_ = w.program.Process.Kill()
		})
	}()
}

// A supervisor in the process of the runner leaves nothing there, and reports no loss when a
// program ends by itself.
func TestSuperviseWithin(t *testing.T) {
	before := descriptors(t, os.Getpid())
	s := new(within)
	w := openWith(t, s.supervise)
	same(t, w.start(w.mode("unspec")).ended(), "EAFNOSUPPORT", "ENETUNREACH", "0 192.0.2.7", "EISCONN", "EISCONN")
	w.undirected()
	w.shut()
	<-s.over
	if n := s.lost.Load(); n != 0 {
		t.Errorf("lost %d times", n)
	}
	w.settled(os.Getpid(), before)
}

// Without the runner nobody answers the program's calls: it has to be ended.
func TestSuperviseWithinWithoutRunner(t *testing.T) {
	before := descriptors(t, os.Getpid())
	s := new(within)
	w := openWith(t, s.supervise)
	p := w.mode("waits")
	expect, _ := w.talk(p)
	expect(t, "0", "ENETUNREACH")
	w.Broker.Close()
	if err := p.Wait(); err == nil {
		t.Error("the program ended by itself")
	}
	<-s.over
	if n := s.lost.Load(); n != 1 {
		t.Errorf("lost %d times, expected once", n)
	}
	w.shut()
	w.settled(os.Getpid(), before)
}
