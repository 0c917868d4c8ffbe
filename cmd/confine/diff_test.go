//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"confine/compiler"
	"confine/policies"
	"confine/policy"
)

// TestDiffAgreesWithDecide: every example of the JSON is decided as the row says, for all
// pairs of policies that ship, and every format tells of the same loosenings.
func TestDiffAgreesWithDecide(t *testing.T) {
	for _, old := range policies.Names() {
		for _, new := range policies.Names() {
			older, newer := shipped(t, old), shipped(t, new)
			var stdout, stderr bytes.Buffer
			code := diffCommand([]string{old, new, "--format", "json", "--deny-loosening"}, streams{&stdout, &stderr})
			decoder := json.NewDecoder(&stdout)
			decoder.DisallowUnknownFields()
			var r diffReport
			if err := decoder.Decode(&r); err != nil || stderr.Len() > 0 {
				t.Fatalf("%s %s: %v, %s", old, new, err, stderr.String())
			}
			if (code == exitLoosened) != (r.Loosened > 0) || old == new && len(r.Changes) > 0 {
				t.Errorf("%s %s: exit code %d with %+v", old, new, code, r)
			}
			for _, row := range r.Changes {
				examples := row.Examples
				for _, call := range row.Calls {
					examples = append(examples, "syscall "+call.Name)
				}
				for _, example := range examples {
					access, err := policy.ParseAccess(example)
					if err != nil {
						t.Fatal(err)
					}
					if was, now := older.Decide(access).Allowed, newer.Decide(access).Allowed; was == now || now != (row.Verdict == verdictLoosened) {
						t.Errorf("%s %s: %s is %s: allowed %v before and %v now", old, new, example, row.Verdict, was, now)
					}
				}
			}
			// Lines of rows begin with a verdict.
			for verdict, want := range map[string]int{verdictLoosened: r.Loosened, verdictTightened: r.Tightened} {
				if got := strings.Count("\n"+r.text(), "\n"+verdict+" "); got != want {
					t.Errorf("%s %s: the text has %d %s, want %d", old, new, got, verdict, want)
				}
			}
		}
	}
}

// TestDiffValuesHidden: the text of a value is nowhere, also where one is a part of another.
func TestDiffValuesHidden(t *testing.T) {
	p := &policy.Policy{Params: []policy.Parameter{
		{Name: "a", Value: "acme", Bound: true}, {Name: "b", Value: "acme.example", Bound: true}, {Name: "c", Value: ""},
	}}
	hide := valuesHidden(p)
	for text, want := range map[string]string{
		"/data/acme/x": "/data/${a}/x", "api.acme.example:443": "api.${b}:443", "acme.examples": "${b}s", "none": "none",
	} {
		if got := hide(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestRevisionOf(t *testing.T) {
	for name, want := range map[string]string{
		"main:policies/x.toml":    "main policies/x.toml",
		"x:y.toml":                "x y.toml",
		"HEAD~1:./x.toml":         "HEAD~1 ./x.toml",
		"main@{12:00}:x.toml":     "main@{12:00} x.toml",
		"origin/main:a:b":         "origin/main a:b",
		":x.toml":                 " x.toml",
		"main:":                   "main ",
		"./a:b.toml":              "",
		"../a:b.toml":             "",
		"/a:b.toml":               "",
		"plain.toml":              "",
		"missing.toml":            "",
		`C:\policies\x.toml`:      "",
		"c:/policies/x.toml":      "",
		"source-declarative-name": "",
	} {
		rev, path, ok := revisionOf(name)
		if got := rev + " " + path; ok != (want != "") || ok && got != want {
			t.Errorf("%s: %q, %v; want %q", name, got, ok, want)
		}
	}
}

var codeCell = regexp.MustCompile("^(`[^`|\\\\]*`|<code>([^`|\\\\<>@]|&#[0-9]+;)*</code>|)$")

// TestMarkdownCells: nothing that a policy says ends its code or its cell, and what a
// reader sees is what it says.
func TestMarkdownCells(t *testing.T) {
	parts := rapid.SampledFrom([]string{
		"`", "``", "|", "\\", "\\|", "@security", "<b>", "</code>", "&#64;", "\n", "\r\n", "| x |", "a", " ", "https://evil.example", "é", "\u202e", "[x](y)", "-->",
	})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(parts, 0, 8).Draw(t, "text"), "")
		cell := inCode(text)
		if !codeCell.MatchString(cell) {
			t.Fatalf("%q becomes %s", text, cell)
		}
		shown := strings.TrimSuffix(strings.TrimPrefix(cell, "<code>"), "</code>")
		if shown == cell {
			shown = strings.Trim(cell, "`")
		}
		if html.UnescapeString(shown) != visible(text) {
			t.Fatalf("%q is shown as %q", text, shown)
		}
	})
}

