package policy

import (
	"errors"
	"sort"

	"confine/policy/syscalls"
)

// Results are what came of the cases of a policy's tests, in their order.
type Results []Result

// Result is what came of one case.
type Result struct {
	Case Case
	// Failures are what came out otherwise than the case says, sorted by place; none is
	// that it passed.
	Failures []Failure
}

// Failure is one access that came out otherwise than its case says, or the whole case
// where its policy cannot be resolved: then Access has no Kind, and At is the parameter
// because of which, or the case.
type Failure struct {
	CaseAccess
	// Expected and Found are answers, in words: "allowed", "denied by filesystem.hide".
	Expected, Found string
	// Because is one line that says why it was found.
	Because string
	// DecidedAt is the entry of the policy that decided, or the zero Position where a
	// default did.
	DecidedAt Position
	// Diagnostic tells all of it, with the line of the tests.
	Diagnostic Diagnostic

	report *report
}

// Results asks the policy about every access. resolve gives the policy with the values
// of a case's parameters.
func (t *Tests) Results(resolve func(params map[string]string) (*Policy, error)) Results {
	r := &reports{places: t.reports.places}
	var out Results
	for _, c := range t.Cases {
		result := Result{Case: c}
		if p, err := resolve(c.Params); err != nil {
			result.Failures = []Failure{c.unresolved(err, r)}
		} else {
			result.Failures = append(c.ask(p, c.Allow, true, r), c.ask(p, c.Deny, false, r)...)
		}
		sort.SliceStable(result.Failures, func(i, j int) bool { return before(result.Failures[i].At, result.Failures[j].At) })
		out = append(out, result)
	}
	return out
}

// Diagnostics gives the failures of all cases, sorted by place; nil is that all passed.
func (rs Results) Diagnostics() Diagnostics {
	r := &reports{}
	for _, result := range rs {
		for _, f := range result.Failures {
			r.found = append(r.found, f.report)
		}
	}
	return r.diagnostics()
}

func (c Case) unresolved(err error, r *reports) Failure {
	at := c.placeOf(err)
	report := r.addAt(at, "the policy of case %s cannot be resolved", quote(c.Name)).note("%v", err)
	var unknown *ParameterError
	if len(c.Params) == 0 && !errors.As(err, &unknown) {
		report.advise(`params = { NAME = "value" }, where the policy has parameters`)
	}
	return Failure{
		CaseAccess: CaseAccess{At: at}, Expected: "a policy", Found: "a policy that cannot be resolved",
		Because: err.Error(), Diagnostic: report.finish(), report: report,
	}
}

// placeOf gives the token of a case because of which its policy cannot be resolved: the value
// of a parameter, or its name, and otherwise the case.
func (c Case) placeOf(err error) Position {
	name := ""
	var unknown *ParameterError
	var diagnostics Diagnostics
	switch {
	case errors.As(err, &unknown):
		name = unknown.Name
	case errors.As(err, &diagnostics):
		name = diagnostics[0].parameter
	}
	if name == "" || len(c.Params) == 0 {
		return c.At
	}
	if at, given := c.paramsAt[name]; given {
		return at
	}
	return c.paramsAt[""]
}

// ask gives those of a list of accesses that the policy answers otherwise than the case
// says.
func (c Case) ask(p *Policy, accesses []CaseAccess, allow bool, r *reports) []Failure {
	var out []Failure
	for _, a := range accesses {
		d := p.Decide(a.Access)
		if c.accepts(d, allow) {
			continue
		}
		f := Failure{CaseAccess: a, Expected: "denied", Found: "denied", Because: d.Because, DecidedAt: d.At}
		if allow {
			f.Expected = "allowed"
		}
		switch {
		case d.Conditional:
			f.Found = "undecided without more arguments"
		case d.Allowed:
			f.Found = "allowed"
		}
		if c.By != "" {
			f.Expected += " by " + c.By
		}
		if c.By != "" && !d.Conditional {
			f.Found += " by " + d.Clause
		}
		f.report = r.addAt(a.At, "%s is %s", a.Access, f.Found).note("expected  %s, in case %s", f.Expected, quote(c.Name)).
			note("because   %s", d.Because)
		if !d.At.IsZero() {
			f.report.note("at        %s", d.At)
		}
		if d.Conditional && a.Args == [6]syscalls.Argument{} {
			f.report.advise("say which, for example %q", a.Access.String()+"(arg0=0x1)")
		}
		f.Diagnostic = f.report.finish()
		out = append(out, f)
	}
	return out
}

// accepts reports whether an answer is the one that the case says. A call that only some
// arguments allow passes neither as allowed nor as denied.
func (c Case) accepts(d Decision, allow bool) bool {
	return !d.Conditional && d.Allowed == allow && (c.By == "" || d.Clause == c.By)
}
