//go:build linux

package notify

import (
	"strconv"
	"testing"
)

// What a connection costs through everything: socket, connect and close of the program,
// with the gateway's connection to the host.
func BenchmarkConnect(b *testing.B) {
	w := open(b)
	p := w.start(w.mode("many", strconv.Itoa(b.N)))
	same(b, p.ended(), "done")
}

// The same connections without a filter.
func BenchmarkConnectDirect(b *testing.B) {
	same(b, open(b).unfiltered("many", strconv.Itoa(b.N)), "done")
}

// A call that is not notified costs what a filter costs.
func BenchmarkOtherCall(b *testing.B) {
	const count, calls = 2e6, "2000000"
	for name, run := range map[string]func(w *world) []string{
		"filtered":   func(w *world) []string { return w.start(w.mode("busy", calls)).ended() },
		"unfiltered": func(w *world) []string { return w.unfiltered("busy", calls) },
	} {
		b.Run(name, func(b *testing.B) {
			lines := run(open(b))
			took, err := strconv.ParseFloat(lines[0], 64)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(took/count, "ns/call")
		})
	}
}
