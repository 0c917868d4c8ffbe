package lint_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"confine/policy"
	"confine/policy/lint"
)

var today = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// shelf is a library of policies by name.
type shelf map[string]string

func (s shelf) Find(_ policy.Source, name string) (policy.Source, bool, error) {
	text, ok := s[name]
	return policy.Source{File: name + ".toml", Text: []byte(text)}, ok, nil
}

func (s shelf) Names(policy.Source) []string { return nil }

func findings(t *testing.T, l lint.Linter, text string) []lint.Finding {
	t.Helper()
	l.Today = today
	asked, _ := lint.Asked(l.Lint(lint.Target{Source: policy.Source{File: "acme.toml", Text: []byte(text)}, Relative: "policies/acme.toml"}))
	return asked
}

// lines gives the findings of some rules as "CODE LINE", and "allowed" for those that a
// comment allows.
func lines(found []lint.Finding, codes ...string) []string {
	out := []string{}
	for _, f := range found {
		if !slices.Contains(codes, f.Rule.Code) {
			continue
		}
		line := f.Rule.Code + " " + f.At.String()
		if f.Suppressed != nil {
			line += " allowed"
		}
		out = append(out, line)
	}
	return out
}

const hostPolicy = "schema = 1\nname = \"acme\"\n[environment]\n"

func TestSuppressions(t *testing.T) {
	const pass = "pass = [\"LD_PRELOAD\"]"
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"none":        {pass, []string{"CF703 acme.toml:4:9"}},
		"on the line": {pass + " # confine: allow CF703 until 2026-11-28 -- the last day counts", []string{"CF703 acme.toml:4:9 allowed"}},
		"above":       {"# confine: allow CF703 until 2027-01-01 -- why\n# more words\n" + pass, []string{"CF703 acme.toml:6:9 allowed"}},
		"two codes":   {"# confine: allow CF701, CF703 until 2027-01-01 -- why\n" + pass, []string{"CF921 acme.toml:4:1", "CF703 acme.toml:5:9 allowed"}},
		"blank between": {
			"# confine: allow CF703 until 2027-01-01 -- why\n\n" + pass,
			[]string{"CF921 acme.toml:4:1", "CF703 acme.toml:6:9"},
		},
		"another line": {
			pass + "\n# confine: allow CF703 until 2027-01-01 -- why\nset = { A = \"b\" }",
			[]string{"CF703 acme.toml:4:9", "CF921 acme.toml:5:1"},
		},
		"expired": {
			pass + " # confine: allow CF703 until 2026-11-27 -- why",
			[]string{"CF703 acme.toml:4:9", "CF922 acme.toml:4:23"},
		},
		"without a reason": {pass + " # confine: allow CF703 until 2027-01-01", []string{"CF703 acme.toml:4:9", "CF920 acme.toml:4:23"}},
		"without a date":   {pass + " # confine: allow CF703 -- why", []string{"CF703 acme.toml:4:9", "CF920 acme.toml:4:23"}},
		"no such day":      {pass + " # confine: allow CF703 until 2027-02-30 -- why", []string{"CF703 acme.toml:4:9", "CF920 acme.toml:4:23"}},
		"no such rule":     {pass + " # confine: allow CF799 until 2027-02-20 -- why", []string{"CF703 acme.toml:4:9", "CF920 acme.toml:4:23"}},
		"in a string": {
			"pass = [\"LD_PRELOAD\"]\nset = { A = \"# confine: allow CF703 until 2027-02-20 -- why\" }",
			[]string{"CF703 acme.toml:4:9"},
		},
		"in a long string": {
			pass + "\n[environment.set]\nA = \"\"\"\n# confine: allow CF703\n\"\"\"",
			[]string{"CF703 acme.toml:4:9"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := lines(findings(t, lint.Linter{}, hostPolicy+tt.text+"\n"), "CF703", "CF920", "CF921", "CF922")
			if !slices.Equal(got, tt.want) {
				t.Errorf("%q\nexpected %q", got, tt.want)
			}
		})
	}
}