// TestCompareCoverage: a clause that is enforced less is loosened, and so is one that a
// backend did not take before; a backend that refuses allows nothing.
func TestCompareCoverage(t *testing.T) {
	by := func(strengths map[string]compiler.Strength) backendCoverage {
		c := backendCoverage{worst: map[string]compiler.Coverage{}}
		for clause, strength := range strengths {
			c.worst[clause] = compiler.Coverage{Clause: clause, Launched: strength.By("it")}
		}
		return c
	}
	const exact, stronger, weaker, none = compiler.Exact, compiler.Stronger, compiler.Weaker, compiler.None
	type strengths = map[string]compiler.Strength
	for _, tt := range []struct {
		was, now backendCoverage
		want     string
	}{
		{by(strengths{"a": exact, "b": stronger}), by(strengths{"a": stronger, "b": exact}), ""},
		{by(strengths{"a": exact, "b": stronger}), by(strengths{"a": weaker, "b": none}), "loosened a exact weaker: it; loosened b stronger none: it; "},
		{by(strengths{"a": weaker, "b": none}), by(strengths{"a": none, "b": exact}), "loosened a weaker none: it; tightened b none exact: it; "},
		{by(strengths{"a": exact}), by(strengths{"a": exact, "b": weaker}), ""},
		{by(strengths{"a": exact}), backendCoverage{refused: "no"}, "refuses  compiled no; "},
		{backendCoverage{refused: "no"}, by(strengths{"a": weaker, "b": exact}), "compiles  refused: no compiles; loosened a refused weaker: it; "},
		{backendCoverage{refused: "no"}, backendCoverage{refused: "not at all"}, ""},
	} {
		got := ""
		for _, row := range tt.was.compare(tt.now) {
			got += fmt.Sprintf("%s %s %s %s; ", row.Verdict, row.Clause, row.Was, row.Now)
		}
		if got != tt.want {
			t.Errorf("%v to %v: %s\nwant %s", tt.was, tt.now, got, tt.want)
		}
	}
}

// TestDiffMarkdown: a table with the verdict on top, of bounded size.
func TestDiffMarkdown(t *testing.T) {
	r := diffReport{Old: comparedPolicy{File: "main:a|b`.toml"}, New: comparedPolicy{File: "a.toml"}, Loosened: 300}
	for range 300 {
		r.Changes = append(r.Changes, diffRow{
			Verdict: verdictLoosened, Kinds: []string{"read"}, Clause: policy.ClauseFilesystemRead,
			Subject: "/" + strings.Repeat("|@admin`\n", 1000), Was: "hidden",
		})
	}
	text := r.markdown()
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if !strings.HasPrefix(lines[0], "**300 loosened, 0 tightened**: <code>") || len(text) > 1<<16 {
		t.Errorf("%s\n%d bytes", lines[0], len(text))
	}
	rows := lines[2 : len(lines)-2]
	for _, line := range rows {
		if n := strings.Count(line, "|"); n != 7 {
			t.Fatalf("%d bars in %s", n, line)
		}
	}
	if want := fmt.Sprintf("%d differences are not shown here", 300-len(rows)+2); lines[len(lines)-1] != want {
		t.Errorf("%s, want %s", lines[len(lines)-1], want)
	}
}
