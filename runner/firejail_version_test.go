//go:build linux

package runner

import (
	"testing"

	"confine/policy"
)

// Three answers for what is not accepted: a hole, a missing directive, not measured.
func TestFirejailVersionProblem(t *testing.T) {
	const hole, lacks, measured = "CVE-2022-31214", "lacks the directive restrict-namespaces", "was not measured"
	for version, want := range map[string]string{
		"0.9.72": "", "0.9.74": "", "0.9.76": "", "0.9.78": "", "0.9.79": "", "0.9.80": "", "0.9.81": "",
		"0.9.64.4": hole, "0.9.68": hole, "0.9.7": hole, "0.9.70": lacks,
		"0.9.73": measured, "0.9.82": measured, "0.9.720": measured, "1.0.0": measured,
		"0.9.72.1": measured, "0.9.80.2": measured, "0.9.72rc1": measured, "0.9": measured, "": measured,
	} {
		p, refused := firejailVersionProblem(version)
		if refused != (want != "") {
			t.Errorf("%q: refused %t: %+v", version, refused, p)
			continue
		}
		mustContain(t, version, p.Message, want)
		if refused && (p.Found != "firejail "+version || p.Expected != "firejail "+knownFirejails() || (len(p.Instead) == 0) != (want == measured)) {
			t.Errorf("%q: %+v", version, p)
		}
	}
}

// Where firejail takes the host for a container, what is not told that it may
// confine there runs the program bare.
func TestReleaseThatBelievesNoContainer(t *testing.T) {
	for version, usable := range map[string]bool{"0.9.72": true, "0.9.80": true, "0.9.81": false} {
		h := Host{
			Landlock: 2, Firejail: FirejailStatus{Path: "/usr/bin/firejail", Version: version},
			Caller: Caller{UID: 1000, Bounding: CapabilitySet(^uint64(0))},
		}
		problems := h.FirejailProblems(policy.NetworkHost)
		if (len(problems) == 0) != usable {
			t.Errorf("%s: %+v", version, problems)
		}
		for _, p := range problems {
			mustContain(t, "message", p.Message, "without any sandbox")
			mustContain(t, "found", p.Found, "firejail "+version)
			mustContain(t, "expected", p.Expected, "0.9.72, 0.9.74, 0.9.76, 0.9.78, 0.9.79, 0.9.80")
		}
		h.Caller.KernelThreads = true
		if problems := h.FirejailProblems(policy.NetworkHost); len(problems) != 0 {
			t.Errorf("%s on a host: %+v", version, problems)
		}
	}
}
