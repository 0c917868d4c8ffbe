package firejail_test

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"confine/compiler"
	"confine/compiler/firejail"
	"confine/policy"

	"pgregory.net/rapid"
)

// fragments are what turns a name into something else for one reader or another.
var fragments = []string{
	"#", "\r", "\n", "\t", "\x00", " ", "  ", "\v", "\f", "\x7f", "\x1b[2J",
	"?HAS_NET: ", "~", "${HOME}", "$HOME", "*", "?", "[a]", "a[1]", "{a,b}", ",", "\\", `"`, "'", "`", "|", ";", "&", "!", "<", "%2f", "^", "(", ")",
	"..", ".", "/", "//", "-n", "@x", ":", "=", "+",
	"\nignore net", "\rnet none", "whitelist ", "blacklist /", " noblacklist", "include x", "quiet", "#\n",
	"\u202e", "\u2066", "\u200b", "\u2028", "\u0085", "\ufeff", "é", "文", "\U0001f600", "\xff", "a", "b",
}

// hostileName is a path whose components are made of fragments; now and then one is as
// long as firejail's line or as long as ours.
func hostileName(t *rapid.T) string {
	name := rapid.SampledFrom([]string{"/", "/opt/", "/opt/a/", "/usr/", "/usr/lib/", "/etc/", "/var/", "/sys/fs/", "/run/", "/tmp/"}).Draw(t, "directory")
	name += strings.Join(rapid.SliceOfN(rapid.SampledFrom(fragments), 1, 4).Draw(t, "fragments"), "")
	switch rapid.IntRange(0, 19).Draw(t, "length") {
	case 0:
		for length := rapid.IntRange(4060, 4100).Draw(t, "ours"); len(name) < length; {
			name += strings.Repeat("x", min(length-len(name), 200)) + "/"
		}
		name = strings.TrimRight(name, "/")
	case 1:
		name += strings.Repeat("x", rapid.IntRange(8150, 8200).Draw(t, "firejail's")) + "net none"
	}
	return name
}

// spelled is a name as TOML text, if it can be text at all.
func spelled(name string) string {
	var b strings.Builder
	for _, r := range name {
		if r < 0x20 || r == 0x7f || r == '"' || r == '\\' {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return `"` + b.String() + `"`
}

// TestHostileStrings: whatever stands in the places of a policy from which a profile is
// made, every line of it is one that we mean, and every path in it is the policy's, byte
// by byte, or one of our own. The policy is built by hand: the compiler does not rely
// on what the language lets through.
func TestHostileStrings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.Custom(hostileName)
		at := func(line int) policy.Position { return policy.Position{File: "p.toml", Line: line, Column: 1} }
		p := withPaths(policy.ModeRead, "/opt/plain")
		p.Name, p.File, p.Digest = name.Draw(t, "name"), name.Draw(t, "file"), name.Draw(t, "digest")
		p.Environment.Set = []policy.EnvironmentVariable{{Name: name.Draw(t, "variable"), Value: name.Draw(t, "value")}}
		p.Process.User = name.Draw(t, "user")
		p.Rlimits = []policy.Rlimit{{Name: "as", Value: rapid.Uint64Range(0, 1<<63-1).Draw(t, "limit")}, {Name: name.Draw(t, "rlimit"), Value: 7}}
		if rapid.Bool().Draw(t, "with a directory") {
			p.Process.Directory, p.Process.DirectoryAt = name.Draw(t, "working directory"), at(2)
		}
		names := []string{"/opt/plain", p.Process.Directory}
		for i, given := range rapid.SliceOfNDistinct(name, 0, 4, rapid.ID[string]).Draw(t, "entries") {
			mode := rapid.SampledFrom(randomModes).Draw(t, "mode")
			p.Filesystem.Entries = append(p.Filesystem.Entries, policy.PathEntry{Path: given, Mode: mode, At: at(10 + i)})
			names = append(names, given)
		}
		for i, given := range rapid.SliceOfNDistinct(name, 0, 2, rapid.ID[string]).Draw(t, "links") {
			p.Filesystem.Links = append(p.Filesystem.Links, policy.Link{From: given, To: "/opt/plain", At: at(20 + i)})
			names = append(names, given)
		}
		bundle := compileWhatCanBe(t, p)
		if bundle == nil {
			return
		}
		for _, file := range []string{firejail.LaunchedProfile, firejail.StandaloneProfile} {
			for _, d := range readGrammar(t, artifact(t, bundle, file)) {
				if strings.HasPrefix(d.argument, "/") && !ours(d, names) {
					t.Fatalf("%s: %q is no path of the policy: %q", file, d, names)
				}
			}
		}
	})
}

// compileWhatCanBe takes out what is refused, each with its own line, and compiles the
// rest; nil if nothing is left to take out.
func compileWhatCanBe(t *rapid.T, p *policy.Policy) *compiler.Bundle {
	for {
		bundle, err := firejail.Compile(p, target)
		if err == nil {
			return bundle
		}
		var refusals compiler.Refusals
		if !errors.As(err, &refusals) {
			t.Fatalf("%v", err)
		}
		for _, r := range refusals {
			entries, links := len(p.Filesystem.Entries), len(p.Filesystem.Links)
			p.Filesystem.Entries = slices.DeleteFunc(p.Filesystem.Entries, func(e policy.PathEntry) bool { return !e.At.IsZero() && e.At == r.At })
			p.Filesystem.Links = slices.DeleteFunc(p.Filesystem.Links, func(l policy.Link) bool { return l.At == r.At })
			switch {
			case len(p.Filesystem.Entries) < entries, len(p.Filesystem.Links) < links:
			case r.Clause == policy.ClauseProcessDirectory && r.At == p.Process.DirectoryAt:
				p.Process.Directory = ""
			default:
				return nil
			}
		}
	}
}

