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

// TestSecretsOfBases: a base shows no value of the policy that extends it, and the other
// way round, whatever characters of either are lost, added or exchanged, and whatever is
// sealed.
func TestSecretsOfBases(t *testing.T) {
	mutate := func(t *rapid.T, text string) string {
		for range rapid.IntRange(0, 1).Draw(t, "edits") {
			at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
			with := rapid.SampledFrom([]string{"", "x", "\"", "'", "=", "[", "]", "{", "}", ",", "\n", "\\", " ", "\xff", "é"}).Draw(t, "with")
			text = text[:at] + with + text[at+rapid.IntRange(0, 1).Draw(t, "lost"):]
		}
		return text
	}
	children := []string{
		"[environment]\nset = { T = \"hunter2\", V = \"hunter2\" }\n",
		"[environment]\nremove = { set = [\"T\", \"W\"] }\nset = { T = \"hunter2b\" }\n",
		"[environment]\npass = [\"T\"]\nset = { A = \"hunter2\" }\n[filesystem]\nread = [\"x\"]\n",
		"[environment]\nremove = { set = [\"hunter\"], pass = [\"T\"] }\n",
	}
	rapid.Check(t, func(t *rapid.T) {
		base := "schema = 1\nname = \"base\"\n" + rapid.SampledFrom(secretForms).Draw(t, "base")
		if rapid.Bool().Draw(t, "sealed") {
			base = strings.Replace(base, "[environment]\n", "[environment]\nsealed = true\n", 1)
		}
		child := "schema = 1\nname = \"child\"\nextends = [\"base\"]\n" + rapid.SampledFrom(children).Draw(t, "child")
		s := shelf{"base": mutate(t, base), "child": mutate(t, child)}
		p, err := s.resolve("child", policy.Options{})
		if err != nil {
			asJSON, jsonErr := json.Marshal(err)
			if jsonErr != nil {
				t.Fatal(jsonErr)
			}
			if shown := told(err) + err.Error() + string(asJSON); strings.Contains(shown, "hunter2") {
				t.Fatalf("the secret is shown\n%s\n--- of\n%s\n---\n%s", told(err), s["child"], s["base"])
			}
			return
		}
		for _, older := range []string{"base", "child"} {
			q, err := s.resolve(older, policy.Options{})
			if err != nil {
				continue
			}
			for _, c := range append(policy.Compare(p, q), policy.Compare(q, p)...) {
				if strings.Contains(c.Was+c.Now+c.Subject+c.Example.String(), "hunter2") {
					t.Fatalf("a change shows the secret: %+v", c)
				}
			}
		}
	})
}
