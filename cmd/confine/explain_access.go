package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"confine/compiler"
	"confine/compiler/backends"
	"confine/compiler/seccomp"
	"confine/policy"
	"confine/policy/syscalls"
)

// accessReport is why one access is allowed or denied.
type accessReport struct {
	identity
	Access   string           `json:"access"`
	Decision string           `json:"decision"`
	Because  string           `json:"because"`
	Clause   string           `json:"clause"`
	At       *policy.Position `json:"at,omitempty"`
	// Values are those of parameters without which the access is decided otherwise.
	Values   map[string]string `json:"values,omitempty"`
	Removed  *removedReport    `json:"removed,omitempty"`
	ToAllow  *policy.Remedy    `json:"to_allow,omitempty"`
	Backends []backendReport   `json:"backends"`
	Syscall  *callReport       `json:"syscall,omitempty"`
}

// backendReport is how one backend enforces the clause that decides.
type backendReport struct {
	Backend  string `json:"backend"`
	Strength string `json:"strength,omitempty"`
	How      string `json:"how,omitempty"`
	// Refused says why the policy does not compile for the backend.
	Refused string `json:"refused,omitempty"`
	// OwnNamespaces is the same where the launch can make namespaces of its own, if that
	// is not what is said here.
	OwnNamespaces *backendReport `json:"own_namespaces,omitempty"`
}

// callReport is what becomes of a system call in the filter.
type callReport struct {
	BelongsTo string       `json:"belongs_to"`
	Paths     []pathReport `json:"paths"`
}

type pathReport struct {
	Arch string `json:"arch"`
	seccomp.Path
}

func explainAccess(p loaded, access policy.Access) (explanation, error) {
	d := p.Decide(access)
	report := accessReport{
		identity: identityOf(p.Policy), Access: access.String(), Decision: decisionWord(d),
		Because: d.Because, Clause: d.Clause, At: stated(d.At), Removed: removedFor(p.Policy, access),
	}
	values, bound := decidingValues(p, access)
	hide := func(text string) string { return text }
	if values != nil {
		d = bound.Decide(access)
		report.needs(values, d)
	} else {
		bound, hide = sampled(p)
		if remedy, ok := p.Remedy(access); ok {
			report.ToAllow = &remedy
		}
	}
	for _, backend := range backends.Names() {
		row := enforcement(bound, compiler.Backend(backend), access, d)
		row.How, row.Refused = hide(row.How), hide(row.Refused)
		if own := row.OwnNamespaces; own != nil {
			own.How, own.Refused = hide(own.How), hide(own.Refused)
		}
		report.Backends = append(report.Backends, row)
	}
	if report.ToAllow != nil {
		report.ToAllow.Note = hide(noteRefusal(bound, access, report))
	}
	if access.Kind == policy.AccessSyscall {
		call, err := explainCall(p.Policy, access)
		if err != nil {
			return nil, err
		}
		report.Syscall = call
	}
	return report, nil
}

// needs says that the answer is d with values that the parameters do not have.
func (r *accessReport) needs(values map[string]string, d policy.Decision) {
	names := slices.Sorted(maps.Keys(values))
	what := "parameter " + names[0] + " has no value; with this one it is "
	if len(names) > 1 {
		what = "parameters " + strings.Join(names, ", ") + " have no values; with these it is "
	}
	r.Decision, r.Values = "conditional", values
	r.Because, r.Clause, r.At = what+decisionWord(d), d.Clause, stated(d.At)
}

// noteRefusal adds to the note of a remedy that a backend, which takes the policy as it
// is, would refuse the edit: for calls that go around other clauses, and capabilities.
func noteRefusal(p *policy.Policy, access policy.Access, report accessReport) string {
	changed, note := *p, report.ToAllow.Note
	switch access.Kind {
	case policy.AccessSyscall:
		if !slices.ContainsFunc(report.ToAllow.Lines, func(l string) bool { return strings.HasPrefix(l, "allow") }) {
			return note
		}
		changed.Syscalls.Allow = append(slices.Clone(p.Syscalls.Allow), policy.SyscallEntry{Name: access.Target})
	case policy.AccessCapability:
		changed.Capabilities = append(slices.Clone(p.Capabilities), policy.Capability{Name: access.Target})
	default:
		return note
	}
	for _, b := range report.Backends {
		if b.Refused != "" {
			continue
		}
		if after := enforcement(&changed, compiler.Backend(b.Backend), access, changed.Decide(access)); after.Refused != "" {
			note = strings.TrimPrefix(note+"; refused then: "+after.Refused, "; ")
		}
	}
	return note
}

