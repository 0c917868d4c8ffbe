package policy

// decideCapability answers for all five capability sets at once.
func (p *Policy) decideCapability(name string) Decision {
	for _, c := range p.Capabilities {
		if c.Name == name {
			return allowed(ClauseCapabilitiesKeep, c.At, "capabilities.keep names %s", name)
		}
	}
	return denied(ClauseCapabilitiesKeep, Position{}, "capabilities.keep does not name it")
}

// decideRlimit allows an amount up to the limit. Without a limit the caller's
// holds, which the policy does not know: it allows any amount.
func (p *Policy) decideRlimit(name string, value uint64) Decision {
	for _, r := range p.Rlimits {
		switch {
		case r.Name != name:
		case value <= r.Value:
			return allowed(RlimitClause(name), r.At, "rlimits.%s is %s", name, rlimitText(name, r.Value))
		default:
			return denied(RlimitClause(name), r.At, "rlimits.%s is %s", name, rlimitText(name, r.Value))
		}
	}
	return allowed(ClauseRlimits, Position{}, "no limit is set: the caller's holds")
}
