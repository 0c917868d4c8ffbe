package syscalls

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// ruleSet has the rules "CALL: CONDITION, CONDITION" of one set.
func ruleSet(t interface{ Fatal(...any) }, texts ...string) Set {
	set := Set{Base: "connector", Allow: []string{"bpf", "keyctl", "fchmod"}}
	for _, text := range texts {
		call, conditions, _ := strings.Cut(text, ": ")
		rule := SetRule{Syscall: call}
		for _, text := range strings.Split(conditions, "; ") {
			c, err := ParseCondition(text)
			if err != nil {
				t.Fatal(text, err)
			}
			rule.When = append(rule.When, c)
		}
		set.Rules = append(set.Rules, rule)
	}
	return set
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		rules []string
		want  string
	}{
		{[]string{"bpf: arg0 == 1; arg0 == 2"}, "[{0 0 [] [0 1]}]"},
		{[]string{"bpf: arg2 == 1; arg0 < 5; arg0 >= 5"}, "[{0 0 [] [1 2]}]"},
		{[]string{"bpf: arg0 < 5; arg0 > 3"}, "[]"},
		{[]string{"bpf: arg0 > 3; arg0 < 5; arg0 != 4"}, "[{0 0 [] [0 1 2]}]"},
		{[]string{"bpf: arg0 & 6 == 2; arg0 & 3 == 1"}, "[{0 0 [] [0 1]}]"},
		{[]string{"bpf: arg0 & 6 == 2; arg0 & 9 == 1"}, "[]"},
		{[]string{"bpf: arg0 & 0xf0 == 0x10; arg0 < 0x10"}, "[{0 0 [] [0 1]}]"},
		{[]string{"bpf: arg0 in [1, 2]; arg0 in [3, 4]"}, "[{0 0 [] [0 1]}]"},
		// Pairs are possible, all three are not.
		{[]string{"bpf: arg0 & 1 == 0; arg0 in [1, 2]; arg0 < 2"}, "[{0 0 [] [0 1 2]}]"},
		{[]string{"bpf: arg0 == 1", "bpf: arg0 in [1, 2]"}, "[{2 0 [1] []}]"},
		{[]string{"bpf: arg0 in [1, 2]", "bpf: arg0 in [2, 1]"}, "[{3 1 [0] []}]"},
		{[]string{"bpf: arg0==1", "bpf: arg0  ==  0x1"}, "[{3 1 [0] []}]"},
		{[]string{"bpf: arg0 == 1; arg2 == 1", "bpf: arg0 == 1"}, "[{2 0 [1] []}]"},
		{[]string{"bpf: arg0 == 1; arg2 == 1", "bpf: arg0 == 1; arg2 == 2"}, "[]"},
		{[]string{"bpf: arg0 == 1", "bpf: arg0 != 1"}, "[{4 1 [0] []}]"},
		{[]string{"bpf: arg0 < 7", "bpf: arg0 > 9", "bpf: arg0 in [7, 8, 9]"}, "[{4 2 [0 1] []}]"},
		{[]string{"bpf: arg0 == 1", "keyctl: arg0 != 1"}, "[]"},
		// Of an argument that may be taken at 32 or 64 bits both must hold.
		{[]string{"prctl: arg1 > 4; arg1 <= 4"}, "[{0 0 [] [0 1]}]"},
		// Only where the constants are the same everywhere is anything wrong.
		{[]string{"openat: arg2 & 0o200000 == 0; arg2 & O_DIRECTORY == O_DIRECTORY"}, "[]"},
		{[]string{"socket: arg0 == AF_PACKET"}, "[{1 0 [] []}]"},
		{[]string{"socket: arg0 == AF_NETLINK; arg2 == NETLINK_ROUTE"}, "[]"},
		{[]string{"socket: arg0 == AF_NETLINK; arg2 != NETLINK_ROUTE"}, "[{1 0 [] []}]"},
		{[]string{"clone: arg0 & CLONE_NEWUSER == CLONE_NEWUSER"}, "[{1 0 [] []}]"},
	} {
		if got := fmt.Sprint(ruleSet(t, c.rules...).Faults()); got != c.want {
			t.Errorf("%v: %s, want %s", c.rules, got, c.want)
		}
	}
}

