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

	"github.com/rogpeppe/go-internal/txtar"
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
	switch n := p.Network; n.Mode {
	case policy.NetworkEgress:
		if n.Fronting != policy.FrontingDeny && n.Fronting != policy.FrontingAllow {
			t.Fatalf("fronting is %q", n.Fronting)
		}
	case policy.NetworkHost:
		if n.Fronting != "" || n.MaxBytes+n.MaxConnections > 0 {
			t.Fatalf("a gateway beside mode \"host\": %+v", n)
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

// seeds adds the policies of testdata.
func seeds(f *testing.F, add func(src string)) {
	f.Helper()
	for _, pattern := range []string{"ok/*.toml", "bad/*.toml", "extends/*.txtar", "tests/*.toml"} {
		files, err := filepath.Glob(filepath.Join("testdata", pattern))
		if err != nil || len(files) == 0 {
			f.Fatalf("no seeds: %v", err)
		}
		for _, file := range files {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				f.Fatal(err)
			}
			if len(archive.Files) == 0 {
				add(string(archive.Comment))
			}
			for _, part := range archive.Files {
				if strings.HasSuffix(part.Name, ".toml") {
					add(string(part.Data))
				}
			}
		}
	}
}

// checkDiagnostics checks that every diagnostic points into one of the files, and can be
// shown.
func checkDiagnostics(t *testing.T, ds policy.Diagnostics, files map[string]string) {
	t.Helper()
	if len(ds) == 0 {
		t.Fatal("an error without diagnostics")
	}
	for _, d := range ds {
		text, ok := files[d.At.File]
		if !ok {
			t.Fatalf("%s is in none of the files: %s", d.At, d.Message)
		}
		lines := strings.Split(text, "\n")
		if d.At.Line < 1 || d.At.Line > len(lines) {
			t.Fatalf("line %d of %d: %s", d.At.Line, len(lines), d.Message)
		}
		line := lines[d.At.Line-1]
		if d.At.Column < 1 || d.At.Column > utf8.RuneCountInString(line)+1 || d.EndColumn <= d.At.Column {
			t.Fatalf("column %d to %d of %q: %s", d.At.Column, d.EndColumn, line, d.Message)
		}
		if d.Message == "" || strings.ContainsAny(d.Message+d.Hint+strings.Join(d.Notes, ""), "\n\x1b\x00") {
			t.Fatalf("a message that cannot be shown: %q", d)
		}
	}
	if err := ds.Render(new(bytes.Buffer)); err != nil {
		t.Fatal(err)
	}
}

// FuzzResolve: a policy and a base, and a value for whatever parameter there is. What is
// given to environment.set in the form of the seeds is never shown.
func FuzzResolve(f *testing.F) {
	seeds(f, func(src string) {
		f.Add(src, headed("base", "[filesystem]\nsealed = true\nread = ['/usr']\n[environment]\nset = { T = 'hunter2' }\n"), "region", "eu")
		f.Add(headed("root", "extends = ['base']\n[network]\nfronting = 'allow'\nmax_bytes = 2\n"),
			headed("base", "[network]\nsealed = true\nmode = 'egress'\negress = ['${h}:443']\nmax_bytes = 1\n[params.h]\ntype = 'host'\nsuffix = ['a.example']\n"), "h", "https://a.example/")
		f.Add(headed("root", "extends = ['base']\n[filesystem]\nread = ['/usr/x']\n[environment]\nset = { T = 'hunter2' }\n"), src, "label", "hunter3")
	})
	f.Fuzz(func(t *testing.T, root, base, name, value string) {
		s := shelf{"root": root, "base": base}
		for _, unbound := range []bool{false, true} {
			o := policy.Options{Unbound: unbound}
			if !unbound {
				o.Parameters = map[string]string{name: value}
			}
			p, err := s.resolve("root", o)
			var ds policy.Diagnostics
			var unknown *policy.ParameterError
			switch {
			case (p == nil) == (err == nil):
				t.Fatalf("both or neither: %v, %v", p, err)
			case err == nil:
				checkPolicy(t, p)
				if !unbound && hasUse(p) {
					t.Fatalf("a parameter is left: %+v", p)
				}
				if changes := policy.Compare(p, p); len(changes) > 0 {
					t.Fatalf("a policy differs from itself: %+v", changes)
				}
			case errors.As(err, &ds):
				checkDiagnostics(t, ds, map[string]string{"root.toml": root, "base.toml": base})
			case !errors.As(err, &unknown):
				t.Fatalf("an error of another kind: %v", err)
			}
		}
	})
}

// hasUse reports whether a parameter is left in a path or host.
func hasUse(p *policy.Policy) bool {
	for _, e := range p.Filesystem.Entries {
		if strings.Contains(e.Path, "${") {
			return true
		}
	}
	for _, e := range p.Network.Egress {
		if strings.Contains(e.Host, "${") {
			return true
		}
	}
	return strings.Contains(p.Process.Directory, "${")
}

// FuzzParseTests: no input makes ParseTests panic; what it reads can be run.
func FuzzParseTests(f *testing.F) {
	seeds(f, func(src string) { f.Add(src) })
	f.Add("[[case]]\nname = 'a'\nallow = ['read /a', 'connect a.example.com:443']\ndeny = ['env A']\n")
	p := mustParse(f, "")
	f.Fuzz(func(t *testing.T, src string) {
		tests, err := policy.ParseTests("a.test.toml", []byte(src))
		if err != nil {
			var ds policy.Diagnostics
			if !errors.As(err, &ds) {
				t.Fatalf("not diagnostics: %v", err)
			}
			checkDiagnostics(t, ds, map[string]string{"a.test.toml": src})
			return
		}
		ds := tests.Run(func(map[string]string) (*policy.Policy, error) { return p, nil })
		if len(ds) > 0 {
			checkDiagnostics(t, ds, map[string]string{"a.test.toml": src})
		}
	})
}
