package policy_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"confine/policy"
)

// FuzzParse: no input makes Parse panic or hang; it gives a policy or
// diagnostics, and every diagnostic points inside the file.
func FuzzParse(f *testing.F) {
	for _, file := range []string{"schema = 1\nname = \"a\"\n", "[filesystem]\nread = ['/a?']", "\xff", "a = \"\\u00"} {
		f.Add([]byte(file))
	}
	for _, dir := range []string{"ok", "bad"} {
		files, err := filepath.Glob(filepath.Join("testdata", dir, "*.toml"))
		if err != nil || len(files) == 0 {
			f.Fatalf("no seeds: %v", err)
		}
		for _, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := policy.Parse("f.toml", src)
		if (p == nil) == (err == nil) {
			t.Fatalf("both or neither: %v, %v", p, err)
		}
		if err == nil {
			checkPolicy(t, p)
			return
		}
		var ds policy.Diagnostics
		if !errors.As(err, &ds) || len(ds) == 0 {
			t.Fatalf("not diagnostics: %v", err)
		}
		lines := bytes.Split(src, []byte("\n"))
		for _, d := range ds {
			if d.At.Line < 1 || d.At.Line > len(lines) {
				t.Fatalf("line %d of %d: %s", d.At.Line, len(lines), d.Message)
			}
			line := lines[d.At.Line-1]
			if d.At.Column < 1 || d.At.Column > utf8.RuneCount(line)+1 || d.EndColumn <= d.At.Column {
				t.Fatalf("column %d to %d of %q: %s", d.At.Column, d.EndColumn, line, d.Message)
			}
			if d.Message == "" || strings.ContainsAny(d.Message+d.Hint+strings.Join(d.Notes, ""), "\n\x1b\x00") {
				t.Fatalf("a message that cannot be shown: %q", d)
			}
		}
		var out bytes.Buffer
		if err := ds.Render(&out); err != nil {
			t.Fatal(err)
		}
		if i := bytes.IndexFunc(out.Bytes(), func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f }); i >= 0 {
			t.Fatalf("a control character is shown: %q", out.Bytes()[i])
		}
	})
}

// checkPolicy checks what the documentation of Policy promises.
func checkPolicy(t *testing.T, p *policy.Policy) {
	t.Helper()
	for i, e := range p.Filesystem.Entries {
		if i > 0 && p.Filesystem.Entries[i-1].Path >= e.Path {
			t.Fatalf("entries are not sorted: %v", p.Filesystem.Entries)
		}
		if e.At.IsZero() || e.Path == "" || e.Path[0] != '/' {
			t.Fatalf("entry %+v", e)
		}
		if got := p.Filesystem.ResolveLinks(e.Path); got != e.Path {
			t.Fatalf("entry %s is an alias of %s", e.Path, got)
		}
	}
	for _, c := range p.Clauses() {
		if c.Clause == "" {
			t.Fatal("a clause without a name")
		}
	}
	for _, text := range []string{"read /", "exec /usr/bin/x", "connect a:1", "env A", "rlimit as=1", "capability CHOWN", "syscall read", "syscall socket", "syscall socket(arg0=2)"} {
		a, err := policy.ParseAccess(text)
		if err != nil {
			t.Fatal(err)
		}
		if d := p.Decide(a); d.Because == "" || d.Clause == "" {
			t.Fatalf("%s: %+v", text, d)
		}
	}
}