func decisionWord(d policy.Decision) string {
	switch {
	case d.Allowed:
		return "allowed"
	case d.Conditional:
		return "conditional"
	}
	return "denied"
}

// enforcement gives the row of a backend's coverage for the entry that decided.
func enforcement(p *policy.Policy, backend compiler.Backend, access policy.Access, d policy.Decision) backendReport {
	report := enforcementBy(p, compiler.Target{Backend: backend}, access, d)
	if backend != compiler.Native {
		return report // whose tool makes the namespaces
	}
	if own := enforcementBy(p, compiler.Target{Backend: backend, Namespaces: true}, access, d); own != report {
		report.OwnNamespaces = &own
	}
	return report
}

func enforcementBy(p *policy.Policy, target compiler.Target, access policy.Access, d policy.Decision) backendReport {
	report := backendReport{Backend: string(target.Backend)}
	bundle, refused := compiledFor(p, target)
	if report.Refused = refused; refused == "" {
		row := coverageOf(bundle.Coverage, access, d)
		report.Strength, report.How = string(row.Launched.Strength), row.Launched.How
	}
	return report
}

// compiledFor compiles the policy for the default version of a target's backend, and this
// machine; refused says in one line why that cannot be, and is empty where it can.
func compiledFor(p *policy.Policy, target compiler.Target) (bundle *compiler.Bundle, refused string) {
	for _, param := range p.Params {
		if !param.Bound {
			return nil, fmt.Sprintf("parameter %s has no value, %s", param.Name, param.At)
		}
	}
	var err error
	if target.Version, err = backends.DefaultVersion(target.Backend); err != nil {
		return nil, err.Error()
	}
	target.Arch = defaultArch()
	bundle, err = backends.Compile(p, target, time.Now()) //nolint:forbidigo // this is where the date enters: exceptions end on a day
	var refusals compiler.Refusals
	switch {
	case errors.As(err, &refusals):
		first := refusals[0]
		refused = fmt.Sprintf("%s [%s]", first.Message, first.Clause)
		if !first.At.IsZero() {
			refused += ", " + first.At.String()
		}
		if more := len(refusals) - 1; more > 0 {
			refused += fmt.Sprintf(" (and %d more)", more)
		}
	case err != nil:
		refused, _, _ = strings.Cut(err.Error(), "\n")
	}
	return bundle, refused
}

// readable are the clauses that let something be read and not be mapped.
var readable = []string{policy.ClauseFilesystemRead, policy.ClauseFilesystemWrite, policy.ClauseFilesystemTmp}

// coverageOf finds the row of the entry that decided, or else the row of its clause. A
// default without a row of its own is a part of what the first clause of its table says. That
// what may be read cannot be mapped can have a row of its own, of no path.
func coverageOf(rows []compiler.Coverage, access policy.Access, d policy.Decision) compiler.Coverage {
	unmappable := access.Kind == policy.AccessMap && !d.Allowed && slices.Contains(readable, d.Clause)
	for _, fits := range []func(row compiler.Coverage) bool{
		func(row compiler.Coverage) bool {
			return unmappable && row.Clause == policy.ClauseFilesystemMap && !strings.HasPrefix(row.Subject, "/")
		},
		func(row compiler.Coverage) bool { return row.Clause == d.Clause && row.At == d.At },
		func(row compiler.Coverage) bool { return row.Clause == d.Clause },
		func(row compiler.Coverage) bool {
			return d.Clause == policy.ClauseSyscalls && row.Clause == policy.ClauseSyscallsBase
		},
		func(row compiler.Coverage) bool {
			return d.Clause == policy.ClauseNetworkEgress && row.Clause == policy.ClauseNetworkMode
		},
	} {
		for _, row := range rows {
			if fits(row) {
				return row
			}
		}
	}
	// A limit that is inherited, say: no mechanism is asked for.
	return compiler.Coverage{Launched: compiler.Verdict{How: "nothing is stated, so nothing is enforced"}}
}

