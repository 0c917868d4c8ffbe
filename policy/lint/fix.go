package lint

import (
	"slices"
	"strings"

	"confine/policy"
)

// fix gives the edits that cure what was found.
func (s *Subject) fix(found Found) []Edit {
	if !found.Remove && found.Replace == "" || !s.own(found.At) {
		return nil
	}
	start, end, ok := s.Policy.Token(found.At)
	text, known := s.Policy.Text(found.At.File)
	switch {
	case !ok || !known:
		return nil
	case found.Replace != "":
		return []Edit{{start, end, found.Replace}}
	}
	return removal(text, start, end)
}

// removal takes one element out of an array: with its comma, and with its line where it
// has that for itself. A comment on the line stays, on a line of its own.
func removal(text string, start, end int) []Edit {
	after := end + len(text[end:]) - len(strings.TrimLeft(text[end:], " \t"))
	comma := after < len(text) && text[after] == ','
	if comma {
		end = after + 1
	}
	lineStart := strings.LastIndexByte(text[:start], '\n') + 1
	lineEnd := len(text)
	if i := strings.IndexByte(text[end:], '\n'); i >= 0 {
		lineEnd = end + i
	}
	before, rest := strings.Trim(text[lineStart:start], " \t"), strings.Trim(text[end:lineEnd], " \t\r")
	switch {
	case before == "" && rest == "" && lineEnd < len(text):
		return []Edit{{lineStart, lineEnd + 1, ""}}
	case before == "" && strings.HasPrefix(rest, "#"):
		return []Edit{{start, end + strings.IndexByte(text[end:], '#'), ""}}
	case comma:
		end += len(text[end:]) - len(strings.TrimLeft(text[end:], " \t"))
		if strings.HasPrefix(text[end:], "#") || strings.HasPrefix(text[end:], "\n") || strings.HasPrefix(text[end:], "\r") {
			end = after + 1 // what stands before a comment or the end of a line stays
		}
		return []Edit{{start, end, ""}}
	}
	// The last element: the comma before it goes too, if it is on this line.
	if head := strings.TrimRight(text[:start], " \t"); strings.HasSuffix(head, ",") {
		start = len(head) - 1
	}
	return []Edit{{start, end, ""}}
}

// Apply makes edits in a text. Of edits that overlap the first one is made.
func Apply(text string, edits []Edit) string {
	edits = slices.Clone(edits)
	slices.SortFunc(edits, func(a, b Edit) int { return a.Start - b.Start })
	var out strings.Builder
	next := 0
	for _, e := range edits {
		if e.Start < next {
			continue
		}
		out.WriteString(text[next:e.Start])
		out.WriteString(e.New)
		next = e.End
	}
	out.WriteString(text[next:])
	return out.String()
}

// maxTrials bounds how often the policy is compared with what it was. That all edits of a
// round change nothing takes one trial; each that would change something takes some more.
const maxTrials = 1000

// Fixed is what [Linter.Fix] made of a policy.
type Fixed struct {
	Text string
	// Cured is how many findings are gone.
	Cured int
	// Untried is how many findings were left when it had tried often enough.
	Untried int
}

// Fix makes the edits that cure what is found in a policy. They are only made if the policy
// then allows and denies exactly what it did: that is compared, not assumed. ask reports
// whether a finding may be cured.
func (l *Linter) Fix(t Target, ask func(Finding) bool) Fixed { return l.fix(t, ask, maxTrials) }

func (l *Linter) fix(t Target, ask func(Finding) bool, trials int) Fixed {
	out := Fixed{Text: string(t.Source.Text)}
	f := fixer{source: t.Source, options: policy.Options{Library: l.Library, Unbound: true}, refused: map[string]bool{}, trials: trials}
	was, err := policy.Resolve(t.Source, f.options)
	if err != nil {
		return out
	}
	f.was = was
	rules := slices.DeleteFunc(Rules(), func(r *Rule) bool { return !l.Config.asks(r.Code, t.Relative) })
	// What one round takes out can make further entries needless, and hides nothing from the next.
	for {
		t.Source.Text = []byte(out.Text)
		var found []Finding
		for _, finding := range l.look(t, rules) {
			if finding.Fix != nil && finding.Suppressed == nil && finding.At.File == t.Source.File && !f.refused[finding.Message] && ask(finding) {
				found = append(found, finding)
			}
		}
		now := apart(found)
		f.text, f.made, f.cured, f.untried = out.Text, nil, 0, len(found)-len(now)
		f.try(now)
		out.Text, out.Cured = Apply(out.Text, f.made), out.Cured+f.cured
		if f.trials == 0 {
			out.Untried = f.untried
			return out
		}
		if f.cured == 0 {
			return out
		}
	}
}

// apart gives the findings whose edits overlap those of none before them.
func apart(findings []Finding) []Finding {
	var out []Finding
	var edits []Edit
	slices.SortStableFunc(findings, func(a, b Finding) int { return a.Fix[0].Start - b.Fix[0].Start })
	for _, f := range findings {
		overlaps := func(e Edit) bool {
			return slices.ContainsFunc(f.Fix, func(own Edit) bool { return own.Start < e.End && e.Start < own.End })
		}
		if len(edits) > 0 && overlaps(edits[len(edits)-1]) {
			continue
		}
		out, edits = append(out, f), append(edits, f.Fix...)
	}
	return out
}

// fixer makes the edits of one round.
type fixer struct {
	source  policy.Source
	options policy.Options
	// was is the policy before all rounds, and text its text before this one.
	was  *policy.Policy
	text string
	// made are the edits that change nothing, and cured is how many findings they are of.
	made  []Edit
	cured int
	// refused are the messages of the findings whose edits would change something.
	refused map[string]bool
	// trials is how often the policy may still be compared, and untried how many findings of
	// the round were left.
	trials, untried int
}

// try makes as many of the edits of some findings as change nothing: all of them, or what
// of either half does not.
func (f *fixer) try(findings []Finding) {
	if len(findings) == 0 || f.trials == 0 {
		f.untried += len(findings)
		return
	}
	f.trials--
	edits := slices.Clone(f.made)
	for _, finding := range findings {
		edits = append(edits, finding.Fix...)
	}
	changed := policy.Source{File: f.source.File, Embedded: f.source.Embedded, Text: []byte(Apply(f.text, edits))}
	now, err := policy.Resolve(changed, f.options)
	switch {
	case err == nil && len(policy.Compare(f.was, now)) == 0:
		f.made, f.cured = edits, f.cured+len(findings)
	case len(findings) == 1:
		f.refused[findings[0].Message] = true
	default:
		half := len(findings) / 2
		f.try(findings[:half])
		f.try(findings[half:])
	}
}
