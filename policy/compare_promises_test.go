package policy_test

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"confine/policy"
)

// What decides no access, and yet is a promise: who may loosen the policy, and what has to be
// found at launch.
func TestComparePromises(t *testing.T) {
	const hide = "[filesystem]\nread = ['/a']\n"
	for name, tt := range map[string]struct {
		older, newer string
		// want are the changes: a sign, the clause and what is now.
		want []string
	}{
		"a seal that is taken out": {"[network]\nsealed = true\n", "[network]\n", []string{"+network.sealed not sealed"}},
		"a seal that is not one":   {"[network]\nsealed = true\n", "[network]\nsealed = false\n", []string{"+network.sealed not sealed"}},
		"a seal that is added":     {"", "[rlimits]\nsealed = true\n", []string{"-rlimits.sealed sealed by test"}},
		"a hide that may be missing": {
			hide + "hide = ['/a/b']\n", hide + "hide = ['/a/b?']\n", []string{"+filesystem.hide may be missing"},
		},
		"an absent that may be missing": {
			hide + "absent = ['/a/b']\n", hide + "absent = ['/a/b?']\n", []string{"+filesystem.absent may be missing"},
		},
		"a hide below one that may be missing": {
			hide + "hide = ['/a/b/c']\n", hide + "hide = ['/a/b?']\n",
			[]string{"+filesystem.hide may be missing", "-filesystem.read filesystem.hide names \"/a/b\""},
		},
		"a hide below another": {
			hide + "hide = ['/a/b/c?']\n", hide + "hide = ['/a/b']\n", []string{"-filesystem.read filesystem.hide names \"/a/b\""},
		},
		"a hide that has to be there": {
			hide + "hide = ['/a/b?']\n", hide + "hide = ['/a/b']\n", []string{"-filesystem.hide a launch without it is refused"},
		},
		"a path that may be missing is shown": {"[filesystem]\nread = ['/a']\n", "[filesystem]\nread = ['/a?']\n", nil},
	} {
		if got := changesOf(mustParse(t, tt.older), mustParse(t, tt.newer)); strings.Join(got, "\n") != strings.Join(tt.want, "\n") {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func changesOf(older, newer *policy.Policy) []string {
	var out []string
	for _, c := range policy.Compare(older, newer) {
		sign := "-"
		if c.Loosened {
			sign = "+"
		}
		if c.Undecided {
			sign = "?"
		}
		out = append(out, sign+c.Clause+" "+c.Now)
	}
	return out
}

// Who extends a policy is bound by the seals of its bases too.
func TestCompareSealsOfBases(t *testing.T) {
	const sealed, open = "[network]\nsealed = true\n", ""
	resolve := func(base, own string) *policy.Policy {
		t.Helper()
		p, err := policy.Resolve(policy.Source{File: "p.toml", Text: []byte("schema = 1\nname = 'p'\nextends = ['base']\n" + own)},
			policy.Options{Library: oneBase("schema = 1\nname = 'base'\n" + base)})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for name, tt := range map[string]struct {
		older, newer [2]string
		want         string
	}{
		"the base's":             {[2]string{sealed, open}, [2]string{open, open}, "+network.sealed not sealed"},
		"the policy's":           {[2]string{sealed, sealed}, [2]string{sealed, open}, "+network.sealed sealed by base"},
		"the policy's for both":  {[2]string{sealed, sealed}, [2]string{open, sealed}, ""},
		"from base to policy":    {[2]string{sealed, open}, [2]string{open, sealed}, "-network.sealed sealed by p"},
		"from policy to base":    {[2]string{open, sealed}, [2]string{sealed, open}, "+network.sealed sealed by base"},
		"the same":               {[2]string{sealed, open}, [2]string{sealed, open}, ""},
		"one more, in the child": {[2]string{sealed, open}, [2]string{sealed, sealed}, "-network.sealed sealed by p"},
	} {
		got := changesOf(resolve(tt.older[0], tt.older[1]), resolve(tt.newer[0], tt.newer[1]))
		if strings.Join(got, "\n") != tt.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// A sealed table cannot be loosened by a mark that its path may be missing.
func TestSealedHideHasToBeThere(t *testing.T) {
	_, err := policy.Resolve(policy.Source{File: "p.toml", Text: []byte("schema = 1\nname = 'p'\nextends = ['base']\n[filesystem]\nhide = ['/a/b?']\n")},
		policy.Options{Library: oneBase("schema = 1\nname = 'base'\n[filesystem]\nsealed = true\nread = ['/a']\nhide = ['/a/b']\n")})
	if err == nil || !strings.Contains(told(err), "filesystem.hide loosens [filesystem], which a base has sealed") {
		t.Errorf("%v", err)
	}
}

func TestCompareDeclarations(t *testing.T) {
	label := func(pattern string) string { return "[params.a]\ntype = 'label'\npattern = '" + pattern + "'\n" }
	host := func(suffixes string) string { return "[params.a]\ntype = 'host'\nsuffix = [" + suffixes + "]\n" }
	const anyLabel = "[params.a]\ntype = 'label'\n"
	for _, tt := range []struct {
		older, newer string
		// want is + for a loosening, ? for one that is not decided, - for a tightening; then
		// what a value is shown as that is newly allowed.
		want, value string
	}{
		{anyLabel, label("[a-z]+"), "-", ""},
		{label("[a-z]+"), anyLabel, "+", `"A"`},
		{label("[a-z0-9]+"), label("[a-z]+"), "-", ""},
		{label("[a-z]{1,8}"), label("[a-z]{1,4}"), "-", ""},
		{label("[a-z]{1,4}"), label("[a-z]{1,8}"), "+", `"aaaaa"`},
		{label("eu|us"), label("us|eu"), "", ""},
		{label("eu|us"), label("eu"), "-", ""},
		{label("eu|us"), label("eu|us|ap"), "+", `"ap"`},
		{label("^eu$"), label("eu"), "", ""},
		{label("(?i)eu"), label("eU"), "-", ""},
		{label("eu|(a$)b"), label("eu"), "", ""},
		{label("[a-z]([a-z-]*[a-z])?"), label("[a-z-]+"), "", ""}, // no label ends in a dash
		{label(".*"), anyLabel, "", ""},
		{label(`\beu\b|us`), label("us"), "?", ""},
		{label("us"), label(`us|\beu`), "?", ""},
		{label("[a-z]*a[a-z]{40}"), label("[a-z]*b[a-z]{40}"), "?", ""}, // it would take too long
		{host("'a.example', 'b.example'"), host("'b.example', 'a.example'"), "", ""},
		{host("'a.example'"), host("'x.a.example'"), "-", ""},
		{host("'x.a.example'"), host("'a.example'"), "+", `"a.example"`},
		{host("'*'"), host("'a.example'"), "-", ""},
		{host("'a.example'"), host("'*'"), "+", `"any host"`},
		{host("'a.example'"), anyLabel, "?", ""},
	} {
		older, newer := declared(t, tt.older), declared(t, tt.newer)
		changes := changesOf(older, newer)
		got, now := "", ""
		if len(changes) > 0 {
			got, now, _ = strings.Cut(strings.Join(changes, "\n"), "params ")
		}
		if got != tt.want || tt.value != "" && !strings.HasSuffix(now, ", such as "+tt.value) {
			t.Errorf("%q to %q: %q", tt.older, tt.newer, changes)
		}
	}
}

func declared(t *testing.T, text string) *policy.Policy {
	t.Helper()
	p, err := policy.Resolve(policy.Source{File: "p.toml", Text: []byte(headed("p", text))}, policy.Options{Unbound: true})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestCompareDeclarationsByValues: against all short values, one by one.
func TestCompareDeclarationsByValues(t *testing.T) {
	var values []string
	last := []string{""}
	for range 5 {
		var longer []string
		for _, v := range last {
			for _, c := range "aA0-" {
				longer = append(longer, v+string(c))
			}
		}
		values, last = append(values, longer...), longer
	}
	pattern := rapid.StringMatching(`((a|A|0|-|\[aA\]|\[\^a\]|\.|\(a\|0-\)|\(\?:A\|\)|\(\?i:a\)|\^|\$)(\*|\?|\+|\{0,2\})?){1,5}`)
	rapid.Check(t, func(t *rapid.T) {
		was, now := pattern.Draw(t, "was"), pattern.Draw(t, "now")
		allows := func(pattern string) (*policy.Policy, func(string) bool) {
			text := headed("p", "[params.a]\ntype = 'label'\npattern = '"+pattern+"'\n")
			p, err := policy.Resolve(policy.Source{File: "p.toml", Text: []byte(text)}, policy.Options{Unbound: true})
			if err != nil {
				t.Skip("no pattern")
			}
			whole := regexp.MustCompile(`\A(?:` + pattern + `)\z`)
			return p, func(v string) bool {
				return whole.MatchString(v) && !strings.HasPrefix(v, "-") && !strings.HasSuffix(v, "-")
			}
		}
		older, had := allows(was)
		newer, has := allows(now)
		loosened, tightened := false, false
		for _, v := range values {
			loosened = loosened || has(v) && !had(v)
			tightened = tightened || had(v) && !has(v)
		}
		changes := policy.Compare(older, newer)
		switch {
		case loosened && (len(changes) != 1 || !changes[0].Loosened), tightened && len(changes) != 1:
			t.Fatalf("%q to %q: %+v", was, now, changes)
		case len(changes) == 1 && changes[0].Loosened && !changes[0].Undecided:
			_, value, _ := strings.Cut(changes[0].Now, ", such as ")
			if value = strings.Trim(value, `"`); !has(value) || had(value) {
				t.Fatalf("%q to %q: %q is not newly allowed", was, now, value)
			}
		}
	})
}

// What is made up for a parameter is a value that it allows.
func TestSamples(t *testing.T) {
	const text = `[network]
mode = "egress"
egress = ["${region}.example.com:443", "${host}:443", "${free}.example.org:443", "${two}.example.com:443"]
[params.region]
type = "label"
pattern = "(eu|us)-[0-9]{2}"
[params.host]
type = "host"
suffix = ["b.example"]
[params.free]
type = "label"
[params.two]
type = "label"
pattern = "[a-z]{2,3}"
`
	samples := policy.Samples(declared(t, text).Params)
	if _, err := policy.Resolve(policy.Source{File: "p.toml", Text: []byte(headed("p", text))}, policy.Options{Parameters: samples}); err != nil || len(samples) != 4 {
		t.Errorf("%q: %v", samples, err)
	}
	if samples := policy.Samples(declared(t, "[params.a]\ntype = 'label'\npattern = 'a-'\n").Params); len(samples) > 0 {
		t.Errorf("a pattern that no label matches: %q", samples)
	}
}