// explainCall follows a call through the filters of both architectures.
func explainCall(p *policy.Policy, access policy.Access) (*callReport, error) {
	report := &callReport{BelongsTo: belongsTo(p, access), Paths: []pathReport{}}
	for _, arch := range syscalls.Arches() {
		number, err := arch.Number(access.Target)
		if err != nil {
			continue // one architecture has it, or the access would not have been read
		}
		filter, program, err := filterOf(p, arch)
		if err != nil {
			return nil, err
		}
		given := map[int]uint64{}
		for i, arg := range access.Args {
			if value, known := arg.On(arch); known {
				given[i] = value
			}
		}
		path, err := seccomp.PathOf(filter, program, number, given)
		if err != nil {
			return nil, err
		}
		report.Paths = append(report.Paths, pathReport{arch.String(), path})
	}
	return report, nil
}

// belongsTo names the entry of the policy or the part of the base list that a call is
// decided by.
func belongsTo(p *policy.Policy, access policy.Access) string {
	d := p.Syscalls.Set().Decide(access.Target, access.Args)
	o := syscalls.Origin{Part: d.Part, Call: access.Target, Rule: d.Rule}
	if d.Part == syscalls.PartBase {
		o.Group = syscalls.GroupOf(p.Syscalls.Base, access.Target)
	}
	return p.Syscalls.OriginName(o)
}

// filterOf compiles the filter alone: it does not depend on the backend.
func filterOf(p *policy.Policy, arch syscalls.Arch) (syscalls.Filter, seccomp.Program, error) {
	filter, err := p.Syscalls.Set().Filter(arch)
	if err != nil {
		return filter, nil, err
	}
	program, err := seccomp.Compile(filter)
	return filter, program, compiler.RefuseFilter(&p.Syscalls, err)
}

func (r accessReport) text() string {
	var out strings.Builder
	decision := r.Decision
	if decision == "conditional" {
		decision = "depends"
	}
	out.WriteString(labelled(decision, r.Access))
	out.WriteString(labelled("because", r.Because))
	if len(r.Values) > 0 {
		out.WriteString(labelled("give", flagsOf(r.Values)))
	}
	if r.Removed != nil {
		out.WriteString(labelled("removed", fmt.Sprintf("%s, which stands at %s, by remove at %s", r.Removed.Entry, r.Removed.WasAt, r.Removed.At)))
	}
	at := "a default: no file states it"
	if r.At != nil {
		at = r.At.String()
	}
	out.WriteString(labelled("at", at+"  "+clauseInBrackets(r.Clause)))
	if r.ToAllow != nil {
		label := "to allow"
		if len(r.ToAllow.Lines) > 0 {
			out.WriteString(labelled(label, "["+r.ToAllow.Table+"]"))
			label = ""
		}
		for _, line := range r.ToAllow.Lines {
			fmt.Fprintf(&out, "%10s%s\n", "", visible(line)) // not broken: it is there to be pasted
		}
		if r.ToAllow.Note != "" {
			out.WriteString(labelled(label, r.ToAllow.Note))
		}
	}
	if r.Syscall != nil {
		out.WriteString(labelled("filter", r.Syscall.BelongsTo))
		for _, path := range r.Syscall.Paths {
			length := fmt.Sprint(path.Longest)
			if path.Shortest != path.Longest {
				length = fmt.Sprintf("%d to %d", path.Shortest, path.Longest)
			}
			out.WriteString(labelled("", fmt.Sprintf("%s: %s instructions", path.Arch, length)))
		}
	}
	for _, b := range r.Backends {
		out.WriteString(b.text(b.Backend, ""))
		if b.OwnNamespaces != nil {
			out.WriteString(b.OwnNamespaces.text("", "in namespaces of its own: "))
		}
	}
	return out.String()
}

// text is a row of the table of backends.
func (b backendReport) text(label, where string) string {
	if b.Refused != "" {
		return labelled(label, where+"refuses this policy: "+b.Refused)
	}
	strength := b.Strength
	if strength == "" {
		strength = "-"
	}
	return paragraph(pad(label, 10)+pad(strength, 9), where+b.How)
}

func clauseInBrackets(clause string) string {
	if clause == "" {
		return ""
	}
	return "[" + clause + "]"
}
