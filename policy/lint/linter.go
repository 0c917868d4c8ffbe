package lint

import (
	"errors"
	"slices"
	"strings"
	"time"

	"confine/policy"
)

// Linter applies the rules to policies. It may be used by several goroutines if its
// Library may.
type Linter struct {
	Config  Config
	Library policy.Library
	// Memory is shared by the policies of a run; it may be nil.
	Memory *policy.Memory
	// Today decides which exceptions and suppressions still hold.
	Today time.Time
	// Coverage asks the backends; nil asks none, and finds nothing of theirs.
	Coverage Coverage
}

// Target is one policy to look at.
type Target struct {
	Source policy.Source
	// Tests are the cases beside it; nil where there are none.
	Tests *policy.Source
	// Relative is its path relative to the settings, with slashes.
	Relative string
}

// Lint gives what the rules say of a policy, sorted by place, with what comments allow and
// what rules say that are not asked.
func (l *Linter) Lint(t Target) []Finding { return l.look(t, all) }

// look asks rules of a policy.
func (l *Linter) look(t Target, rules []*Rule) []Finding {
	options := policy.Options{Library: l.Library, Memory: l.Memory, Unbound: true, Inherited: true}
	p, err := policy.Resolve(t.Source, options)
	if err != nil {
		return l.invalid(err, t)
	}
	s := &Subject{
		Policy: p, embedded: t.Source.Embedded, Inherited: p.Inherited(), Today: l.Today, suppressions: map[string][]*Suppression{},
		resolve: func(params map[string]string) (*policy.Policy, error) {
			return policy.Resolve(t.Source, policy.Options{Library: l.Library, Memory: l.Memory, Parameters: params})
		},
	}
	var findings []Finding
	if t.Tests != nil {
		s.tested = true
		if s.Tests, err = policy.ParseTests(t.Tests.File, t.Tests.Text); err != nil {
			findings = l.invalid(err, t)
		}
	}
	if slices.ContainsFunc(backendRules, func(rule *Rule) bool { return slices.Contains(rules, rule) }) {
		l.enforce(s)
	}
	for _, rule := range rules {
		if rule.check == nil {
			continue
		}
		ignored := !l.Config.asks(rule.Code, t.Relative)
		for _, found := range rule.check(s) {
			f := l.place(s, rule, found)
			f.Ignored = ignored
			findings = append(findings, f)
		}
	}
	return Sort(l.suppress(s, t, findings))
}

// invalid makes findings of what is wrong with a file. They cannot be ignored: nothing
// else was looked at.
func (l *Linter) invalid(err error, t Target) []Finding {
	var diagnostics policy.Diagnostics
	if !errors.As(err, &diagnostics) {
		at := policy.Position{File: t.Source.File, Line: 1, Column: 1}
		diagnostics = policy.Diagnostics{{At: at, EndColumn: 2, Message: err.Error()}}
	}
	var out []Finding
	for _, d := range diagnostics {
		out = append(out, finding(&invalidFile, d))
	}
	return out
}

func finding(rule *Rule, d policy.Diagnostic) Finding {
	if rule.Severity != Error {
		d.Severity = rule.Severity.String()
	}
	d.Docs = "confine explain " + rule.Code
	return Finding{Rule: rule, Diagnostic: d}
}

// place shows what was found. What a base states is told at the entry of extends that
// brings it; a comment there that allows it settles most rules.
func (l *Linter) place(s *Subject, rule *Rule, found Found) Finding {
	message, at := found.Message, found.At
	if message == "" {
		message = rule.Title
	}
	notes := found.Notes
	if at.IsZero() {
		at = s.name()
	}
	stated := at
	var allowed *Suppression
	if !s.own(at) {
		if !rule.EachPolicy {
			allowed = l.allowedInBase(s, rule.Code, at)
		}
		notes = append([]string{"stated at  " + at.String()}, notes...)
		at, found.Remove, found.Replace = s.Policy.BroughtBy(at.File), false, ""
	}
	f := finding(rule, s.Policy.Diagnose(at, message, notes, found.Hint))
	f.inherited = !s.own(stated)
	// What lies on disk is extended with its directory: a bare name ships with confine.
	f.stated = placeOf(stated, s.embedded || f.inherited && !strings.ContainsAny(stated.File, `/\`))
	f.Fix = s.fix(found)
	f.Suppressed = allowed
	return f
}

// allowedInBase gives the comment in a base that allows what it states, or nil.
func (l *Linter) allowedInBase(s *Subject, code string, at policy.Position) *Suppression {
	list, read := s.suppressions[at.File]
	if !read {
		list, _ = readSuppressions(s.Policy, at.File)
		s.suppressions[at.File] = list
	}
	for _, c := range list {
		if c.allows(code, at) && !c.expired(l.Today) {
			return c
		}
	}
	return nil
}

// suppress marks what comments of the policy's own file allow, and adds what is wrong
// with the comments.
func (l *Linter) suppress(s *Subject, t Target, findings []Finding) []Finding {
	list, wrong := readSuppressions(s.Policy, s.Policy.File)
	for i := range findings {
		f := &findings[i]
		for _, c := range list {
			if f.Rule == &invalidFile || f.Suppressed != nil || !c.allows(f.Rule.Code, f.At) {
				continue
			}
			c.used[f.Rule.Code] = true
			if c.expired(l.Today) {
				f.Notes = append(f.Notes, "the comment that allowed it ended on "+c.Until.Format(time.DateOnly))
				continue
			}
			f.Suppressed = c
		}
	}
	add := func(rule *Rule, found Found) {
		f := l.place(s, rule, found)
		f.Ignored = !l.Config.asks(rule.Code, t.Relative)
		findings = append(findings, f)
	}
	for _, found := range wrong {
		add(&unreadableSuppression, found)
	}
	for _, c := range list {
		var unused []string
		for _, code := range c.Codes {
			if !c.used[code] && l.Config.asks(code, t.Relative) {
				unused = append(unused, code)
			}
		}
		if len(unused) > 0 {
			add(&unusedSuppression, Found{At: c.At, Message: "this comment allows " + strings.Join(unused, ", ") + ", and nothing of it is found here"})
		}
		if c.expired(l.Today) {
			add(&expiredSuppression, Found{At: c.At, Message: "this comment held until " + c.Until.Format(time.DateOnly)})
		}
	}
	return findings
}
