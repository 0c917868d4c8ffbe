package main

import (
	"cmp"
	"fmt"
	"slices"

	"confine/compiler"
	"confine/compiler/backends"
	"confine/policy"
)

// compareCoverage gives a row for each clause that a backend enforces better or worse than
// before when confine run launches, and for each backend that takes only one of the
// policies.
func compareCoverage(older, newer comparedWith) []diffRow {
	for _, p := range []comparedWith{newer, older} {
		if param, ok := unbound(p.bound, p.Params); ok {
			return []diffRow{{
				Verdict: verdictUnknown, Kinds: []string{"coverage"}, Subject: "by all backends",
				Now: fmt.Sprintf("parameter %s has no value: --param %s=VALUE", param.Name, param.Name), NowAt: stated(param.At),
			}}
		}
	}
	hide := valuesHidden(older.bound, newer.bound)
	var rows []diffRow
	for _, name := range backends.Names() {
		was, now := coverageBy(older.bound, compiler.Backend(name)), coverageBy(newer.bound, compiler.Backend(name))
		for _, row := range was.compare(now) {
			row.Kinds, row.Backend = []string{"coverage"}, name
			row.Was, row.Now = hide(row.Was), hide(row.Now)
			rows = append(rows, row)
		}
	}
	return rows
}

// unbound gives a parameter that no value was found for.
func unbound(bound *policy.Policy, params []policy.Parameter) (policy.Parameter, bool) {
	if bound != nil {
		params = bound.Params
	}
	i := slices.IndexFunc(params, func(p policy.Parameter) bool { return !p.Bound })
	if i < 0 {
		return policy.Parameter{}, false
	}
	return params[i], true
}

// backendCoverage is how one backend enforces a policy.
type backendCoverage struct {
	// refused says why the policy does not compile; empty is that it does.
	refused string
	// worst are the weakest verdicts of each clause.
	worst map[string]compiler.Coverage
}

// coverageBy compiles a policy for the default target of a backend.
func coverageBy(p *policy.Policy, backend compiler.Backend) backendCoverage {
	bundle, refused := compiledFor(p, compiler.Target{Backend: backend})
	covered := backendCoverage{refused: refused, worst: map[string]compiler.Coverage{}}
	if refused != "" {
		return covered
	}
	for _, row := range bundle.Coverage {
		if known, ok := covered.worst[row.Clause]; !ok || weakness(row) > weakness(known) {
			covered.worst[row.Clause] = row
		}
	}
	return covered
}

// weakness orders strengths by what they let through beyond the policy.
func weakness(row compiler.Coverage) int {
	switch row.Launched.Strength {
	case compiler.Exact, compiler.Stronger:
		return 0
	case compiler.Weaker:
		return 1
	default:
		return 2
	}
}

func (c backendCoverage) compare(now backendCoverage) []diffRow {
	switch {
	case now.refused != "" && c.refused != "":
		return nil
	case now.refused != "":
		return []diffRow{{Verdict: verdictRefuses, Subject: "the new policy", Was: "compiled", Now: now.refused}}
	}
	var rows []diffRow
	if c.refused != "" {
		rows = append(rows, diffRow{Verdict: verdictCompiles, Subject: "the new policy", Was: "refused: " + c.refused, Now: "compiles"})
	}
	for clause, row := range now.worst {
		before, had := c.worst[clause]
		was := string(before.Launched.Strength)
		switch {
		case c.refused != "":
			// Nothing ran under a policy that was refused.
			before.Launched.Strength, was = compiler.Exact, "refused"
		case !had:
			continue // what the clause newly allows has rows of its own
		}
		if weakness(row) == weakness(before) {
			continue
		}
		verdict := verdictTightened
		if weakness(row) > weakness(before) {
			verdict = verdictLoosened
		}
		rows = append(rows, diffRow{
			Verdict: verdict, Clause: clause, Subject: clause, Was: was,
			Now: fmt.Sprintf("%s: %s", row.Launched.Strength, row.Launched.How), WasAt: stated(before.At), NowAt: stated(row.At),
		})
	}
	slices.SortFunc(rows, func(a, b diffRow) int { return cmp.Compare(a.Clause, b.Clause) })
	return rows
}
