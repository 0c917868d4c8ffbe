package syscalls

// A Verdict says whether a system call can be made under a filter.
type Verdict int

// The verdicts.
const (
	Denied      Verdict = iota // never
	Conditional                // with some arguments
	Allowed                    // always
)

// String is "denied", "conditional" or "allowed".
func (v Verdict) String() string {
	return [...]string{"denied", "conditional", "allowed"}[v]
}

// Verdict says whether the system call name can be made under f, and returns
// the rule that decides. A call without a rule gets one that holds Default
// alone. The errors are those of [Arch.Number].
func (f Filter) Verdict(name string) (Verdict, Rule, error) {
	number, err := f.Arch.Number(name)
	if err != nil {
		return Denied, Rule{}, err
	}
	rule, ok := f.Rule(number)
	if !ok {
		rule = Rule{Name: name, Number: number, Otherwise: f.Default}
	}
	return rule.verdict(), rule, nil
}

func (r Rule) verdict() Verdict {
	allows, denies := r.Otherwise == Allow, r.Otherwise != Allow
	for _, c := range r.Cases {
		allows = allows || c.Then == Allow
		denies = denies || c.Then != Allow
	}
	switch {
	case allows && denies:
		return Conditional
	case allows:
		return Allowed
	}
	return Denied
}
