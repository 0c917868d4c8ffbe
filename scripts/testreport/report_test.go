package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// feed gives a report the events of one go test run, one JSON object a line.
func feed(t *testing.T, events string) (r *report, shown string) {
	t.Helper()
	var w bytes.Buffer
	r = newReport(&w)
	for _, line := range strings.Split(strings.TrimSpace(events), "\n") {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		r.add(e)
	}
	r.summary()
	return r, w.String()
}

func TestReport(t *testing.T) {
	for _, tc := range []struct {
		name, events            string
		passed, failed, skipped int
		shows                   string
	}{
		{
			name: "a test with subtests counts through them",
			events: `
{"Action":"run","Package":"p","Test":"A"}
{"Action":"run","Package":"p","Test":"A/x"}
{"Action":"pass","Package":"p","Test":"A/x"}
{"Action":"run","Package":"p","Test":"A/y"}
{"Action":"pass","Package":"p","Test":"A/y"}
{"Action":"pass","Package":"p","Test":"A"}
{"Action":"pass","Package":"p"}`,
			passed: 2, shows: "ok    p ",
		},
		{
			name: "a failure counts once and is shown in full",
			events: `
{"Action":"run","Package":"p","Test":"A"}
{"Action":"run","Package":"p","Test":"A/x"}
{"Action":"output","Package":"p","Test":"A/x","Output":"    a_test.go:3: broken\n"}
{"Action":"fail","Package":"p","Test":"A/x"}
{"Action":"fail","Package":"p","Test":"A"}
{"Action":"fail","Package":"p"}`,
			failed: 1, shows: "a_test.go:3: broken",
		},
		{
			name: "a test that fails although its subtests pass",
			events: `
{"Action":"run","Package":"p","Test":"A"}
{"Action":"run","Package":"p","Test":"A/x"}
{"Action":"pass","Package":"p","Test":"A/x"}
{"Action":"fail","Package":"p","Test":"A"}
{"Action":"fail","Package":"p"}`,
			passed: 1, failed: 1, shows: "FAIL  p ",
		},
		{
			name: "a skip is listed with its reason",
			events: `
{"Action":"run","Package":"p","Test":"A"}
{"Action":"output","Package":"p","Test":"A","Output":"    a_test.go:3: no firejail\n"}
{"Action":"output","Package":"p","Test":"A","Output":"--- SKIP: A (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"A"}
{"Action":"pass","Package":"p"}`,
			skipped: 1, shows: "skip  p.A: no firejail\n",
		},
		{
			name: "a package that does not build",
			events: `
{"Action":"build-output","ImportPath":"p [p.test]","Output":"a_test.go:3:1: undefined: x\n"}
{"Action":"build-fail","ImportPath":"p [p.test]"}
{"Action":"fail","Package":"p","FailedBuild":"p [p.test]"}`,
			failed: 1, shows: "undefined: x",
		},
		{
			name: "a crash in the middle of a test",
			events: `
{"Action":"run","Package":"p","Test":"A"}
{"Action":"output","Package":"p","Test":"A","Output":"panic: boom\n"}
{"Action":"fail","Package":"p"}`,
			failed: 1, shows: "panic: boom",
		},
		{
			name:   "a stream that ends in the middle of a package",
			events: `{"Action":"run","Package":"p","Test":"A"}`,
			failed: 1, shows: "FAIL  p did not finish",
		},
		{
			name:   "a package without tests counts nothing",
			events: `{"Action":"skip","Package":"p"}`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, shown := feed(t, tc.events)
			if r.passed != tc.passed || r.failed != tc.failed || r.skipped != tc.skipped {
				t.Errorf("got %d passed, %d failed, %d skipped; want %d, %d, %d",
					r.passed, r.failed, r.skipped, tc.passed, tc.failed, tc.skipped)
			}
			if !strings.Contains(shown, tc.shows) {
				t.Errorf("shown %q lacks %q", shown, tc.shows)
			}
		})
	}
}
