package backends

import (
	"confine/compiler"
	"confine/policy"
)

// unsupported refuses the clauses that the language has and no backend of this
// version enforces. A compiler never sees them.
func unsupported(p *policy.Policy) compiler.Refusals {
	const nothing = "nothing in this version of confine would enforce it"
	var refusals compiler.Refusals
	refuse := func(clause string, at policy.Position, found, hint string) {
		refusals = append(refusals, compiler.Refusal{
			At: at, Clause: clause, Message: nothing, Found: found, Hint: hint,
		})
	}
	if p.Network.Mode == policy.NetworkEgress {
		refuse(policy.ClauseNetworkMode, p.Network.At, `mode = "egress"`, `mode = "none", or "host" to allow every host`)
	}
	for _, param := range p.Params {
		if !param.Bound {
			refusals = append(refusals, compiler.Refusal{
				At: param.At, Clause: "params", Message: "parameter " + param.Name + " has no value",
				Hint: "--param " + param.Name + "=VALUE",
			})
		}
	}
	return refusals
}

// uncovered refuses the clauses that a backend says nothing about: forgotten is not
// enforced. Those that refused is about have been told.
func uncovered(p *policy.Policy, rows []compiler.Coverage, refused compiler.Refusals) compiler.Refusals {
	covered := map[string]bool{}
	for _, r := range refused {
		covered[r.Clause] = true
		if r.Clause == policy.ClauseNetworkMode {
			covered[policy.ClauseNetworkEgress], covered[policy.ClauseNetworkPrivate] = true, true
		}
	}
	for _, row := range rows {
		covered[row.Clause] = true
	}
	var refusals compiler.Refusals
	for _, c := range p.Clauses() {
		if !covered[c.Clause] {
			refusals = append(refusals, compiler.Refusal{
				At: c.At, Clause: c.Clause, Message: "this backend does not say how it enforces this clause",
			})
		}
	}
	return refusals
}