// TestFaultsByTryingEverything: on an argument of 16 bits, each of which is tried.
func TestFaultsByTryingEverything(t *testing.T) {
	number := rapid.SampledFrom([]int{0, 1, 2, 3, 4, 7, 8, 0xff, 0x100, 0x7fff, 0x8000, 0xfffe, 0xffff})
	condition := rapid.Custom(func(t *rapid.T) string {
		switch rapid.IntRange(0, 3).Draw(t, "form") {
		case 0:
			mask := number.Filter(func(n int) bool { return n != 0 }).Draw(t, "mask")
			return fmt.Sprintf("arg1 & %d %s %d", mask, rapid.SampledFrom([]string{"==", "!="}).Draw(t, "op"), number.Draw(t, "value")&mask)
		case 1:
			return fmt.Sprintf("arg1 in [%d, %d, %d]", number.Draw(t, "a"), number.Draw(t, "b"), number.Draw(t, "c"))
		case 2:
			return fmt.Sprintf("arg1 %s %d", rapid.SampledFrom([]string{"==", "!="}).Draw(t, "op"), number.Draw(t, "value"))
		}
		inner := number.Filter(func(n int) bool { return n != 0 && n != 0xffff }).Draw(t, "value")
		return fmt.Sprintf("arg1 %s %d", rapid.SampledFrom([]string{"<", "<=", ">", ">="}).Draw(t, "op"), inner)
	})
	rapid.Check(t, func(t *rapid.T) {
		var texts []string
		for range rapid.IntRange(1, 4).Draw(t, "rules") {
			texts = append(texts, "fchmod: "+strings.Join(rapid.SliceOfN(condition, 1, 3).Draw(t, "when"), "; "))
		}
		set := ruleSet(t, texts...)
		got := map[int]FaultKind{}
		all := false
		for _, f := range set.Faults() {
			if f.Kind == AllowsEverything {
				all = true
			} else {
				got[f.Rule] = f.Kind
			}
		}
		n := len(set.Rules)
		outside := make([][]bool, n) // rule i matches something that j does not
		for i := range outside {
			outside[i] = make([]bool, n)
		}
		some := make([]bool, n)
		covered := true
		for register := range uint64(1 << 16) {
			in := make([]bool, n)
			for i, rule := range set.Rules {
				in[i] = !slices.ContainsFunc(rule.When, func(c Condition) bool { return !c.holds(X86_64, width16, register|1<<17) })
				some[i] = some[i] || in[i]
			}
			covered = covered && slices.Contains(in, true)
			for i := range n {
				for j := range n {
					outside[i][j] = outside[i][j] || in[i] && !in[j]
				}
			}
		}
		if covered != all {
			t.Fatalf("%v: together everything %v, found %v", texts, covered, all)
		}
		for i := range n {
			kind, found := got[i]
			superfluous := false
			for j := range n {
				superfluous = superfluous || i != j && !outside[i][j] && some[i] && (outside[j][i] || j < i)
			}
			switch {
			case found != (!some[i] || superfluous), found && (kind == NeverMatches) == some[i]:
				t.Fatalf("%v: rule %d: found %v (%d); it matches something %v, superfluous %v", texts, i, found, kind, some[i], superfluous)
			}
		}
	})
}

// TestFaultsOfLargeSets end soon, and accuse nobody.
func TestFaultsOfLargeSets(t *testing.T) {
	var texts []string
	for i := range 90 {
		texts = append(texts, fmt.Sprintf("keyctl: arg0 == %d; arg1 > %d; arg2 & %#x == 0; arg3 < %d", i, i*i, i|1, 5000-i))
	}
	if got := ruleSet(t, texts...).Faults(); len(got) != 0 {
		t.Errorf("%v", got)
	}
}
