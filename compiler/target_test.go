package compiler_test

import (
	"encoding/json"
	"testing"

	"confine/compiler"

	"pgregory.net/rapid"
)

func TestParseVersionRoundTrip(t *testing.T) {
	part := rapid.IntRange(0, 1<<16-1)
	rapid.Check(t, func(t *rapid.T) {
		v := compiler.Version{Major: part.Draw(t, "major"), Minor: part.Draw(t, "minor"), Patch: part.Draw(t, "patch")}
		got, err := compiler.ParseVersion(v.String())
		if err != nil || got != v {
			t.Fatalf("%v became %v: %v", v, got, err)
		}
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var decoded compiler.Version
		if err := json.Unmarshal(text, &decoded); err != nil || decoded != v {
			t.Fatalf("%s became %v: %v", text, decoded, err)
		}
	})
}

func TestParseVersionJunk(t *testing.T) {
	for _, junk := range []string{
		"", "0", "0.9", "0.9.", ".9.72", "0.9.72.", "0.9.72.1", "0.9.72 ", " 0.9.72", "0.9.72\n", "0. 9.72", "v0.9.72",
		"0.9.72-rc1", "0.9.72~", "0.09.72", "00.9.72", "-1.9.72", "0.-9.72", "+0.9.72", "0x0.9.72", "0.9.7_2", "0.9.65536",
		"0.9.99999999999999999999", "0,9,72", "0.9.٧٢", "x.9.72",
	} {
		if v, err := compiler.ParseVersion(junk); err == nil {
			t.Errorf("%q is read as %v", junk, v)
		} else if v != (compiler.Version{}) {
			t.Errorf("%q: a version %v beside the error", junk, v)
		}
		var v compiler.Version
		if v.UnmarshalText([]byte(junk)) == nil {
			t.Errorf("%q is decoded as %v", junk, v)
		}
	}
	if _, err := compiler.ParseVersion("x"); err.Error() != `version "x" is not of the form 0.9.72` {
		t.Error(err)
	}
}

// TestVersionLess: the order of numbers, not of texts.
func TestVersionLess(t *testing.T) {
	ascending := []string{"0.0.0", "0.0.1", "0.0.10", "0.9.9", "0.9.72", "0.9.100", "0.10.0", "1.0.0", "1.0.1", "10.0.0"}
	for i, a := range ascending {
		for j, b := range ascending {
			v, errV := compiler.ParseVersion(a)
			w, errW := compiler.ParseVersion(b)
			if errV != nil || errW != nil {
				t.Fatal(errV, errW)
			}
			if got := v.Less(w); got != (i < j) {
				t.Errorf("%s is less than %s: %v", a, b, got)
			}
		}
	}
}