// The hint on a comment that cannot be read has what can be read of it.
func TestSuppressionHints(t *testing.T) {
	for comment, want := range map[string]string{
		"# confine: ignore CF703":                             "# confine: allow CF703 until 2027-06-30 -- why this is right here",
		"# confine: allow cf703, CF701 -- the host's own":     "# confine: allow CF703, CF701 until 2027-06-30 -- the host's own",
		"# confine: allow CF703 until 2027-02-30 -- loaded":   "# confine: allow CF703 until 2027-06-30 -- loaded",
		"# confine: allow CF703 CF701 until 2027-02-20 -- ok": "# confine: allow CF703, CF701 until 2027-02-20 -- ok",
		"# confine: allow CF799 until 2027-02-20 -- ok":       "# confine: allow CF204 until 2027-02-20 -- ok",
	} {
		for _, f := range findings(t, lint.Linter{}, hostPolicy+"pass = [\"LD_PRELOAD\"] "+comment+"\n") {
			if f.Rule.Code == "CF920" && f.Hint != want {
				t.Errorf("%s: %q, not %q", comment, f.Hint, want)
			}
		}
	}
}

// settled lints a policy and some of those that it extends in one run, and gives what is
// told of the policy.
func settled(t *testing.T, l lint.Linter, library shelf, text string, beside ...string) []lint.Finding {
	t.Helper()
	found := findings(t, l, text)
	l.Today = today
	for _, name := range beside {
		source, _, _ := library.Find(policy.Source{}, name)
		source.Embedded = true
		found = append(found, l.Lint(lint.Target{Source: source, Relative: "bases/" + source.File})...)
	}
	return slices.DeleteFunc(lint.Settle(found), func(f lint.Finding) bool { return f.At.File != "acme.toml" })
}

// What a base states is told where it is extended, unless the base is looked at for itself
// or allows it by a comment of its own.
func TestFindingsOfBases(t *testing.T) {
	const child = "schema = 1\nname = \"acme\"\nextends = [\"middle\"]\n"
	const middle = "schema = 1\nname = \"middle\"\nextends = [\"base\"]\n"
	const base = "schema = 1\nname = \"base\"\n[environment]\npass = [\"LD_PRELOAD\"]"
	library := shelf{"middle": middle, "base": base}
	for name, tt := range map[string]struct {
		library shelf
		// beside are the policies that are looked at in the same run.
		beside []string
		want   []string
	}{
		"told":          {library, nil, []string{"CF703 acme.toml:3:12"}},
		"linted itself": {library, []string{"base"}, []string{}},
		"another one":   {library, []string{"middle"}, []string{"CF703 acme.toml:3:12"}},
		"allowed there": {
			shelf{"middle": middle, "base": base + " # confine: allow CF703 until 2027-01-01 -- why"},
			nil,
			[]string{"CF703 acme.toml:3:12 allowed"},
		},
		"allowed there, and looked at": {
			shelf{"middle": middle, "base": base + " # confine: allow CF703 until 2027-01-01 -- why"}, []string{"base"}, []string{},
		},
		"no longer allowed there": {
			shelf{"middle": middle, "base": base + " # confine: allow CF703 until 2026-01-01 -- why"},
			nil,
			[]string{"CF703 acme.toml:3:12"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			found := settled(t, lint.Linter{Library: tt.library}, tt.library, child, tt.beside...)
			if got := lines(found, "CF703"); !slices.Equal(got, tt.want) {
				t.Errorf("%q\nexpected %q", got, tt.want)
			}
			for _, f := range found {
				if f.Rule.Code == "CF703" && !slices.Contains(f.Notes, "stated at  base.toml:4:9") {
					t.Errorf("the place in the base is missing: %q", f.Notes)
				}
			}
		})
	}
}

// For some rules nothing is settled by a base.
func TestFindingsOfEachPolicy(t *testing.T) {
	library := shelf{"base": "schema = 1\nname = \"base\"\n[network]\nmode = \"host\" # confine: allow CF101 until 2027-01-01 -- why\n"}
	l := lint.Linter{Library: library}
	const child = "schema = 1\nname = \"acme\"\nextends = [\"base\"]"
	if got := lines(settled(t, l, library, child+"\n", "base"), "CF101"); !slices.Equal(got, []string{"CF101 acme.toml:3:12"}) {
		t.Errorf("%q", got)
	}
	got := lines(settled(t, l, library, child+" # confine: allow CF101 until 2027-01-01 -- why\n", "base"), "CF101")
	if !slices.Equal(got, []string{"CF101 acme.toml:3:12 allowed"}) {
		t.Errorf("%q", got)
	}
}

