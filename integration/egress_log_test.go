//go:build linux

package integration

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"confine/runner/egress"
)

// readEvents decodes the log of a run: a line is an event, and has no member that an event
// does not have.
func readEvents(t *testing.T, path string) []egress.Event {
	t.Helper()
	var events []egress.Event
	for line := range strings.Lines(readText(t, path)) {
		decoder := json.NewDecoder(bytes.NewReader([]byte(line)))
		decoder.DisallowUnknownFields()
		var e egress.Event
		if err := decoder.Decode(&e); err != nil || decoder.More() {
			t.Fatalf("%v in %q", err, line)
		}
		events = append(events, e)
	}
	return events
}

// some are the events that a function picks.
func some(events []egress.Event, pick func(egress.Event) bool) []egress.Event {
	return slices.DeleteFunc(slices.Clone(events), func(e egress.Event) bool { return !pick(e) })
}

// TestEgressLog: the log says what was attempted, what came of it and by which line, and
// nothing of what was sent.
func TestEgressLog(t *testing.T) {
	w := newInternet(t)
	path := egressPolicy(t, `egress = ["api.vendor.test:7000", "api.vendor.test:443", "metadata.test:80"]`)
	text := readText(t, path)
	line := func(of string) int { return 1 + strings.Count(text[:strings.Index(text, of)], "\n") }
	const sent = 100_000
	for _, l := range egressLaunches {
		t.Run(l.name, func(t *testing.T) {
			log := owner(t, filepath.Join(tree(t), "egress.jsonl"), l)
			before := time.Now()
			cmd := l.cmd(path, probe, "pour api.vendor.test:7000 100000", "tls api.vendor.test:443 evil.test", "exchange metadata.test:80",
				"resolve evil.test", "resolve evil.test.", "resolve Evil.Test", "exchange evil.test:443", "exchange api.vendor.test:7001", "exchange api.vendor.test:7001",
				"exchange api.vendor.test:80", "udp api.vendor.test:7000", "resolve data.evil.test", "exchange "+evilAddress+":443")
			o := w.finish(t, with(cmd, "--egress-log", log)).must(t, 0)
			got := answers(t, o.stdout)
			if got["pour api.vendor.test:7000 100000"] != "ok" {
				t.Fatalf("%v", got)
			}

			info, err := os.Stat(log)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode() != 0o600 {
				t.Errorf("log mode %v, expected 0600", info.Mode())
			}
			all := readText(t, log)
			for _, payload := range []string{"payload-of-the-probe", "GET ", token} {
				if strings.Contains(all, payload) {
					t.Errorf("the log has %q", payload)
				}
			}
			events := readEvents(t, log)
			for _, e := range events {
				if e.Time.Before(before.Add(-time.Second)) || e.Time.After(time.Now().Add(time.Second)) {
					t.Errorf("the time of an event is %s", e.Time)
				}
			}
			one := func(what string, pick func(egress.Event) bool) egress.Event {
				t.Helper()
				found := some(events, pick)
				if len(found) == 0 {
					t.Errorf("no event: %s\n%s", what, all)
					return egress.Event{}
				}
				return found[0]
			}
			opened := one("the connection that was opened", func(e egress.Event) bool {
				return e.Kind == egress.KindOpen && e.Verdict == egress.Allowed && e.Host == "api.vendor.test" && e.Port == 7000
			})
			if opened.At.Line != line("egress = [") || filepath.Base(opened.At.File) != filepath.Base(path) {
				t.Errorf("it is allowed by %s, expected line %d of %s", opened.At, line("egress = ["), path)
			}
			if !strings.Contains(opened.Address, apiAddress) {
				t.Errorf("its address is %q", opened.Address)
			}
			closed := one("its end", func(e egress.Event) bool { return e.Kind == egress.KindClose && e.Connection == opened.Connection })
			if closed.Sent != sent || closed.Received != sent {
				t.Errorf("%d bytes sent and %d received, expected %d of each", closed.Sent, closed.Received, sent)
			}
			denied := one("the look-up of another name", func(e egress.Event) bool {
				return e.Kind == egress.KindResolve && e.Verdict == egress.Denied && e.Host == "evil.test"
			})
			if denied.At.Line != line(`mode = "egress"`) || denied.Because == "" {
				t.Errorf("it is denied by %s, because %q; expected line %d", denied.At, denied.Because, line(`mode = "egress"`))
			}
			one("a port that is not named", func(e egress.Event) bool {
				return e.Verdict == egress.Denied && e.Host == "api.vendor.test" && e.Port == 7001
			})
			one("a server name of another", func(e egress.Event) bool {
				return e.Verdict == egress.Denied && e.Host == "api.vendor.test" && e.Port == 443 && e.Because != ""
			})
			one("an address that is refused", func(e egress.Event) bool {
				return e.Verdict == egress.Denied && e.Host == "metadata.test" && strings.Contains(e.Because, "metadata")
			})
			if !mediated(l) { // which has no socket to send one with
				one("a datagram", func(e egress.Event) bool {
					return e.Verdict == egress.Denied && e.Host == "api.vendor.test" && e.Port == 7000 && e.Protocol == "udp"
				})
			}

			for _, once := range []string{"denied resolve evil.test,", "denied resolve data.evil.test,", "denied connect api.vendor.test:7001"} {
				if n := strings.Count(o.stderr, once); n != 1 {
					t.Errorf("%q is %d times on stderr, expected once:\n%s", once, n, o.stderr)
				}
			}
			position := denied.At.String()
			if want := "confine: denied resolve evil.test, not in egress: " + position + "\n"; !strings.Contains(o.stderr, want) {
				t.Errorf("stderr lacks %q:\n%s", want, o.stderr)
			}
			wantsHint(t, o.stderr, "evil.test:443")
			wantsHint(t, o.stderr, "api.vendor.test:7001")
			if strings.Contains(o.stderr, "payload-of-the-probe") {
				t.Errorf("stderr has the payload:\n%s", o.stderr)
			}
		})
	}
}

