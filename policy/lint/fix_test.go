package lint

import (
	"fmt"
	"strings"
	"testing"

	"confine/policy"
)

// covered is a policy with n entries that the one above them covers.
func covered(n int) Target {
	var text strings.Builder
	text.WriteString("schema = 1\nname = \"acme\"\n[filesystem]\nread = [\"/srv\"")
	for i := range n {
		fmt.Fprintf(&text, ", \"/srv/%d?\"", i)
	}
	text.WriteString("]\n")
	return Target{Source: policy.Source{File: "acme.toml", Text: []byte(text.String())}}
}

func coveredOnly(f Finding) bool { return f.Rule == &coveredEntry }

// Every entry without effect is taken out, however many there are.
func TestFixOfManyEntries(t *testing.T) {
	got := (&Linter{}).Fix(covered(500), coveredOnly)
	if want := string(covered(0).Source.Text); got.Text != want || got.Cured != 500 || got.Untried != 0 {
		t.Errorf("%d cured, %d not tried:\n%s", got.Cured, got.Untried, got.Text)
	}
}

// What is left when it was tried often enough is told.
func TestFixThatStops(t *testing.T) {
	got := (&Linter{}).fix(covered(8), coveredOnly, 1)
	if got.Cured == 0 || got.Untried != 8-got.Cured {
		t.Errorf("%d cured, %d not tried:\n%s", got.Cured, got.Untried, got.Text)
	}
	if got := (&Linter{}).fix(covered(8), coveredOnly, 0); got.Cured != 0 || got.Untried != 8 || got.Text != string(covered(8).Source.Text) {
		t.Errorf("%d cured, %d not tried:\n%s", got.Cured, got.Untried, got.Text)
	}
}

// One edit that would change something keeps none of the others from being made.
func TestFixWithoutWhatChangesSomething(t *testing.T) {
	text := string(covered(9).Source.Text)
	was, err := policy.Resolve(policy.Source{File: "acme.toml", Text: []byte(text)}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := fixer{source: policy.Source{File: "acme.toml"}, was: was, text: text, refused: map[string]bool{}, trials: 100}
	var findings []Finding
	for _, e := range was.Filesystem.Entries[1:] {
		start, end, ok := was.Token(e.At)
		if !ok {
			t.Fatalf("no token at %s", e.At)
		}
		if e.Path == "/srv/7" {
			findings = append(findings, Finding{Diagnostic: policy.Diagnostic{Message: e.Path}, Fix: []Edit{{start, end, `"/var/7"`}}})
			continue
		}
		findings = append(findings, Finding{Diagnostic: policy.Diagnostic{Message: e.Path}, Fix: removal(text, start, end)})
	}
	f.try(apart(findings))
	if len(f.refused) != 1 || !f.refused["/srv/7"] || f.cured != 8 {
		t.Errorf("%d cured, %v refused:\n%s", f.cured, f.refused, Apply(text, f.made))
	}
}
