package syscalls

import (
	"cmp"
	"slices"
)

// An Origin is what of a [Set] an answer to a call comes from: the part that
// [Set.Decide] names.
type Origin struct {
	Part Part
	// Call is the name of the call, or empty for numbers without a name.
	Call string
	// Group is the group of the base list, for PartBase; a guard has none.
	Group string
	// Rule is the index in Set.Rules, for PartRule.
	Rule int
}

// Origin tells what of s decides about a call on arch with these arguments.
func (s Set) Origin(arch Arch, number uint32, args [6]uint64) Origin {
	name, named := arch.Name(number)
	if !named {
		return Origin{Part: PartNone}
	}
	var registers [6]register
	for i, value := range args {
		registers[i] = register{given: true, value: value}
	}
	d := s.decideOn(arch, name, registers)
	o := Origin{Part: d.Part, Call: name}
	switch d.Part {
	case PartRule:
		o.Rule = d.Rule
	case PartBase:
		o.Group = GroupOf(s.Base, name)
	case PartNone, PartAllow, PartDeny:
	}
	return o
}

// GroupOf names the group of a base list that a call is in, or is empty: for guards,
// calls that the list does not name, and lists that there are not.
func GroupOf(base, call string) string {
	list, err := baseNamed(base)
	if err != nil || slices.ContainsFunc(list.Guards, func(g Guard) bool { return g.Syscall == call }) {
		return ""
	}
	for _, group := range list.Groups {
		if slices.Contains(group.Syscalls, call) {
			return group.Name
		}
	}
	return ""
}

// partOrder puts what a policy says of single calls before what its base says.
var partOrder = map[Part]int{PartRule: 0, PartDeny: 1, PartAllow: 2, PartBase: 3, PartNone: 4}

// Compare orders origins as a reader looks for them: parts, then groups, calls and rules.
func (o Origin) Compare(other Origin) int {
	return cmp.Or(
		cmp.Compare(partOrder[o.Part], partOrder[other.Part]), cmp.Compare(o.Group, other.Group),
		cmp.Compare(o.Call, other.Call), cmp.Compare(o.Rule, other.Rule))
}
