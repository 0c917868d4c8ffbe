package firejail_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"confine/compiler"
	"confine/compiler/firejail"
	"confine/policy"

	"pgregory.net/rapid"
)

// withPaths is a policy that the language may refuse: the compiler does not rely
// on what the language lets through.
func withPaths(mode policy.PathMode, paths ...string) *policy.Policy {
	p := &policy.Policy{
		Network:    policy.Network{Mode: policy.NetworkNone},
		Filesystem: policy.Filesystem{Proc: policy.ProcNone, Dev: policy.DevNone},
		Syscalls:   policy.Syscalls{Base: policy.SyscallsConnector},
	}
	for _, path := range paths {
		p.Filesystem.Entries = append(p.Filesystem.Entries, policy.PathEntry{Path: path, Mode: mode})
	}
	return p
}

// refusedOf compiles a policy for these paths and gives those that are refused. The
// others must come back from firejail's reader as they are, one line a directive.
func refusedOf(t failer, mode policy.PathMode, paths ...string) map[string]bool {
	t.Helper()
	refused := map[string]bool{}
	_, err := firejail.Compile(withPaths(mode, paths...), target)
	var refusals compiler.Refusals
	if errors.As(err, &refusals) {
		for _, r := range refusals {
			refused[strings.TrimPrefix(r.Found, string(mode)+" ")] = true
		}
	} else if err != nil {
		t.Fatalf("%v", err)
	}
	var written []string
	for _, path := range paths {
		if !refused[path] {
			written = append(written, path)
		}
	}
	if len(written) == 0 {
		return refused
	}
	bundle := compile(t, withPaths(mode, written...))
	words := []string{"whitelist", "read-only", "noexec"}
	if mode == policy.ModeHide {
		words = []string{"blacklist"}
	}
	for _, name := range []string{firejail.LaunchedProfile, firejail.StandaloneProfile} {
		text := artifact(t, bundle, name)
		lines := readProfile(text)
		if comments := strings.Count("\n"+text, "\n#"); len(lines)+comments != strings.Count(text, "\n") {
			t.Fatalf("the reader sees %d directives and %d comments in\n%s", len(lines), comments, text)
		}
		read, literal := map[directive]int{}, map[string]bool{}
		for _, d := range lines {
			read[d]++
		}
		for _, line := range strings.Split(text, "\n") {
			literal[line] = true
		}
		for _, path := range written {
			for _, word := range words {
				if n := read[directive{word, path}]; n != 1 || !literal[word+" "+path] {
					t.Fatalf("%s %q: %d times in %s", word, path, n, name)
				}
			}
		}
	}
	return refused
}

// TestEveryCharacter: at the start, inside and at the end of a name, a character
// is written as it is or refused.
func TestEveryCharacter(t *testing.T) {
	runes := []rune{
		0x1680, 0x2000, 0x200b, 0x2028, 0x2029, 0x202e, 0x3000, 0x6587, 0xfeff, 0xfffd, 0x1f600, utf8.MaxRune,
	}
	for r := rune(0); r <= 0x2ff; r++ {
		if r != '/' {
			runes = append(runes, r)
		}
	}
	const portable = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@=+:~- "
	for _, mode := range []policy.PathMode{policy.ModeRead, policy.ModeHide} {
		want := map[string]bool{}
		var paths []string
		for _, r := range runes {
			bad := r < utf8.RuneSelf && !strings.ContainsRune(portable, r)
			for path, refused := range map[string]bool{
				"/opt/first/" + string(r) + "b":   bad,
				"/opt/middle/a" + string(r) + "b": bad,
				"/opt/last/b" + string(r):         bad || r == ' ',
			} {
				want[path] = refused
				paths = append(paths, path)
			}
		}
		refused := refusedOf(t, mode, paths...)
		for _, path := range paths {
			if refused[path] != want[path] {
				t.Errorf("%s %q: refused %v, want %v", mode, path, refused[path], want[path])
			}
		}
	}
	for _, bad := range []string{"/opt/\xff", "/opt/\xc3", "/opt/a\xed\xa0\x80"} {
		if refused := refusedOf(t, policy.ModeRead, bad); !refused[bad] {
			t.Errorf("%q is no text and not refused", bad)
		}
	}
}

// TestAnyPath is the same for whole paths, and for links and working directories.
func TestAnyPath(t *testing.T) {
	nasty := []rune("/ #\t\r\n\x00.,*?[]{}$~\\\"'`|&;<>%^!()é文")
	part := rapid.StringOfN(rapid.OneOf(rapid.RuneFrom([]rune("ab")), rapid.SampledFrom(nasty)), 1, 12, -1)
	long := rapid.Map(rapid.IntRange(3900, 8300), func(n int) string { return strings.Repeat("x", n) })
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(part, part, part, part, part, long).Draw(t, "text")
		refusedOf(t, policy.ModeRead, "/opt/a"+text)
		refusedOf(t, policy.ModeHide, "/opt/a"+text)

		p := withPaths(policy.ModeRead, "/opt/a")
		from := "/" + text
		p.Filesystem.Links = []policy.Link{{From: from, To: "/opt/a"}}
		if bundle, err := firejail.Compile(p, target); err == nil && strings.Count(from, "/") == 1 {
			exempt := arguments(readProfile(artifact(t, bundle, firejail.LaunchedProfile)), "noblacklist")
			if !slices.Contains(exempt, from) {
				t.Fatalf("link %q is not exempt: %q", from, exempt)
			}
		}
		p = withPaths(policy.ModeRead, "/opt/a")
		p.Process.Directory = "/opt/a" + text
		if bundle, err := firejail.Compile(p, target); err == nil {
			lines := readProfile(artifact(t, bundle, firejail.StandaloneProfile))
			if !has(lines, "private-cwd", p.Process.Directory) {
				t.Fatalf("directory %q became %q", p.Process.Directory, arguments(lines, "private-cwd"))
			}
		}
	})
}
