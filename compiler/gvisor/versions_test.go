package gvisor_test

import (
	"testing"

	"confine/compiler"
	"confine/compiler/gvisor"
)

// TestVersions: the release of Debian 12 and what is older is told why, what was never
// measured that nothing is known of it, and what is known compiles.
func TestVersions(t *testing.T) {
	const (
		lacking  = "this version of runsc does not enforce limits on CPU time and leaves raw sockets open"
		measured = "this version of runsc was not measured, so nothing is known of what it enforces"
	)
	for version, message := range map[string]string{
		"20260905": "",
		"20221219": lacking, "20221218": lacking, "20180502": lacking, "20000000": lacking, "0.0.0": lacking, "0.9.72": lacking,
		"20221220": measured, "20260904": measured, "20260906": measured, "20270101": measured, "99999999": measured,
	} {
		v, err := compiler.ParseVersion(version)
		if err != nil {
			t.Fatal(err)
		}
		r, refused := gvisor.CheckVersion(v)
		if refused != (message != "") || r.Message != message {
			t.Errorf("%s: %v, %+v", version, refused, r)
		}
		if refused && (r.Clause != "backend" || r.Found != "runsc "+version || r.Expected != "runsc 20260905" || !r.At.IsZero() ||
			r.Hint != "go install gvisor.dev/gvisor/runsc@v0.0.0-20260905035102-160fafc42237") {
			t.Errorf("%s: %+v", version, r)
		}
		other := target
		other.Version = v
		bundle, err := gvisor.Compile(parse(t, "syscalls.base = 'unrestricted'\n"), other)
		refusals, ok := err.(compiler.Refusals) //nolint:errorlint // the error of a compile is never wrapped
		if refused != ok || refused != (bundle == nil) || refused && (len(refusals) != 1 || refusals[0] != r) {
			t.Errorf("%s: %v, %v", version, bundle, err)
		}
	}
}
