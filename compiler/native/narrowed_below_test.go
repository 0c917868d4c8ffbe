package native

import (
	"fmt"
	"slices"
	"testing"

	"confine/policy"
)

// TestNarrowedBelow: an entry that sorts between a directory and what is in it is not below
// it.
func TestNarrowedBelow(t *testing.T) {
	var entries []policy.PathEntry
	for _, path := range []string{"/a", "/a-b", "/a/b", "/a/d", "/a0", "/b"} {
		entries = append(entries, policy.PathEntry{Path: path, Mode: policy.ModeHide})
	}
	entries[0].Mode = policy.ModeRead
	if got, want := narrowedBelow(entries, entries[0]), []string{"/a/b", "/a/d"}; !slices.Equal(got, want) {
		t.Errorf("%q, expected %q", got, want)
	}
}

// TestLargeNarrowedBelow: asking for what is below each of some hundred thousand entries
// ends while somebody waits.
func TestLargeNarrowedBelow(t *testing.T) {
	const n = 300_000
	entries := make([]policy.PathEntry, n)
	for i := range entries {
		entries[i] = policy.PathEntry{Path: fmt.Sprintf("/a%06d", i), Mode: policy.ModeRead}
	}
	for _, e := range entries {
		if below := narrowedBelow(entries, e); len(below) > 0 {
			t.Fatalf("%q is below %q", below, e.Path)
		}
	}
}