// An edit of what a base states names its table, which the policy may not have.
func TestHintNamesInheritedTable(t *testing.T) {
	library := shelf{"base": "schema = 1\nname = \"base\"\n[network]\nmode = \"host\"\n"}
	const keys = "mode   = \"egress\"\negress = [\"api.example.com:443\"]"
	for text, want := range map[string]string{
		"schema = 1\nname = \"acme\"\nextends = [\"base\"]\n":       "[network]\n" + keys,
		"schema = 1\nname = \"acme\"\n[network]\nmode = \"host\"\n": keys,
	} {
		var hints []string
		for _, f := range settled(t, lint.Linter{Library: library}, library, text, "base") {
			if f.Rule.Code == "CF101" {
				hints = append(hints, f.Hint)
			}
		}
		if !slices.Equal(hints, []string{want}) {
			t.Errorf("%s: %q, not %q", text, hints, want)
		}
	}
}

// What only a base and a policy make together is told of the policy, also where the base is
// looked at in the same run and nothing is wrong with it, or settings ignore it there.
func TestFindingsThatBothMake(t *testing.T) {
	ignoring, err := policy.ParseSettings("confine.toml", []byte("[[lint.path]]\npath = \"bases\"\nignore = [\"CF1\"]\n"))
	if err != nil {
		t.Fatal(err)
	}
	config, err := lint.Configure(ignoring)
	if err != nil {
		t.Fatal(err)
	}
	const head = "schema = 1\nname = \"acme\"\nextends = [\"base\"]\n"
	for name, tt := range map[string]struct {
		code, base, child string
		config            lint.Config
	}{
		"metadata service": {
			"CF107", "[network]\nprivate = [\"169.254.0.0/16\"]\n", "[network]\nmode = \"egress\"\negress = [\"db.acme.com:443\"]\n", lint.Config{},
		},
		"a writable directory above programs": {
			"CF201", "[filesystem]\nexec = [\"/srv/acme/bin\"]\n", "[filesystem]\nwrite = [\"/srv/acme\"]\n", lint.Config{},
		},
		"PATH": {
			"CF706", "[environment]\nset = { PATH = \"/srv/acme/bin\" }\n", "[filesystem]\nwrite = [\"/srv/acme\"]\n", lint.Config{},
		},
		"ignored in the base": {
			"CF112", "[network]\nmode = \"egress\"\negress = [\"*.amazonaws.com:443\"]\n", "", config,
		},
	} {
		t.Run(name, func(t *testing.T) {
			library := shelf{"base": "schema = 1\nname = \"base\"\n" + tt.base}
			l := lint.Linter{Library: library, Config: tt.config}
			alone := lines(settled(t, l, library, head+tt.child), tt.code)
			if together := lines(settled(t, l, library, head+tt.child, "base"), tt.code); len(alone) == 0 || !slices.Equal(together, alone) {
				t.Errorf("%q beside the base, %q alone", together, alone)
			}
		})
	}
}

