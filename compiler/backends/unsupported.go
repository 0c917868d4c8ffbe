package backends

import (
	"confine/compiler"
	"confine/policy"
)

// unsupported refuses what no backend enforces, whichever it is.
func unsupported(p *policy.Policy) compiler.Refusals {
	refusals := compiler.RefuseEgress(p)
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
