package firejail_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"confine/compiler"

	"pgregory.net/rapid"
)

// TestDeterministic: the same policy gives the same bundle, and the order in which
// its lists are written changes nothing but positions.
func TestDeterministic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawPolicy(t)
		again := compile(t, r.policy)
		if a, b := encode(t, r.bundle), encode(t, again); a != b {
			t.Fatalf("two bundles of one policy:\n%s\n%s", a, b)
		}
		shuffled := rapid.Permutation(slices.Clone(r.order)).Draw(t, "order")
		other := compile(t, parse(t, tables(shuffled, r.network, r.proc, r.dev)))
		for i, f := range r.bundle.Artifacts {
			if g := other.Artifacts[i]; f.Name != g.Name || !bytes.Equal(f.Data, g.Data) {
				t.Fatalf("%s depends on the order of the lists:\n%s", f.Name, difference(string(f.Data), string(g.Data)))
			}
		}
		if a, b := withoutPositions(r.bundle), withoutPositions(other); a != b {
			t.Fatalf("coverage depends on the order of the lists:\n%s", difference(a, b))
		}
	})
}

func encode(t *rapid.T, b *compiler.Bundle) string {
	files, err := b.Files()
	if err != nil {
		t.Fatalf("%v", err)
	}
	data, err := json.Marshal(files)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return string(data)
}

func withoutPositions(b *compiler.Bundle) string {
	lines := strings.Split(coverageText(b.Coverage), "\n")
	return strings.Join(slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "  at ") }), "\n")
}
