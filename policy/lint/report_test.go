package lint_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"confine/policy"
	"confine/policy/lint"
)

// hostile is a policy whose texts hold what formats have to escape.
const hostile = "schema = 1\nname = \"acme\"\n[environment]\npass = [\"LD_PRELOAD\"] # confine: allow CF703 until 2027-01-01 -- <b>&\"%,:\n[filesystem]\nread = [\"/etc/%0A::error file=x,line=1::<b>|`\"]\nwrite = [\"/srv/ä/日本\", \"/etc/shadow\"]\n"

func report(t *testing.T) *lint.Report {
	t.Helper()
	l := lint.Linter{Today: today}
	found := l.Lint(lint.Target{Source: policy.Source{File: "dir with blank/acme,b:c%.toml", Text: []byte(hostile)}, Relative: "acme.toml"})
	found = append(found, l.Lint(lint.Target{Source: policy.Source{File: "/abs/broken.toml", Text: []byte("schema = \x00")}})...)
	return &lint.Report{Findings: lint.Sort(found), Policies: 2, Search: lint.Search{PassedOver: []string{"Cargo.toml"}}, Version: "1.2.3"}
}

// The schema is that of OASIS, as published with SARIF 2.1.0.
func TestSARIFIsValid(t *testing.T) {
	var out bytes.Buffer
	if err := report(t).SARIF(&out); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/sarif-schema-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("sarif.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	validate := func(text string) error {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(value)
	}
	if err := validate(out.String()); err != nil {
		t.Errorf("%v\n%s", err, out.String())
	}
	// The validator does refuse what is none.
	for from, to := range map[string]string{`"level": "error"`: `"level": "fatal"`, `"startLine": 4`: `"startLine": 0`, `"driver"`: `"drivers"`} {
		if broken := strings.Replace(out.String(), from, to, 1); broken == out.String() || validate(broken) == nil {
			t.Errorf("the schema takes %s for %s", to, from)
		}
	}
}

// Code scanning shows a result where its rule, its place and its file are right.
func TestSARIFResults(t *testing.T) {
	var out bytes.Buffer
	r := report(t)
	if err := r.SARIF(&out); err != nil {
		t.Fatal(err)
	}
	var log struct {
		Runs []struct {
			Tool struct {
				Driver struct{ Rules []struct{ ID string } }
			}
			Results []struct {
				RuleID    string
				RuleIndex int
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine, StartColumn, EndColumn int }
					}
				}
				PartialFingerprints map[string]string
				Suppressions        []struct{ Kind, Justification string }
			}
		}
	}
	if err := json.Unmarshal(out.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	if len(run.Results) != len(r.Findings) {
		t.Fatalf("%d results of %d findings", len(run.Results), len(r.Findings))
	}
	prints := map[string]bool{}
	for i, result := range run.Results {
		f := r.Findings[i]
		place := result.Locations[0].PhysicalLocation
		want := map[string]string{"/abs/broken.toml": "file:///abs/broken.toml"}[f.At.File]
		if want == "" {
			want = "dir%20with%20blank/acme,b:c%25.toml"
		}
		if run.Tool.Driver.Rules[result.RuleIndex].ID != result.RuleID || result.RuleID != f.Rule.Code {
			t.Errorf("result %d is of another rule: %+v", i, result)
		}
		if place.ArtifactLocation.URI != want || place.Region.StartLine != f.At.Line || place.Region.StartColumn != f.At.Column {
			t.Errorf("result %d is at %+v, expected %s and %s", i, place, want, f.At)
		}
		if (f.Suppressed != nil) != (len(result.Suppressions) == 1) {
			t.Errorf("result %d: suppressions %+v", i, result.Suppressions)
		}
		print := result.PartialFingerprints["primaryLocationLineHash"]
		if print == "" || prints[print] {
			t.Errorf("result %d has no fingerprint of its own: %q", i, print)
		}
		prints[print] = true
	}
}

// A workflow command is one line, and nothing of a policy begins another one.
func TestGitHub(t *testing.T) {
	var out bytes.Buffer
	r := report(t)
	if err := r.GitHub(&out); err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if last := got[len(got)-1]; last != "::notice title=confine lint::not looked at  1 other TOML file" {
		t.Errorf("the last command does not say what was not looked at: %s", last)
	}
	got = got[:len(got)-1]
	if len(got) != len(r.Shown()) {
		t.Fatalf("%d commands for %d findings:\n%s", len(got), len(r.Shown()), out.String())
	}
	for _, line := range got {
		head, _, ok := strings.Cut(strings.TrimPrefix(line, "::"), "::")
		if !ok || strings.Count(head, ",") != 4 {
			t.Errorf("the properties of a command are not five: %s", line)
		}
		if !strings.Contains(line, "file=dir with blank/acme%2Cb%3Ac%25.toml,line=") && !strings.Contains(line, "file=/abs/broken.toml,line=") {
			t.Errorf("not the file: %s", line)
		}
	}
}

func TestJSON(t *testing.T) {
	var out bytes.Buffer
	r := report(t)
	if err := r.JSON(&out); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Findings []struct {
			Code       string
			At         policy.Position
			Suppressed *struct{ Until, Reason string }
		}
		PassedOver []string `json:"passed_over"`
		Counts     lint.Counts
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Findings) != len(r.Findings) || got.Counts != r.Counts() || got.Counts.Suppressed != 1 || len(got.PassedOver) != 1 {
		t.Errorf("%+v", got)
	}
	for i, f := range got.Findings {
		if f.Code != r.Findings[i].Rule.Code || f.At != r.Findings[i].At {
			t.Errorf("%d: %+v", i, f)
		}
		if f.Suppressed != nil && (f.Suppressed.Until != "2027-01-01" || f.Suppressed.Reason != `<b>&"%,:`) {
			t.Errorf("%+v", f.Suppressed)
		}
	}
}

// A backslash is a character of a name, but on Windows.
func TestBackslashInName(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a backslash separates directories here")
	}
	l := lint.Linter{Today: today}
	r := &lint.Report{Findings: l.Lint(lint.Target{Source: policy.Source{File: `./a\b.toml`, Text: []byte("schema = 1\nname = \"acme\"\n")}})}
	var github, sarif bytes.Buffer
	if err := errors.Join(r.GitHub(&github), r.SARIF(&sarif)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(github.String(), `file=a\b.toml,`) || !strings.Contains(sarif.String(), `"uri": "a%5Cb.toml"`) {
		t.Errorf("%s\n%s", github.String(), sarif.String())
	}
}
