//go:build linux

package egress

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// Who is told and does not come back holds up neither the gateway nor its end.
func TestDeniedThatBlocks(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	w := open(t, network(), func(c *Config) { c.Denied = func(Event) { <-release } })
	for i := range 2 * tellerRoom {
		if m := w.ask(question(1, fmt.Sprintf("x%d.evil.example", i), dnsmessage.TypeA)); m.RCode != dnsmessage.RCodeNameError {
			t.Fatalf("%s", m.RCode)
		}
	}
	closed := make(chan struct{})
	go func() {
		w.Close()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(time.Minute):
		t.Fatal("the gateway does not end")
	}
}
