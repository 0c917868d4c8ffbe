package lint_test

import (
	"testing"

	"confine/policy"
	"confine/policy/lint"
)

// No text makes a rule, a suppression or a setting panic, and what --fix writes is a policy
// that means the same, in which the comments are still there.
func FuzzLint(f *testing.F) {
	for _, rule := range lint.Rules() {
		f.Add(rule.Bad.Policy, "[lint]\nignore = [\"CF9\"]\n")
		f.Add(rule.Good.Policy, "[[lint.path]]\npath = \"a\"\nignore = [\"CF1\"]\n")
	}
	library := shelf{"base": "schema = 1\nname = \"base\"\n[filesystem]\nread = [\"/etc/ssl\", \"/srv/a?\"]\n[environment]\npass = [\"A\", \"LD_X\"]\n"}
	f.Fuzz(func(t *testing.T, text, settings string) {
		parsed, err := policy.ParseSettings("confine.toml", []byte(settings))
		if err != nil {
			parsed = nil
		}
		config, _ := lint.Configure(parsed)
		l := lint.Linter{Config: config, Library: library, Today: today}
		target := lint.Target{Source: policy.Source{File: "acme.toml", Text: []byte(text)}, Relative: "a/acme.toml"}
		l.Lint(target)
		options := policy.Options{Library: library, Unbound: true}
		was, err := policy.Resolve(target.Source, options)
		if err != nil {
			return
		}
		made := l.Fix(target, func(lint.Finding) bool { return true })
		if made.Cured == 0 {
			return
		}
		fixed := made.Text
		now, err := policy.Resolve(policy.Source{File: "acme.toml", Text: []byte(fixed)}, options)
		if err != nil {
			t.Fatalf("%v\n%s\nwas\n%s", err, fixed, text)
		}
		if changes := policy.Compare(was, now); len(changes) > 0 {
			t.Fatalf("%+v\n%s\nwas\n%s", changes, fixed, text)
		}
		if before, after := was.Comments("acme.toml"), now.Comments("acme.toml"); len(before) != len(after) {
			t.Fatalf("%d comments are %d\n%s\nwas\n%s", len(before), len(after), fixed, text)
		}
	})
}
