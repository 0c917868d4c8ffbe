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

// maxRounds bounds how often a file is looked at again, which is after every edit.
const maxRounds = 200

// Fix makes the edits that cure what is found in a policy, and gives its new text and how
// many findings are gone. An edit is only made if the policy then allows and denies exactly
// what it did: that is compared, not assumed. ask reports whether a finding may be cured.
func (l *Linter) Fix(t Target, ask func(Finding) bool) (text string, cured int) {
	text = string(t.Source.Text)
	was, err := policy.Resolve(t.Source, policy.Options{Library: l.Library, Unbound: true})
	if err != nil {
		return text, 0
	}
	refused := map[string]bool{}
	for range maxRounds {
		t.Source.Text = []byte(text)
		for _, f := range l.Lint(t) {
			if f.Fix == nil || f.Suppressed != nil || f.At.File != t.Source.File || refused[f.Message] || !ask(f) {
				continue
			}
			changed := Apply(text, f.Fix)
			now, err := policy.Resolve(policy.Source{File: t.Source.File, Embedded: t.Source.Embedded, Text: []byte(changed)},
				policy.Options{Library: l.Library, Unbound: true})
			if err != nil || len(policy.Compare(was, now)) > 0 {
				refused[f.Message] = true
				continue
			}
			text = changed
			cured++
			break // the other findings have moved
		}
		if string(t.Source.Text) == text {
			break
		}
	}
	return text, cured
}
