package lint

import (
	"fmt"
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
		if param.Type == policy.ParameterHost {
			domain := "example.com"
			if len(param.Suffix) > 0 && !strings.Contains(param.Suffix[0], "*") {
				domain = param.Suffix[0]
			}
			values[param.Name] += "." + domain
		}
	}
	return values
}
