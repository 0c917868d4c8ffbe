package policy

import (
	"fmt"

	"confine/policy/syscalls"
)

// OriginAt gives the position of the entry that an origin is, or of base.
func (s *Syscalls) OriginAt(o syscalls.Origin) Position {
	switch o.Part {
	case syscalls.PartAllow:
		return positionOf(s.Allow, o.Call)
	case syscalls.PartDeny:
		return positionOf(s.Deny, o.Call)
	case syscalls.PartRule:
		return s.Rules[o.Rule].At
	case syscalls.PartBase, syscalls.PartNone:
	}
	return s.At
}

// OriginName says which entry an origin is, with its place, or which part of the base
// list.
func (s *Syscalls) OriginName(o syscalls.Origin) string {
	switch o.Part {
	case syscalls.PartAllow:
		return fmt.Sprintf("allow %s at %s", o.Call, s.OriginAt(o))
	case syscalls.PartDeny:
		return fmt.Sprintf("deny %s at %s", o.Call, s.OriginAt(o))
	case syscalls.PartRule:
		return fmt.Sprintf("rule for %s at %s", o.Call, s.OriginAt(o))
	case syscalls.PartBase:
		if o.Group == "" {
			return fmt.Sprintf("%s guard %s", s.Base, o.Call)
		}
		return fmt.Sprintf("%s %q", s.Base, o.Group)
	case syscalls.PartNone:
		if o.Call == "" {
			return "numbers without a name"
		}
	}
	return "named nowhere"
}
