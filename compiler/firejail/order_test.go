package firejail_test

import (
	"slices"
	"strings"
	"testing"

	"confine/compiler/firejail"
	"confine/policy"

	"pgregory.net/rapid"
)

// TestProfileOrder: what firejail makes of a profile depends on the order of its
// lines, and no order of entries may break it.
func TestProfileOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawPolicy(t)
		for _, name := range []string{firejail.LaunchedProfile, firejail.StandaloneProfile} {
			checkOrder(t, artifact(t, r.bundle, name))
		}
	})
}

func checkOrder(t *rapid.T, text string) {
	for _, line := range strings.SplitAfter(text, "\n") {
		switch {
		case line == "":
		case !strings.HasSuffix(line, "\n"):
			t.Fatalf("%q has no end", line)
		case len(line) >= 4096 || strings.ContainsAny(line, "\r\x00\t"):
			t.Fatalf("%q is not one line of firejail's", line)
		}
	}
	lines := readProfile(text)
	exempt := map[string]bool{}
	restricted := map[string]bool{}
	blacklisting := false
	seen := map[directive]bool{}
	for i, d := range lines {
		if seen[d] {
			t.Fatalf("%v twice", d)
		}
		seen[d] = true
		switch d.word {
		case "noblacklist":
			exempt[d.argument] = true
			if blacklisting {
				t.Fatalf("%v after a blacklist has no effect", d)
			}
			if strings.ContainsAny(d.argument, `*?[\`) {
				t.Fatalf("%v is a pattern", d)
			}
		case "blacklist":
			blacklisting = true
			if exempt[d.argument] {
				t.Fatalf("%v is without effect: it is exempt", d)
			}
			if dir, ok := strings.CutSuffix(d.argument, "/*"); ok && dir != "" && !exempt[dir] {
				t.Fatalf("%v in a directory that is closed anyway", d)
			}
		case "whitelist":
			for _, other := range lines[:i] {
				if (other.word == "read-only" || other.word == "noexec") && strings.HasPrefix(d.argument+"/", other.argument+"/") {
					t.Fatalf("%v after %v", d, other)
				}
			}
			if u := firstOrSecond(d.argument); d.argument == u {
				t.Fatalf("%v: firejail refuses to whitelist a top-level directory", d)
			} else if !slices.Contains(arguments(lines, "whitelist"), u+"/.confine-none") {
				t.Fatalf("%v: %s is not emptied when it is not a unit for this user", d, u)
			}
			if strings.HasPrefix(d.argument, "/sys/") || strings.HasPrefix(d.argument, "/proc/") {
				t.Fatalf("%v: firejail refuses it", d)
			}
		case "read-only", "noexec", "read-write":
			for other := range restricted {
				if strings.HasPrefix(other, d.argument+"/") {
					t.Fatalf("%v undoes what was said of %s", d, other)
				}
			}
			restricted[d.argument] = true
		}
	}
}

// firstOrSecond is the directory that whitelist empties: of two components in
// /usr, of one elsewhere.
func firstOrSecond(path string) string {
	parts := strings.Split(path, "/")
	if parts[1] == "usr" {
		return strings.Join(parts[:min(3, len(parts))], "/")
	}
	return "/" + parts[1]
}

// TestHideIsNeverExempt: every hide entry has a blacklist line that works.
func TestHideIsNeverExempt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawPolicy(t)
		for _, name := range []string{firejail.LaunchedProfile, firejail.StandaloneProfile} {
			lines := readProfile(artifact(t, r.bundle, name))
			for _, e := range r.policy.Filesystem.Entries {
				if e.Mode != policy.ModeHide {
					continue
				}
				if !has(lines, "blacklist", e.Path) {
					t.Fatalf("%s: no line hides %s", name, e.Path)
				}
				if has(lines, "noblacklist", e.Path) {
					t.Fatalf("%s: %s is hidden and exempt", name, e.Path)
				}
			}
		}
	})
}

// TestHideBesideExemptions are the places where an exemption of firejail's own
// kind and a hide entry meet.
func TestHideBesideExemptions(t *testing.T) {
	for _, text := range []string{
		"read = ['/sys']\nhide = ['/sys/fs', '/sys/module']",
		"read = ['/usr']\nhide = ['/usr/lib', '/usr/bin']",
		"exec = ['/usr/bin']\nhide = ['/usr/lib', '/usr/local/bin']\nlinks = { '/lib' = '/usr/lib' }",
		"hide = ['/run/user', '/tmp', '/home', '/usr', '/opt']",
		"absent = ['/opt/a']\nhide = ['/opt/b', '/opt/a/c']",
	} {
		p := parse(t, "[filesystem]\n"+text+"\n")
		lines := readProfile(artifact(t, compile(t, p), firejail.LaunchedProfile))
		for _, e := range p.Filesystem.Entries {
			if e.Mode == policy.ModeHide && (!has(lines, "blacklist", e.Path) || has(lines, "noblacklist", e.Path)) {
				t.Errorf("%s: %s is not hidden", text, e.Path)
			}
		}
	}
}

// TestNoForbiddenDirective: these let in more than they say, run on the host at
// parse time, or mean something else in another version.
func TestNoForbiddenDirective(t *testing.T) {
	bad := map[string]bool{
		"private-tmp": true, "mkdir": true, "mkfile": true, "include": true, "ignore": true, "bind": true, "tmpfs": true,
		"join-or-start": true, "private-etc": true, "shell": true, "netfilter": true, "netns": true,
		"seccomp.drop": true, "seccomp.keep": true, "seccomp.32": true, "caps.keep": true,
	}
	rapid.Check(t, func(t *rapid.T) {
		r := drawPolicy(t)
		for _, name := range []string{firejail.LaunchedProfile, firejail.StandaloneProfile} {
			for _, d := range readProfile(artifact(t, r.bundle, name)) {
				if bad[d.word] {
					t.Fatalf("%s: %v", name, d)
				}
			}
			if got, want := has(readProfile(artifact(t, r.bundle, name)), "net", "none"), r.network == "none"; got != want {
				t.Fatalf("%s: net none is there: %v, want %v", name, got, want)
			}
		}
	})
}
