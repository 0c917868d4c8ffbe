package syscalls

// A Verdict says whether a system call can be made.
type Verdict int

// The verdicts, the stricter first.
const (
	Denied      Verdict = iota // never
	Conditional                // that depends on arguments that are not given
	Allowed                    // always
)

// String is "denied", "conditional" or "allowed".
func (v Verdict) String() string {
	return [...]string{"denied", "conditional", "allowed"}[v]
}

// and is the verdict of two conditions of which both must hold.
func (v Verdict) and(other Verdict) Verdict { return min(v, other) }

// or is the verdict of two conditions of which one must hold.
func (v Verdict) or(other Verdict) Verdict { return max(v, other) }

// verdictOf is Allowed for true.
func verdictOf(holds bool) Verdict {
	if holds {
		return Allowed
	}
	return Denied
}
