package policy_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"confine/policy"
)

// What is wrong with a confine.toml is told as it is of policies: all of it, with places.
func TestBadSettings(t *testing.T) {
	files, err := filepath.Glob("testdata/settings/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatal("no settings", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = policy.ParseSettings("confine.toml", text)
			var wrong policy.Diagnostics
			if !errors.As(err, &wrong) {
				t.Fatalf("%v", err)
			}
			var out bytes.Buffer
			if err := wrong.Render(&out); err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(file, ".toml")+".golden", out.Bytes())
		})
	}
}

func TestSettingsArePlaced(t *testing.T) {
	s, err := policy.ParseSettings("confine.toml", []byte("[lint]\nselect = [\n  \"CF1\",\n  \"CF2\",\n]\n"))
	if err != nil {
		t.Fatal(err)
	}
	if at := s.Select[1].At.String(); at != "confine.toml:4:3" {
		t.Error(at)
	}
	d := s.Diagnose(s.Select[1].At, "wrong", nil, "")
	if want := "confine.toml:4:3: error: wrong\n    4 |   \"CF2\",\n      |   ^^^^^\n"; d.String() != want {
		t.Errorf("%s\nexpected\n%s", d.String(), want)
	}
}

// The name of a file can hold anything: in a CI's log a line break in it could begin a
// command, and on a terminal it could move the cursor.
func TestFileNamesAreShownSafely(t *testing.T) {
	_, err := policy.Parse("a\x1b[31m\n::error::b.toml", []byte("schema = 2\nname = \"x\"\n"))
	var wrong policy.Diagnostics
	if !errors.As(err, &wrong) {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := wrong.Render(&out); err != nil {
		t.Fatal(err)
	}
	if first, _, _ := strings.Cut(out.String(), "\n"); !strings.HasPrefix(first, "a<U+001B>[31m<U+000A>::error::b.toml:1:10: error: ") {
		t.Errorf("%q", first)
	}
}
