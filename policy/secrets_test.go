package policy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"confine/policy"

	"pgregory.net/rapid"
)

// secretForms are policies with the secret hunter2, in the ways to write one.
var secretForms = []string{
	"[network]\nmode = \"none\"\n[environment]\npass = [\"A\"]\nset = { T = \"hunter2\", U = 'hunter2' }\n[process]\nuser = \"u\"\n",
	"[environment.set]\nT = \"hunter2\"\nU = '''\nhunter2'''\n[network]\nmode = \"none\"\n",
	"environment.set.T = \"hunter2\"\nenvironment = { set.T = \"\"\"hunter2\n hunter2\"\"\" }\n",
	"environment = { pass = [\"A\"], set = { T = \"hunter2\" } }\n[rlimits]\nas = 1\n",
}

// TestSecretsMutated: whatever two characters are lost, added or exchanged, no
// diagnostic shows a value of environment.set. A "#" is never added: it makes the
// value a comment.
func TestSecretsMutated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := "schema = 1\nname = \"a\"\n" + rapid.SampledFrom(secretForms).Draw(t, "form")
		for range rapid.IntRange(1, 2).Draw(t, "edits") {
			at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
			with := rapid.SampledFrom([]string{
				"", "x", "\"", "'", "=", "[", "]", "{", "}", ",", ".", "\n", "\\", " ", "\t", "\x00", "\xff", "é",
			}).Draw(t, "with")
			text = text[:at] + with + text[at+rapid.IntRange(0, 1).Draw(t, "lost"):]
		}
		_, err := policy.Parse("p.toml", []byte(text))
		var ds policy.Diagnostics
		if !errors.As(err, &ds) {
			return
		}
		var out bytes.Buffer
		if err := ds.Render(&out); err != nil {
			t.Fatal(err)
		}
		encoded, err := json.Marshal(ds)
		if err != nil {
			t.Fatal(err)
		}
		if shown := out.String() + string(encoded) + ds.Error(); strings.Contains(shown, "hunter2") {
			t.Fatalf("the secret is shown\n%s\n--- of\n%s", out.String(), text)
		}
	})
}
