package gvisor_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"confine/compiler"

	"pgregory.net/rapid"
)

// TestDeterministic: the same policy gives the same bundle, and the order in which its
// lists are written changes nothing but positions.
func TestDeterministic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawPolicy(t)
		again := compileIn(t, r.policy, r.root)
		if a, b := encode(t, r.bundle), encode(t, again); a != b {
			t.Fatalf("two bundles of one policy:\n%s\n%s", a, b)
		}
		shuffled := rapid.Permutation(slices.Clone(r.order)).Draw(t, "order")
		links := rapid.Permutation(slices.Clone(r.links)).Draw(t, "order of links")
		other := compileIn(t, parse(t, tables(shuffled, links, r.network, r.proc, r.dev)), r.root)
		for i, f := range r.bundle.Artifacts {
			if g := other.Artifacts[i]; f.Name != g.Name || !bytes.Equal(f.Data, g.Data) {
				t.Fatalf("%s depends on the order of the lists:\n%s", f.Name, difference(string(f.Data), string(g.Data)))
			}
		}
		if !reflect.DeepEqual(r.bundle.Skeleton, other.Skeleton) {
			t.Fatalf("the skeleton depends on the order of the lists:\n%s", difference(skeletonText(r.bundle.Skeleton), skeletonText(other.Skeleton)))
		}
		if a, b := withoutPositions(r.bundle), withoutPositions(other); a != b {
			t.Fatalf("coverage depends on the order of the lists:\n%s", difference(a, b))
		}
	})
}

// TestDeterministicSamples: also with filters of system calls, and all that is in no
// random policy.
func TestDeterministicSamples(t *testing.T) {
	for name, p := range samples(t) {
		if a, b := encode(t, compile(t, p)), encode(t, sampleBundle(t, name, p)); a != b {
			t.Errorf("%s: two bundles of one policy", name)
		}
	}
}

func encode(t failer, b *compiler.Bundle) string {
	t.Helper()
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
