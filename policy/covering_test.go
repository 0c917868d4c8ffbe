package policy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"confine/policy"
)

// The nearest entry above a path is the longest one that, with a slash, the path begins with.
func TestCoveringIsTheLongestAbove(t *testing.T) {
	path := rapid.Custom(func(t *rapid.T) string {
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "a.b", "a-b", "ab", "${x}"}), 1, 5).Draw(t, "parts")
		return "/" + strings.Join(parts, "/")
	})
	rapid.Check(t, func(t *rapid.T) {
		paths := rapid.SliceOfDistinct(path, rapid.ID[string]).Draw(t, "paths")
		slices.Sort(paths)
		var entries []policy.PathEntry
		for _, p := range paths {
			entries = append(entries, policy.PathEntry{Path: p})
		}
		name, want := path.Draw(t, "name"), ""
		for _, p := range paths {
			if strings.HasPrefix(name, p+"/") && len(p) > len(want) {
				want = p
			}
		}
		if got, ok := policy.Covering(entries, name); got.Path != want || ok != (want != "") {
			t.Fatalf("%q is above %q, expected %q", got.Path, name, want)
		}
	})
}

// TestLargeCovering: asking for the entry above each of the most entries that a file can have
// ends while somebody waits.
func TestLargeCovering(t *testing.T) {
	const n = 200_000
	entries := make([]policy.PathEntry, n)
	for i := range entries {
		entries[i].Path = fmt.Sprintf("/a%06d", i)
	}
	for _, e := range entries {
		if above, ok := policy.Covering(entries, e.Path+"/b"); !ok || above.Path != e.Path {
			t.Fatalf("%q is above a path in %q", above.Path, e.Path)
		}
	}
}