func TestSettings(t *testing.T) {
	const text = hostPolicy + "pass = [\"LD_PRELOAD\", \"PYTHONPATH\"]\n"
	for name, tt := range map[string]struct {
		settings string
		want     []string
	}{
		"all":              {"", []string{"CF703", "CF704"}},
		"select":           {"[lint]\nselect = [\"CF704\"]", []string{"CF704"}},
		"select a group":   {"[lint]\nselect = [\"CF7\"]", []string{"CF703", "CF704"}},
		"ignore":           {"[lint]\nignore = [\"CF703\"]", []string{"CF704"}},
		"ignore wins":      {"[lint]\nselect = [\"CF7\"]\nignore = [\"CF703\"]", []string{"CF704"}},
		"path":             {"[[lint.path]]\npath = \"policies\"\nignore = [\"CF703\"]", []string{"CF704"}},
		"path with slash":  {"[[lint.path]]\npath = \"policies/\"\nignore = [\"CF703\"]", []string{"CF704"}},
		"pattern":          {"[[lint.path]]\npath = \"*/ac*.toml\"\nignore = [\"CF703\"]", []string{"CF704"}},
		"another path":     {"[[lint.path]]\npath = \"policy\"\nignore = [\"CF703\"]", []string{"CF703", "CF704"}},
		"another's prefix": {"[[lint.path]]\npath = \"pol\"\nignore = [\"CF703\"]", []string{"CF703", "CF704"}},
	} {
		t.Run(name, func(t *testing.T) {
			settings, err := policy.ParseSettings("confine.toml", []byte(tt.settings))
			if err != nil {
				t.Fatal(err)
			}
			config, err := lint.Configure(settings)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range findings(t, lint.Linter{Config: config}, text) {
				if f.Rule.Code[:3] == "CF7" {
					got = append(got, f.Rule.Code)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%q\nexpected %q", got, tt.want)
			}
		})
	}
}

// What is wrong with settings is told with its place, all of it.
func TestBadSettings(t *testing.T) {
	const text = `[lint]
select  = ["CF999", "CF7"]
ignore  = ["cf703"]
exclude = ["vendor", "b[c"]

[[lint.path]]
path   = "a[b"
ignore = ["XX"]
`
	settings, err := policy.ParseSettings("confine.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	_, err = lint.Configure(settings)
	wrong, ok := err.(policy.Diagnostics) //nolint:errorlint // the type itself is what Configure promises
	if !ok {
		t.Fatalf("%v", err)
	}
	var got []string
	for _, d := range wrong {
		got = append(got, d.At.String())
	}
	want := []string{"confine.toml:2:12", "confine.toml:3:12", "confine.toml:4:22", "confine.toml:7:10", "confine.toml:8:11"}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nexpected %q", got, want)
	}
}

// Settings leave a rule to ask, of every path.
func TestSettingsThatLeaveNoRule(t *testing.T) {
	for name, tt := range map[string]struct{ settings, want string }{
		"everything":       {"[lint]\nignore = [\"CF\"]\n", "confine.toml:2:11"},
		"what is selected": {"[lint]\nselect = [\"CF7\"]\nignore = [\"CF70\"]\n", "confine.toml:3:11"},
		"the last digits":  {"[lint]\nignore = [\"CF0\", \"CF1\", \"CF2\", \"CF3\", \"CF4\", \"CF5\", \"CF6\", \"CF7\", \"CF8\", \"CF9\"]\n", "confine.toml:2:74"},
		"of a path":        {"[lint]\nselect = [\"CF7\"]\n[[lint.path]]\npath = \"a\"\nignore = [\"CF7\"]\n", "confine.toml:5:11"},
		"one is left":      {"[lint]\nselect = [\"CF7\", \"CF101\"]\nignore = [\"CF7\"]\n", ""},
		"only the invalid": {"[lint]\nselect = [\"CF0\"]\n", "confine.toml:2:11"},
	} {
		t.Run(name, func(t *testing.T) {
			settings, err := policy.ParseSettings("confine.toml", []byte(tt.settings))
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if _, err := lint.Configure(settings); err != nil {
				got, _, _ = strings.Cut(err.Error(), ": ")
			}
			if got != tt.want {
				t.Errorf("refused at %q, expected %q", got, tt.want)
			}
		})
	}
}

// Paths that overlap can leave no rule for a policy where each leaves some.
func TestPolicyOfWhichNoRuleIsAsked(t *testing.T) {
	settings, err := policy.ParseSettings("confine.toml", []byte("[lint]\nselect = [\"CF1\", \"CF2\"]\n[[lint.path]]\npath = \"a\"\nignore = [\"CF1\"]\n[[lint.path]]\npath = \"a/b.toml\"\nignore = [\"CF2\"]\n"))
	if err != nil {
		t.Fatal(err)
	}
	config, err := lint.Configure(settings)
	if err != nil {
		t.Fatal(err)
	}
	if target, ok := config.Unasked([]lint.Target{{Relative: "a/a.toml"}, {Relative: "a/b.toml"}}); !ok || target.Relative != "a/b.toml" {
		t.Errorf("%v %q", ok, target.Relative)
	}
	everywhere, somewhere := config.Off()
	if slices.Contains(everywhere, "CF101") || !slices.Contains(everywhere, "CF401") || !slices.Contains(somewhere, "CF201") || slices.Contains(everywhere, "CF001") {
		t.Errorf("off: %q, for paths %q", everywhere, somewhere)
	}
}

// What ignored rules find is kept apart, and hides nothing of the same place.
func TestIgnoredFindings(t *testing.T) {
	l := lint.Linter{Config: lint.Config{}.With(nil, []string{"CF703"}), Today: today}
	text := hostPolicy + "pass = [\"LD_PRELOAD\"]\nset = { LD_AUDIT = \"/x\" } # confine: allow CF703 until 2027-01-01 -- why\n"
	asked, ignored := lint.Asked(l.Lint(lint.Target{Source: policy.Source{File: "acme.toml", Text: []byte(text)}}))
	if got := lines(ignored, "CF703"); !slices.Equal(got, []string{"CF703 acme.toml:4:9"}) || len(ignored) != 1 {
		t.Errorf("%q", got)
	}
	if got := lines(asked, "CF703", "CF921"); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

// An invalid policy is one finding for each thing that is wrong, and no comment or setting
// takes it away.
func TestInvalidPolicy(t *testing.T) {
	config := lint.Config{}.With(nil, []string{"CF"})
	found := findings(t, lint.Linter{Config: config}, "schema = 1\nname = \"acme\"\nnet = 1 # confine: allow CF001 until 2027-01-01 -- why\n[filesystem]\nread = [\"x\"]\n")
	if got := lines(found, "CF001"); !slices.Equal(got, []string{"CF001 acme.toml:3:1", "CF001 acme.toml:5:9"}) {
		t.Errorf("%q", got)
	}
	report := lint.Report{Findings: found}
	if never, _ := lint.ParseSeverity("never"); !report.Fails(never) {
		t.Error("an invalid policy does not fail the run")
	}
}

// Edits keep what is around them.
func TestFix(t *testing.T) {
	for name, tt := range map[string]struct{ before, after string }{
		"only one": {`pass = ["A"]`, `pass = []`},
		"first":    {`pass = ["A", "B"]`, `pass = ["B"]`},
		"last":     {`pass = ["B", "A"]`, `pass = ["B"]`},
		"middle":   {`pass = ["B", "A", "C"]`, `pass = ["B", "C"]`},
		"own line": {"pass = [\n    \"A\",\n    \"B\",\n]", "pass = [\n    \"B\",\n]"},
		"its comment stays": {
			"pass = [\n    \"A\",  # why A\n    # why B\n    \"B\",\n]",
			"pass = [\n    # why A\n    # why B\n    \"B\",\n]",
		},
		"last of a line": {"pass = [\"B\", \"A\",  # why\n    \"C\"]", "pass = [\"B\",   # why\n    \"C\"]"},
		"carriage return": {
			"pass = [\r\n    \"A\",\r\n    \"B\",\r\n]", "pass = [\r\n    \"B\",\r\n]",
		},
		"last without a comma": {"pass = [\n    \"B\",\n    \"A\"\n]", "pass = [\n    \"B\",\n]"},
		"inner blanks":         {"pass = [ \"A\" , \"B\" ]", "pass = [ \"B\" ]"},
	} {
		t.Run(name, func(t *testing.T) {
			const head = "schema = 1\nname = \"acme\"\nextends = [\"base\"]\n[environment]\n"
			library := shelf{"base": "schema = 1\nname = \"base\"\n[environment]\npass = [\"A\"]\n"}
			l := lint.Linter{Library: library, Today: today}
			got := l.Fix(lint.Target{Source: policy.Source{File: "acme.toml", Text: []byte(head + tt.before + "\n")}},
				func(f lint.Finding) bool { return f.Rule.Code == "CF904" })
			if got.Cured != 1 || got.Untried > 0 || got.Text != head+tt.after+"\n" {
				t.Errorf("%d cured:\n%s\nexpected\n%s", got.Cured, strings.TrimPrefix(got.Text, head), tt.after)
			}
		})
	}
}
