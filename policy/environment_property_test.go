package policy_test

import (
	"strings"
	"testing"

	"confine/policy"

	"pgregory.net/rapid"
)

// TestDecideVariable compares Decide with the plainest reading of the rule: what is set,
// then the name itself, then the longest prefix.
func TestDecideVariable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := randomPolicy(t, "p")
		name := rapid.StringMatching(`[ABX_][ABX_0]{0,4}`).Draw(t, "name")
		want, best := policy.ClauseEnvironment, ""
		for _, e := range p.Environment.Pass {
			prefix, ok := strings.CutSuffix(e.Pattern, "*")
			exact := e.Pattern == name
			if exact || ok && strings.HasPrefix(name, prefix) && best != name && len(prefix) >= len(best) {
				want, best = policy.ClauseEnvironmentPass, prefix
			}
		}
		for _, v := range p.Environment.Set {
			if v.Name == name {
				want = policy.ClauseEnvironmentSet
			}
		}
		d := p.Decide(policy.Access{Kind: policy.AccessEnv, Target: name})
		if d.Clause != want || d.Allowed != (want != policy.ClauseEnvironment) {
			t.Fatalf("%+v, want %s", d, want)
		}
		if want != policy.ClauseEnvironmentPass {
			return
		}
		named := strings.TrimPrefix(d.Because, "environment.pass names ")
		if named != best && named != best+"*" {
			t.Fatalf("%s, want %s", d.Because, best)
		}
	})
}
