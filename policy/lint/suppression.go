package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"confine/policy"
)

// Suppression is a comment that allows what rules find on its line, or where it has the
// line for itself, on the first line below that is more than a comment:
//
//	# confine: allow CF210 until 2027-01-01 -- reason
type Suppression struct {
	Codes []string
	// Until is the last day on which it holds.
	Until  time.Time
	Reason string
	At     policy.Position

	// line is the line that it is about, and used are the codes of which it allowed something.
	line int
	used map[string]bool
}

var (
	addressed   = regexp.MustCompile(`^#\s*confine\s*:`)
	suppression = regexp.MustCompile(`^#\s*confine:\s*allow\s+(CF\d{3}(?:\s*,\s*CF\d{3})*)\s+until\s+(\d{4}-\d{2}-\d{2})\s+--\s*(\S.*)$`)
	codeOfRule  = regexp.MustCompile(`(?i)\bCF\d{3}\b`)
	dayOfDate   = regexp.MustCompile(`\b\d{4}-\d{2}-\d{2}\b`)
)

// readSuppressions reads the comments of one file of a policy. What is addressed to
// confine and is no suppression is a finding: it would allow nothing.
func readSuppressions(p *policy.Policy, file string) (list []*Suppression, wrong []Found) {
	comments := p.Comments(file)
	alone := map[int]bool{}
	for _, c := range comments {
		if c.Alone {
			alone[c.At.Line] = true
		}
	}
	for _, c := range comments {
		if !addressed.MatchString(c.Text) {
			continue
		}
		s, err := parseSuppression(c.Text)
		if err != nil {
			wrong = append(wrong, Found{
				At: c.At, Message: err.Error(), Hint: suppressHint(c.Text),
				Notes: []string{"expected  codes, the last day on which it holds, and a reason behind --"},
			})
			continue
		}
		s.At, s.line = c.At, c.At.Line
		for alone[s.line] {
			s.line++
		}
		list = append(list, s)
	}
	return list, wrong
}

func parseSuppression(text string) (*Suppression, error) {
	m := suppression.FindStringSubmatch(text)
	if m == nil {
		return nil, fmt.Errorf("a comment that is addressed to confine cannot be read")
	}
	s := &Suppression{Reason: strings.TrimSpace(m[3]), used: map[string]bool{}}
	for _, code := range strings.Split(m[1], ",") {
		code = strings.TrimSpace(code)
		if _, ok := RuleOf(code); !ok {
			return nil, fmt.Errorf("there is no rule %s to allow", code)
		}
		s.Codes = append(s.Codes, code)
	}
	until, err := time.Parse(time.DateOnly, m[2])
	if err != nil {
		return nil, fmt.Errorf("%s is not a day", m[2])
	}
	s.Until = until
	return s, nil
}

// suppressHint is how a comment is most likely meant: with its own codes that are some, its
// own day and its own reason.
func suppressHint(text string) string {
	var codes []string
	for _, code := range codeOfRule.FindAllString(text, -1) {
		if rule, ok := RuleOf(code); ok && !slices.Contains(codes, rule.Code) {
			codes = append(codes, rule.Code)
		}
	}
	if codes == nil {
		codes = []string{"CF204"}
	}
	day, reason := "2027-06-30", "why this is right here"
	for _, found := range dayOfDate.FindAllString(text, -1) {
		if _, err := time.Parse(time.DateOnly, found); err == nil {
			day = found
		}
	}
	if _, words, ok := strings.Cut(text, "--"); ok && strings.TrimSpace(words) != "" {
		reason = strings.TrimSpace(words)
	}
	return fmt.Sprintf("# confine: allow %s until %s -- %s", strings.Join(codes, ", "), day, reason)
}

// allows reports whether the comment is about a code on a line, whatever the day.
func (s *Suppression) allows(code string, at policy.Position) bool {
	if at.File != s.At.File || at.Line != s.line {
		return false
	}
	return slices.Contains(s.Codes, code)
}

// expired reports whether the last day of the comment has passed.
func (s *Suppression) expired(today time.Time) bool {
	return today.UTC().Truncate(24 * time.Hour).After(s.Until)
}
