package policy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"confine/policy"
	"confine/policy/syscalls"

	"pgregory.net/rapid"
)

// drawSyscalls draws a [syscalls] table over few calls: in the base whole, in it by
// their arguments, and not in it.
func drawSyscalls(t *rapid.T, name string) *policy.Policy {
	calls := []string{"getpid", "socket", "personality", "ptrace"}
	membership := map[string]string{}
	for _, call := range calls {
		membership[call] = rapid.SampledFrom([]string{"", "", "allow", "deny"}).Draw(t, name+" "+call)
	}
	var text strings.Builder
	text.WriteString("schema = 1\nname = \"p\"\n[syscalls]\n")
	for _, list := range []string{"allow", "deny"} {
		var named []string
		for _, call := range calls {
			if membership[call] == list {
				named = append(named, fmt.Sprintf("%q", call))
			}
		}
		fmt.Fprintf(&text, "%s = [%s]\n", list, strings.Join(named, ", "))
	}
	for _, call := range []string{"socket", "personality"} {
		if membership[call] == "deny" || call == "personality" && membership[call] != "allow" {
			continue
		}
		for _, value := range rapid.SliceOfNDistinct(rapid.SampledFrom([]int{1, 2, 10}), 0, 2, rapid.ID).Draw(t, name+" rules for "+call) {
			fmt.Fprintf(&text, "[[syscalls.rule]]\nsyscall = %q\nwhen = [\"arg0 == %d\"]\n", call, value)
		}
	}
	p, err := policy.Parse("p.toml", []byte(text.String()))
	if err != nil {
		t.Fatalf("%v\n%s", err, text.String())
	}
	return p
}

// TestCompareSyscalls: without a loosening there is no call that only the newer policy
// allows; and what is called newly allowed or denied by an example is.
func TestCompareSyscalls(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		older, newer := drawSyscalls(t, "older"), drawSyscalls(t, "newer")
		changes := policy.Compare(older, newer)
		loosened := slices.ContainsFunc(changes, func(c policy.Change) bool { return c.Loosened })
		for _, call := range []string{"getpid", "socket", "personality", "ptrace"} {
			for _, value := range []uint64{0, 1, 2, 3, 10} {
				a := policy.Access{Kind: policy.AccessSyscall, Target: call}
				for i := range a.Args {
					a.Args[i] = syscalls.Argument(fmt.Sprintf("%#x", value))
				}
				was, now := older.Decide(a), newer.Decide(a)
				if now.Allowed && !was.Allowed && !loosened {
					t.Fatalf("%s is newly allowed, and no change says so: %+v", a, changes)
				}
			}
		}
		for _, c := range changes {
			if c.Example.Kind == "" {
				continue
			}
			was, now := older.Decide(c.Example), newer.Decide(c.Example)
			if was.Allowed == now.Allowed || now.Allowed != c.Loosened {
				t.Fatalf("%+v: allowed %v before and %v now", c, was.Allowed, now.Allowed)
			}
		}
		if same := policy.Compare(older, older); len(same) > 0 {
			t.Fatalf("a policy differs from itself: %+v", same)
		}
	})
}
