package policy_test

import (
	"strings"
	"testing"

	"confine/policy"

	"pgregory.net/rapid"
)

// tableOf gives the table of an access.
func tableOf(a policy.Access) string {
	switch a.Kind {
	case policy.AccessConnect, policy.AccessResolve:
		return "network"
	case policy.AccessCapability:
		return "capabilities"
	case policy.AccessRlimit:
		return "rlimits"
	case policy.AccessEnv:
		return "environment"
	case policy.AccessSyscall:
		return "syscalls"
	default:
		return "filesystem"
	}
}

// shows reports whether one of the changes can be what made an access allowed, or
// denied.
func shows(changes []policy.Change, a policy.Access, loosened bool) bool {
	for _, c := range changes {
		table, _, _ := strings.Cut(c.Clause, ".")
		if table != tableOf(a) || c.Loosened != loosened {
			continue
		}
		switch a.Kind {
		case policy.AccessResolve, policy.AccessConnect:
			return true
		case policy.AccessSyscall:
			if about(c, a) {
				return true
			}
		default:
			if c.Example.Kind == a.Kind {
				return true
			}
		}
	}
	return false
}

// comparedPair is a random pair with system calls too: mostly the same ones, so that the
// other tables are not lost beside them.
func comparedPair(t *rapid.T) (older, newer *policy.Policy) {
	older, newer = randomPair(t)
	older.Syscalls = drawSyscalls(t, "older").Syscalls
	newer.Syscalls = older.Syscalls
	if rapid.IntRange(0, 2).Draw(t, "other calls") == 0 {
		newer.Syscalls = drawSyscalls(t, "newer").Syscalls
	}
	return older, newer
}

// TestCompareSound: what is newly allowed shows as a loosening, and what is newly denied
// as a tightening.
func TestCompareSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		older, newer := comparedPair(t)
		changes := policy.Compare(older, newer)
		accesses := rapid.SliceOfN(anyAccess(), 100, 100).Draw(t, "accesses")
		for _, a := range append(accesses, rapid.SliceOfN(anyCall(), 20, 20).Draw(t, "calls")...) {
			was, now := older.Decide(a), newer.Decide(a)
			if was.Allowed != now.Allowed && !shows(changes, a, now.Allowed) {
				t.Fatalf("%s was: %s; now: %s; and nothing of it in %+v", a, was.Because, now.Because, changes)
			}
		}
	})
}

// TestCompareExamples: every example is allowed by the looser policy alone, and it is
// an access that ParseAccess reads.
func TestCompareExamples(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		older, newer := comparedPair(t)
		for _, c := range policy.Compare(older, newer) {
			if c.Example.Kind == "" {
				continue
			}
			looser, tighter := newer, older
			if !c.Loosened {
				looser, tighter = older, newer
			}
			if !looser.Decide(c.Example).Allowed || tighter.Decide(c.Example).Allowed {
				t.Fatalf("%s is no example of %+v", c.Example, c)
			}
			if back, err := policy.ParseAccess(c.Example.String()); err != nil || back != c.Example {
				t.Fatalf("%s: %v, %v", c.Example, back, err)
			}
		}
	})
}

// TestCompareSelf: a policy differs from itself in nothing.
func TestCompareSelf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := randomPolicy(t, "p")
		if changes := policy.Compare(p, p); len(changes) > 0 {
			t.Fatalf("%+v", changes)
		}
	})
}

// TestCompareBack: a change that is decided is the opposite the other way round.
func TestCompareBack(t *testing.T) {
	type key struct {
		subject, was, now string
		loosened          bool
		example           policy.Access
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := comparedPair(t)
		there, back := map[key]bool{}, map[key]bool{}
		for _, c := range policy.Compare(a, b) {
			if !c.Undecided {
				there[key{c.Subject, c.Was, c.Now, c.Loosened, c.Example}] = true
			}
		}
		for _, c := range policy.Compare(b, a) {
			if !c.Undecided {
				back[key{c.Subject, c.Now, c.Was, !c.Loosened, c.Example}] = true
			}
		}
		for k := range there {
			if !back[k] {
				t.Fatalf("%+v has no opposite in %+v", k, back)
			}
		}
		if len(there) != len(back) {
			t.Fatalf("%d changes there, %d back", len(there), len(back))
		}
	})
}