// TestEgressLogThatCannotBe: a log that cannot be written stops the launch, and so does one
// where nothing would be logged or which root's program could write.
func TestEgressLogThatCannotBe(t *testing.T) {
	w := newInternet(t)
	desk := owned(t, filepath.Join(tree(t), "desk"))
	policy := accessPolicy(t, nil, nil, `read = ["/etc/resolv.conf"]`+"\nwrite = [\""+desk+"\"]", "[network]\nmode = \"egress\"\negress = [\"api.vendor.test:443\"]\n")
	other := accessPolicy(t, nil, nil, "", "[network]\nmode = \"none\"\n")
	missing := filepath.Join(tree(t), "missing", "egress.jsonl")
	for _, l := range egressLaunches {
		for name, c := range map[string]struct{ policy, log string }{
			"no directory":                {policy, missing},
			"a directory of the program":  {policy, filepath.Join(desk, "egress.jsonl")},
			"nothing is there to log":     {other, filepath.Join(tree(t), "egress.jsonl")},
			"a directory in its place":    {policy, tree(t)},
			"a device that takes no file": {policy, "/dev/full"},
		} {
			if strings.HasSuffix(l.name, "user") {
				if name == "a directory of the program" {
					continue // whose user is the caller
				}
				if name == "nothing is there to log" {
					give(t, filepath.Dir(c.log))
				}
			}
			t.Run(l.name+"/"+name, func(t *testing.T) {
				o := w.finish(t, with(l.cmd(c.policy, "/usr/bin/touch", filepath.Join(desk, "ran")), "--egress-log", c.log))
				wants(t, o.must(t, 125), "nothing ran", "log")
			})
		}
	}
	// What somebody else could write over is no evidence.
	theirs := file(t, filepath.Join(tree(t), "theirs.jsonl"), "", 0o600)
	give(t, theirs)
	linked := file(t, filepath.Join(tree(t), "linked.jsonl"), "", 0o600)
	if err := os.Link(linked, linked+".too"); err != nil {
		t.Fatal(err)
	}
	open := file(t, filepath.Join(tree(t), "open.jsonl"), "", 0o666)
	for log, want := range map[string]string{theirs: "belongs to uid", linked: "has 2 names", open: "has mode 0666"} {
		for _, l := range linkedByRoot() {
			o := w.finish(t, with(l.cmd(policy, "/usr/bin/touch", filepath.Join(desk, "ran")), "--egress-log", log))
			wants(t, o.must(t, 125), "nothing ran", want)
		}
	}
	if _, err := os.Stat(filepath.Join(desk, "ran")); err == nil {
		t.Error("a program ran")
	}
}

// TestEgressUnreachable: a host that is allowed and does not answer is told apart from one
// that is denied.
func TestEgressUnreachable(t *testing.T) {
	w := newInternet(t)
	w.resolver.set("gone.vendor.test", []string{"203.0.113.200"})
	w.resolver.set("nowhere.vendor.test")
	policy := egressPolicy(t, `egress = ["*.vendor.test:7000", "api.vendor.test:22"]`)
	for _, l := range egressLaunches {
		t.Run(l.name, func(t *testing.T) {
			log := owner(t, filepath.Join(tree(t), "egress.jsonl"), l)
			cmd := l.cmd(policy, probe, "exchange gone.vendor.test:7000", "exchange nowhere.vendor.test:7000", "exchange api.vendor.test:22", "exchange api.vendor.test:7000")
			o := w.finish(t, with(cmd, "--egress-log", log)).must(t, 0)
			for access, got := range answers(t, o.stdout) {
				if ok := got == "ok"; ok != (access == "exchange api.vendor.test:7000") {
					t.Errorf("%s: %s", access, got)
				}
			}
			for _, host := range []string{"gone.vendor.test", "nowhere.vendor.test", "api.vendor.test"} {
				failed := some(readEvents(t, log), func(e egress.Event) bool { return e.Verdict == egress.Failed && e.Host == host })
				if len(failed) == 0 || failed[0].Because == "" {
					t.Errorf("%s: no event that it failed, and why:\n%s", host, readText(t, log))
				}
			}
			if strings.Contains(o.stderr, "denied") {
				t.Errorf("stderr calls it denied:\n%s", o.stderr)
			}
		})
	}
}
