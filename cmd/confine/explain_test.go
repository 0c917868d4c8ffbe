//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"confine/compiler/seccomp"
	"confine/policies"
	"confine/policy"
	"confine/policy/syscalls"
)

// explained runs the command and reads its JSON back, with every member known.
func explained[T any](t *testing.T, args ...string) T {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := explainCommand(append(args, "--format", "json"), streams{&stdout, &stderr}); code != 0 || stderr.Len() > 0 {
		t.Fatalf("%v: exit code %d, %s", args, code, stderr.String())
	}
	decoder := json.NewDecoder(&stdout)
	decoder.DisallowUnknownFields()
	var report T
	if err := decoder.Decode(&report); err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return report
}

func shipped(t *testing.T, name string) *policy.Policy {
	t.Helper()
	source, _ := policies.Find(name)
	p, err := policy.Resolve(source, policy.Options{Library: policies.Library{}, Unbound: true})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestExplainAgreesWithDecide: for an access of every kind, of every policy that ships.
func TestExplainAgreesWithDecide(t *testing.T) {
	for _, name := range policies.Names() {
		p := shipped(t, name)
		for _, text := range []string{
			"read /etc/ssl/certs", "write /source/x", "exec /usr/bin/python3", "map /usr/lib/x.so", "connect api.example.com:443",
			"resolve example.com", "capability CAP_NET_RAW", "rlimit nofile=4096", "env PATH",
			"syscall ptrace", "syscall socket", "syscall socket(arg0=0x1)", "syscall openat2",
		} {
			access, err := policy.ParseAccess(text)
			if err != nil {
				t.Fatal(err)
			}
			d := p.Decide(access)
			r := explained[accessReport](t, name, text)
			at := policy.Position{}
			if r.At != nil {
				at = *r.At
			}
			if r.Decision != decisionWord(d) || r.Because != d.Because || r.Clause != d.Clause || at != d.At || r.Access != text {
				t.Errorf("%s, %s: %+v, %+v", name, text, r, d)
			}
			if len(r.Backends) == 0 || (r.Syscall != nil) != (access.Kind == policy.AccessSyscall) {
				t.Errorf("%s, %s: %+v", name, text, r)
			}
			if _, ok := p.Remedy(access); ok != (r.ToAllow != nil) {
				t.Errorf("%s, %s: %+v", name, text, r.ToAllow)
			}
		}
	}
}

// TestExplainPolicyHasEveryEntry: as many entries as the policy has, each with its place.
func TestExplainPolicyHasEveryEntry(t *testing.T) {
	for _, name := range policies.Names() {
		p := shipped(t, name)
		r := explained[policyReport](t, name)
		for _, e := range p.Filesystem.Entries {
			if !slices.ContainsFunc(r.Entries, func(row entryReport) bool {
				return row.Table == "filesystem" && row.Key == string(e.Mode) && row.At != nil && *row.At == e.At
			}) {
				t.Errorf("%s: %s is not shown", name, e.Path)
			}
		}
		for _, v := range p.Environment.Set {
			for _, row := range r.Entries {
				if row.Table == "environment" && row.Key == "set" && row.Value == v.Value && v.Value != v.Name {
					t.Errorf("%s: the value of %s is shown", name, v.Name)
				}
			}
		}
		if len(r.Sources) != len(p.Sources) || r.Digest != p.Digest {
			t.Errorf("%s: %+v", name, r.Sources)
		}
	}
}

// TestExplainSyscallsHasEveryCall: what can be called at all is in one place, and what
// cannot be is in none that allows it.
func TestExplainSyscallsHasEveryCall(t *testing.T) {
	for _, name := range policies.Names() {
		p := shipped(t, name)
		r := explained[syscallsReport](t, name, "syscalls")
		places := map[string]int{}
		for _, group := range r.Groups {
			for _, call := range group.Syscalls {
				places[call]++
			}
		}
		for _, guard := range r.Guards {
			places[guard.Syscall]++
		}
		for _, e := range slices.Concat(r.Allow, r.Deny) {
			places[e.Name]++
		}
		for _, arch := range syscalls.Arches() {
			for call := range arch.Calls() {
				d := p.Decide(policy.Access{Kind: policy.AccessSyscall, Target: call})
				if places[call] > 1 || (d.Allowed || d.Conditional) && places[call] == 0 {
					t.Errorf("%s: %s is in %d places: %s", name, call, places[call], d.Because)
				}
			}
		}
	}
}

// TestShippedFiltersHaveSources: every instruction of them.
func TestShippedFiltersHaveSources(t *testing.T) {
	for _, name := range policies.Names() {
		p := shipped(t, name)
		for _, arch := range syscalls.Arches() {
			filter, program, err := filterOf(p, arch)
			if err != nil {
				t.Fatal(err)
			}
			foreign := 0
			for i, s := range seccomp.Sources(p.Syscalls.Set(), filter, program) {
				switch {
				case s.Step == seccomp.StepAnswer && len(s.Origins) == 0:
					foreign++
				case s.Step == "", s.Step != seccomp.StepArchitecture && len(s.Origins) == 0:
					t.Errorf("%s on %s: instruction %d leads nowhere: %+v", name, arch, i, s)
				}
			}
			if foreign > 1 {
				t.Errorf("%s on %s: %d answers to other architectures", name, arch, foreign)
			}
		}
	}
}
