package lint

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"

	"confine/policy"
)

// enforce asks the backends about a policy. Where it has parameters they get the values of
// a test, or else ones that their declarations allow.
func (l *Linter) enforce(s *Subject) {
	if l.Coverage == nil {
		return
	}
	p := s.Policy
	if len(p.Params) > 0 {
		var err error
		if p, err = s.bound(); err != nil {
			s.Unenforced = "no values for its parameters: " + err.Error()
			return
		}
	}
	s.Enforcement = l.Coverage(p)
}

// bound gives the policy with values for its parameters.
func (s *Subject) bound() (*policy.Policy, error) {
	if s.Tests != nil {
		for _, c := range s.Tests.Cases {
			if p, err := s.resolve(c.Params); err == nil {
				return p, nil
			}
		}
	}
	return s.resolve(samples(s.Policy.Params))
}

// samples makes up values of parameters.
func samples(params []policy.Parameter) map[string]string {
	values := map[string]string{}
	for i, param := range params {
		values[param.Name] = fmt.Sprintf("sample%d", i)
		switch {
		case param.Type == policy.ParameterHost:
			domain := "example.com"
			if len(param.Suffix) > 0 && !strings.Contains(param.Suffix[0], "*") {
				domain = param.Suffix[0]
			}
			values[param.Name] += "." + domain
		case param.Pattern != "":
			if value, ok := sampleOf(param.Pattern, values[param.Name]); ok {
				values[param.Name] = value
			}
		}
	}
	return values
}

// sampleOf gives a text that the whole of a pattern matches: one that is proposed, if it does.
// Not every pattern has one that is found, and not every one is a label.
func sampleOf(pattern, proposed string) (text string, ok bool) {
	whole, err := regexp.Compile(`\A(?:` + pattern + `)\z`)
	if err != nil {
		return "", false
	}
	if whole.MatchString(proposed) {
		return proposed, true
	}
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", false
	}
	for repeats := range 3 {
		if text := written(tree, repeats); text != "" && whole.MatchString(text) {
			return text, true
		}
	}
	return "", false
}

// maxSample is more than a label has.
const maxSample = 64

// written gives one text of a tree; what can be there any number of times is so often.
func written(tree *syntax.Regexp, repeats int) string {
	least, most := 1, 1
	switch tree.Op {
	case syntax.OpLiteral:
		return string(tree.Rune)
	case syntax.OpCharClass:
		return string(sampleRune(tree.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return "a"
	case syntax.OpAlternate, syntax.OpCapture:
		return written(tree.Sub[0], repeats)
	case syntax.OpConcat:
		var b strings.Builder
		for _, sub := range tree.Sub {
			b.WriteString(written(sub, repeats))
		}
		return b.String()
	case syntax.OpStar:
		least, most = 0, maxSample
	case syntax.OpPlus:
		most = maxSample
	case syntax.OpQuest:
		least = 0
	case syntax.OpRepeat:
		least, most = tree.Min, tree.Max
		if most < 0 {
			most = maxSample
		}
	default:
		return "" // the begin, the end, a boundary of words
	}
	times := min(max(least, repeats), most, maxSample)
	return strings.Repeat(written(tree.Sub[0], repeats), times)
}

// sampleRune gives a character of a class of ranges: a lower-case letter or a digit, if it
// has one.
func sampleRune(ranges []rune) rune {
	for _, wanted := range "a0bcdefghijklmnopqrstuvwxyz123456789A" {
		for i := 0; i+1 < len(ranges); i += 2 {
			if ranges[i] <= wanted && wanted <= ranges[i+1] {
				return wanted
			}
		}
	}
	if len(ranges) == 0 {
		return 'a'
	}
	return ranges[0]
}
