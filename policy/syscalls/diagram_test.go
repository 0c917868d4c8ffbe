package syscalls

import (
	"testing"

	"pgregory.net/rapid"
)

// has follows the bits of arguments to the answer.
func (d *diagram) has(s argSet, args [6]uint64) bool {
	for s > everything {
		n := d.nodes[s]
		arg, bit := n.level/64, 63-n.level%64
		if args[arg]>>bit&1 == 0 {
			s = n.off
		} else {
			s = n.set
		}
	}
	return s == everything
}

// Tests on arguments of a few bits, so that all of them can be tried.
func narrowTest(args int) *rapid.Generator[Test] {
	return rapid.Custom(func(t *rapid.T) Test {
		made := Test{
			Arg:   rapid.IntRange(0, args-1).Draw(t, "arg"),
			Width: rapid.SampledFrom([]Width{2, 4}).Draw(t, "width"),
			Op:    rapid.SampledFrom([]Operator{OneOf, NoneOf, AnyBit, Less, LessOrEqual, Greater, GreaterOrEqual}).Draw(t, "op"),
		}
		value := rapid.Uint64Range(0, made.Width.Mask())
		count := 1
		if made.Op < Less {
			count = rapid.IntRange(1, 3).Draw(t, "count")
		}
		if made.Op < AnyBit && rapid.Bool().Draw(t, "masked") {
			made.Mask = value.Draw(t, "mask")
		}
		for range count {
			made.Values = append(made.Values, Constant{Value: value.Draw(t, "value")})
		}
		return made
	})
}

// TestDiagramsAreExact: what is said of sets is what trying every argument says.
func TestDiagramsAreExact(t *testing.T) {
	const args, values = 2, 16
	rapid.Check(t, func(t *rapid.T) {
		budget := faultBudget
		d := newDiagram(&budget)
		rule := func(label string) ([]Test, argSet) {
			when := rapid.SliceOfN(narrowTest(args), 0, 4).Draw(t, label)
			return when, d.tests(when)
		}
		xWhen, x := rule("x")
		yWhen, y := rule("y")
		both, either, without := d.and(x, y), d.or(x, y), d.not(x)
		empty, all, inside := true, true, true
		for i := range uint64(values * values) {
			// Bits above the widths decide nothing.
			call := [6]uint64{i % values, i / values}
			inX, inY := Case{When: xWhen}.Applies(call), Case{When: yWhen}.Applies(call)
			empty = empty && !inX
			all = all && (inX || inY)
			inside = inside && (!inX || inY)
			call[0], call[1] = call[0]|1<<40, call[1]|1<<63
			if d.has(x, call) != inX || d.has(both, call) != (inX && inY) || d.has(either, call) != (inX || inY) || d.has(without, call) == inX {
				t.Fatalf("%v and %v at %v", xWhen, yWhen, call)
			}
		}
		if empty != (x == nothing) || all != (either == everything) || inside != d.within(x, y) {
			t.Fatalf("%v and %v: empty %v, all %v, inside %v", xWhen, yWhen, empty, all, inside)
		}
	})
}

// TestDiagramOfRules: what a rule with cases allows, the first that applies counting.
func TestDiagramOfRules(t *testing.T) {
	const args, values = 2, 16
	actions := rapid.SampledFrom([]Action{Allow, Fail(EPERM)})
	rapid.Check(t, func(t *rapid.T) {
		rule := Rule{Otherwise: actions.Draw(t, "otherwise")}
		for range rapid.IntRange(0, 4).Draw(t, "cases") {
			rule.Cases = append(rule.Cases, Case{
				When: rapid.SliceOfN(narrowTest(args), 1, 3).Draw(t, "when"), Then: actions.Draw(t, "then"),
			})
		}
		budget := faultBudget
		d := newDiagram(&budget)
		allowed := d.allowed(rule)
		for i := range uint64(values * values) {
			call := [6]uint64{i % values, i / values}
			if want := rule.decide(call) == Allow; d.has(allowed, call) != want {
				t.Fatalf("%v at %v: %v", rule, call, !want)
			}
		}
	})
}

// TestDiagramOfWholeRegisters: at the ends of 64 bits too.
func TestDiagramOfWholeRegisters(t *testing.T) {
	points := rapid.Map(rapid.SliceOfN(rapid.IntRange(0, 63), 0, 4), func(bits []int) uint64 {
		var v uint64
		for _, bit := range bits {
			v ^= 1<<bit - 1
		}
		return v
	})
	rapid.Check(t, func(t *rapid.T) {
		budget := faultBudget
		d := newDiagram(&budget)
		test := Test{
			Arg: 5, Width: rapid.SampledFrom([]Width{Low16, Low32, All64}).Draw(t, "width"),
			Op: rapid.SampledFrom([]Operator{OneOf, NoneOf, AnyBit, Less, LessOrEqual, Greater, GreaterOrEqual}).Draw(t, "op"),
		}
		test.Values = []Constant{{Value: points.Draw(t, "value") & test.Width.Mask()}}
		x := d.test(test)
		for range 20 {
			call := [6]uint64{5: points.Draw(t, "argument") + rapid.SampledFrom([]uint64{0, 1, ^uint64(0)}).Draw(t, "near")}
			if d.has(x, call) != test.holds(call) {
				t.Fatalf("%v at %#x", test, call[5])
			}
		}
	})
}

// TestDiagramBudget: a set that is too large to decide is left alone, and soon.
func TestDiagramBudget(t *testing.T) {
	budget := 100
	d := newDiagram(&budget)
	x := nothing
	for i := range uint64(1000) {
		x = d.or(x, d.equal(int(i%6), ^uint64(0), i*0x9e3779b97f4a7c15))
	}
	if !d.exhausted() {
		t.Error("1000 unions in 100 steps")
	}
}
