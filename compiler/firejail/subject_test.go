package firejail_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"confine/compiler"
	"confine/compiler/firejail"
	"confine/policy"
)

var target = compiler.Target{Backend: compiler.Firejail, Version: firejail.Known[0], Arch: "x86_64"}

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// parse reads a policy of which only the interesting part is given.
func parse(t failer, text string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("p.toml", []byte("schema = 1\nname = \"p\"\n"+text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return p
}

func compile(t failer, p *policy.Policy) *compiler.Bundle {
	t.Helper()
	bundle, err := firejail.Compile(p, target)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return bundle
}

// refusalsOf compiles a policy that must be refused.
func refusalsOf(t *testing.T, p *policy.Policy) compiler.Refusals {
	t.Helper()
	bundle, err := firejail.Compile(p, target)
	var refusals compiler.Refusals
	if !errors.As(err, &refusals) {
		t.Fatalf("%v, expected refusals", err)
	}
	if bundle != nil {
		t.Error("a bundle beside refusals")
	}
	return refusals
}

func artifact(t failer, b *compiler.Bundle, name string) string {
	t.Helper()
	data, ok := b.Artifact(name)
	if !ok {
		t.Fatalf("no artifact %s", name)
	}
	return string(data)
}

// directive is one line of a profile as firejail's reader sees it.
type directive struct{ word, argument string }

// readProfile is firejail's reader (profile.c, profile_read; util.c,
// line_remove_spaces): at most 8191 bytes at a time, "#" starts a comment, NUL, CR
// and LF end a line, blanks collapse.
func readProfile(data string) []directive {
	var out []directive
	for len(data) > 0 {
		n := strings.IndexByte(data, '\n') + 1
		if n == 0 {
			n = len(data)
		}
		n = min(n, 8191)
		line := data[:n]
		data = data[n:]
		if i := strings.IndexAny(line, "#\x00\r\n"); i >= 0 {
			line = line[:i]
		}
		line = strings.Join(strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' }), " ")
		if line == "" {
			continue
		}
		word, argument, _ := strings.Cut(line, " ")
		out = append(out, directive{word, argument})
	}
	return out
}

// arguments are those of one directive, in order.
func arguments(lines []directive, word string) []string {
	var out []string
	for _, d := range lines {
		if d.word == word {
			out = append(out, d.argument)
		}
	}
	return out
}

func has(lines []directive, word, argument string) bool {
	return slices.Contains(lines, directive{word, argument})
}