// fixed are the paths that profiles have of their own.
var fixed = map[string][]string{
	"noblacklist": {"/proc", "/dev", "/run", "/proc/self", "/proc/thread-self", "/proc/mounts", "/proc/net", "/sys", "/sys/fs", "/sys/module"},
	"whitelist":   {"/run/.confine-none"},
	"blacklist":   {"/*", "/proc/[a-z]*", "/usr/*", "/run/user", "/dev/ptmx", "/dev/pts", "/dev/log"},
	"noexec":      {"/dev/shm"},
}

// ours reports whether a directive is about a path of the policy, a directory on the way
// to one, the name that empties such a directory, or all that lies in it.
func ours(d directive, names []string) bool {
	if slices.Contains(fixed[d.word], d.argument) {
		return true
	}
	for _, name := range names {
		if d.argument == name {
			return true
		}
		for dir := path.Dir(name); dir != "/" && dir != "."; dir = path.Dir(dir) {
			switch {
			case d.word == "noblacklist" && d.argument == dir,
				d.word == "whitelist" && d.argument == dir+"/.confine-none",
				d.word == "blacklist" && d.argument == dir+"/*" && strings.HasPrefix(dir+"/", "/sys/"):
				return true
			}
		}
		// A path that is a unit of its own empties nothing, but an absent one in it does.
		if d.word == "whitelist" && d.argument == "/tmp/.confine-none" && name == "/tmp" {
			return true
		}
	}
	return false
}

// mangled are the other paths that a reader with quoting, patterns, macros or lines of
// another kind could take a name for.
func mangled(name string) []string {
	out := []string{strings.Join(strings.Fields(name), " "), strings.ReplaceAll(name, "  ", " "), strings.TrimRight(name, " ")}
	for i := range name {
		if i > 1 && strings.ContainsRune("#\x00\r\n\t ?*[,\\~:=@+-", rune(name[i])) {
			out = append(out, name[:i], name[:i]+"x", name[i:])
		}
	}
	return out
}

// TestHostileModelAgreesWithDecide: of the names that the language lets in, those that
// compile are enforced as Decide says, for themselves and for what they could be
// mistaken for; the others are refused with their line.
func TestHostileModelAgreesWithDecide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var kept []entry
		for _, e := range rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) entry {
			return entry{path: hostileName(t), mode: rapid.SampledFrom(randomModes).Draw(t, "mode")}
		}), 1, 6, func(e entry) string { return e.path }).Draw(t, "entries") {
			if lets(t, append(slices.Clone(kept), e)) {
				kept = append(kept, e)
			}
		}
		p := parse(t, hostileText(kept))
		bundle, err := firejail.Compile(p, target)
		if err != nil {
			t.Fatalf("%v", err)
		}
		world := worldOf(kept)
		for _, e := range kept {
			for _, other := range mangled(e.path) {
				if other = path.Clean("/" + other); other != "/" {
					for ; other != "/"; other = path.Dir(other) {
						world[other] = true
					}
				}
			}
		}
		m := newModel(artifact(t, bundle, firejail.LaunchedProfile), world)
		m.lines = readGrammar(t, artifact(t, bundle, firejail.LaunchedProfile))
		for _, name := range sortedKeys(world) {
			if insideTmp(p, name) {
				continue
			}
			for _, kind := range fileKinds {
				decision := p.Decide(policy.Access{Kind: kind, Target: name})
				got := m.allows(kind, name) && landlockAllows(bundle.Expectation.Landlock, kind, name)
				if got != decision.Allowed {
					t.Fatalf("%s %q: %v, the policy says %v: %s\n%s", kind, name, got, decision.Allowed, decision.Because,
						artifact(t, bundle, firejail.LaunchedProfile))
				}
			}
		}
	})
}

// hostileText has one entry a line, so that a refusal can be told by its line.
func hostileText(entries []entry) string {
	text := "[filesystem]\n"
	for _, mode := range randomModes {
		text += string(mode) + " = [\n"
		for _, e := range entries {
			if e.mode == mode {
				text += spelled(e.path) + ",\n"
			}
		}
		text += "]\n"
	}
	return text
}

// lets reports whether language and compiler take these entries; what they do not take
// must have a line of the policy.
func lets(t *rapid.T, entries []entry) bool {
	p, err := policy.Parse("p.toml", []byte("schema = 1\nname = \"p\"\n"+hostileText(entries)))
	if err == nil {
		_, err = firejail.Compile(p, target)
	}
	if err != nil && !strings.Contains(err.Error(), "p.toml:") {
		t.Fatalf("refused without a line: %v", err)
	}
	return err == nil
}

// TestHostileNamesThatAreLetIn: the property above is not empty.
func TestHostileNamesThatAreLetIn(t *testing.T) {
	names := []string{"/opt/~", "/opt/~/a", "/opt/a noblacklist", "/opt/whitelist a", "/opt/-n", "/opt/@x:=+", "/opt/naïve 文", "/opt/\U0001f600"}
	for _, name := range names {
		if refused := refusedOf(t, policy.ModeRead, name); refused[name] {
			t.Errorf("%q is refused", name)
		}
		lines := readGrammar(t, artifact(t, compile(t, parse(t, "[filesystem]\nread = ["+spelled(name)+"]\n")), firejail.LaunchedProfile))
		if !has(lines, "read-only", name) {
			t.Errorf("%q: %v", name, arguments(lines, "read-only"))
		}
	}
}
