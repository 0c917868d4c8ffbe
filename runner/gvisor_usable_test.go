//go:build linux

package runner

import (
	"strings"
	"testing"

	"confine/policy"
)

func TestGVisorProblems(t *testing.T) {
	usable := func() Host {
		return Host{GVisor: GVisorStatus{Path: "/usr/local/bin/runsc", Version: "20260905"}, Caller: Caller{UID: 1000, KernelThreads: true}}
	}
	if guestBinaryProblem != "" {
		// A build that cannot be the stage of a guest says so, and nothing else.
		if problems := usable().GVisorProblems(nil); len(problems) != 1 || problems[0].Message != guestBinaryProblem {
			t.Errorf("got %+v", problems)
		}
		return
	}
	limited := &policy.Policy{Process: policy.Process{Memory: 1 << 30, MemoryAt: policy.Position{File: "p.toml", Line: 7, Column: 10}}}
	for _, tc := range []struct {
		name    string
		host    func(h *Host)
		policy  *policy.Policy
		message string
		instead string
	}{
		{"usable", func(*Host) {}, nil, "", ""},
		{"not installed", func(h *Host) { h.GVisor.Problems = []Problem{{Message: "runsc is not installed"}} }, nil, "runsc is not installed", ""},
		{"no namespaces on a host", func(h *Host) { h.Namespaces = "clone(2): EPERM" }, nil, "cannot make the namespaces", "user.max_user_namespaces"},
		{
			"no namespaces in a container", func(h *Host) { h.Namespaces, h.Caller.KernelThreads = "clone(2): EPERM", false }, nil,
			"cannot make the namespaces", "docker run --security-opt seccomp=FILE",
		},
		{"memory for an ordinary caller", func(*Host) {}, limited, "p.toml:7:10", "rlimits.as"},
		{"a policy without memory", func(*Host) {}, &policy.Policy{}, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := usable()
			tc.host(&h)
			problems := h.GVisorProblems(tc.policy)
			if tc.message == "" {
				if len(problems) != 0 {
					t.Errorf("got %+v", problems)
				}
				return
			}
			if len(problems) != 1 {
				t.Fatalf("got %+v", problems)
			}
			mustContain(t, "message", problems[0].Message, tc.message)
			mustContain(t, "instead", strings.Join(problems[0].Instead, "\n"), tc.instead)
		})
	}
	// Several at once are all told.
	h := usable()
	h.Namespaces = "clone(2): EPERM"
	if problems := h.GVisorProblems(limited); len(problems) != 2 {
		t.Errorf("got %+v", problems)
	}
}

// This machine runs these tests with namespaces: the trial must find so.
func TestProbeNamespaces(t *testing.T) {
	if found := probeNamespaces(); found != "" {
		t.Errorf("found %q", found)
	}
	if noUserNamespaces() {
		t.Error("the limit of user namespaces is 0")
	}
}
