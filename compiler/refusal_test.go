package compiler_test

import (
	"slices"
	"strings"
	"testing"

	"confine/compiler"
	"confine/policy"

	"pgregory.net/rapid"
)

func TestRefusalsError(t *testing.T) {
	r := compiler.Refusals{
		{At: policy.Position{File: "p.toml", Line: 10, Column: 2}, Clause: "filesystem.read", Message: "later"},
		{Clause: "backend", Message: "nowhere", Found: "this", Expected: "that", Hint: "do"},
		{At: policy.Position{File: "p.toml", Line: 9, Column: 30}, Clause: "filesystem.hide", Message: "earlier", Expected: "x"},
		{At: policy.Position{File: "p.toml", Line: 9, Column: 4}, Clause: "filesystem.tmp", Message: "first", Hint: "y"},
	}
	const want = `error: nowhere [backend]
      = found     this
      = expected  that
      = hint: do
p.toml:9:4: error: first [filesystem.tmp]
      = hint: y
p.toml:9:30: error: earlier [filesystem.hide]
      = expected  x
p.toml:10:2: error: later [filesystem.read]`
	given := slices.Clone(r)
	if got := r.Error(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if !slices.Equal(r, given) {
		t.Error("Error changed what it was called on")
	}
	r.Sort()
	if got := r.Error(); got != want {
		t.Errorf("sorted:\n%s", got)
	}
	if got := (compiler.Refusals{}).Error(); got != "" {
		t.Errorf("%q", got)
	}
}

// TestRefusalsOrder: the text does not depend on the order in which refusals were
// found.
func TestRefusalsOrder(t *testing.T) {
	one := rapid.Custom(func(t *rapid.T) compiler.Refusal {
		number := rapid.IntRange(0, 3)
		return compiler.Refusal{
			At:      policy.Position{File: "p", Line: number.Draw(t, "line"), Column: number.Draw(t, "column")},
			Message: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "message"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		r := compiler.Refusals(rapid.SliceOfN(one, 0, 6).Draw(t, "refusals"))
		shuffled := rapid.Permutation(slices.Clone(r)).Draw(t, "shuffled")
		if r.Error() != shuffled.Error() {
			t.Fatalf("%s\n\n%s", r.Error(), shuffled.Error())
		}
		if lines := strings.Count(r.Error(), "error: "); lines != len(r) {
			t.Fatalf("%d of %d refusals are told", lines, len(r))
		}
	})
}
