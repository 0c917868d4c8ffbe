package gvisor_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"confine/compiler"
	"confine/compiler/gvisor"
	"confine/policy"

	"pgregory.net/rapid"
)

// fragments are what turns a name into something else for one reader or another: JSON,
// lists of mount options, and command lines.
var fragments = []string{
	"\"", "\\", "\\\"", "\\u002f", "\n", "\r", "\t", "\x00", "\x7f", "\x1b[2J", " ", "  ", "'", "`", "$(x)", "${HOME}", "~", "#", ";", "|", "&", "<", ">", "!", "^",
	",", ":", "=", "ro", ",rw", ",exec", ",mode=0777", ",size=1g", "rbind", ",dfltuid=0", ",trans=fd", "%2f", "%00", "-", "--network=host", "@", "+",
	"..", ".", "...", "..a", "/", "//", "/.", "/..", "?", "*", "[a]", "{a,b}", "\",\"options\":[\"rw\"]", "\"}],\"mounts\":[{",
	"\u202e", "\u2066", "\u200b", "\u2028", "\u0085", "\ufeff", "\ufffd", "é", "e\u0301", "文", "\U0001f600", "a", "b", "closed", "rootfs", "proc", "dev",
}

// hostileName is a path whose components are made of fragments.
func hostileName(t *rapid.T) string {
	name := rapid.SampledFrom([]string{"/", "/opt/", "/opt/a/", "/usr/", "/tmp/", "/sys/fs/cgroup/", "/closed/", "/rootfs/"}).Draw(t, "directory")
	name += strings.Join(rapid.SliceOfN(rapid.SampledFrom(fragments), 1, 4).Draw(t, "fragments"), "")
	if rapid.IntRange(0, 19).Draw(t, "long") == 0 {
		for length := rapid.IntRange(4060, 4100).Draw(t, "length"); len(name) < length; {
			name += "/" + strings.Repeat("x", min(length-len(name), 200))
		}
	}
	return name
}

// spelled is a name as TOML text.
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

// hostileText has one entry a line.
func hostileText(entries []entry) string {
	text := "syscalls.base = \"unrestricted\"\n[filesystem]\n"
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
		_, err = gvisor.Compile(p, target)
	}
	if err != nil && !strings.Contains(err.Error(), "p.toml:") {
		t.Fatalf("refused without a line: %v", err)
	}
	return err == nil
}

// TestHostileNames: of the names that the language lets in, each is in the bundle as it is
// in the policy, byte by byte, and adds nothing to what else is there; and the guest has
// them as Decide says.
func TestHostileNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := random{proc: "none", dev: "none"}
		for _, e := range rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) entry {
			return entry{path: hostileName(t), mode: rapid.SampledFrom(randomModes).Draw(t, "mode")}
		}), 1, 6, func(e entry) string { return e.path }).Draw(t, "entries") {
			if lets(t, append(slices.Clone(r.order), e)) {
				r.order = append(r.order, e)
			}
		}
		drawKinds(t, r.order)
		r.policy = parse(t, hostileText(r.order))
		r.root = &compiler.Root{Host: "/host", Kinds: map[string]compiler.PathKind{}}
		for _, e := range r.order {
			if e.kind != "" {
				r.root.Kinds[e.path] = e.kind
			}
		}
		r.bundle = compileIn(t, r.policy, r.root)
		checkSpecs(t, r.policy, r.bundle, r.root)
		for _, m := range specOf(t, r.bundle, gvisor.LaunchedConfig).Mounts {
			ours := slices.Contains([]string{"/dev", "/dev/pts", "/proc", "/sys", "/tmp"}, m.Destination)
			if !ours && !slices.ContainsFunc(r.order, func(e entry) bool { return e.path == m.Destination }) {
				t.Fatalf("%q is no path of the policy", m.Destination)
			}
			if m.Type == "bind" && !ours && m.Source != "closed" && m.Source != "closed.d" && m.Source != r.root.Path+m.Destination {
				t.Fatalf("%q shows %q", m.Destination, m.Source)
			}
		}
		for _, n := range r.bundle.Skeleton {
			name := strings.TrimPrefix(n.Path, "rootfs")
			if n.Path != "closed" && n.Path != "closed.d" && !slices.Contains([]string{"", "/dev", "/dev/pts", "/proc", "/sys", "/tmp"}, name) &&
				!slices.ContainsFunc(r.order, func(e entry) bool { return under(e.path, name) }) {
				t.Fatalf("%q leads to no path of the policy", n.Path)
			}
		}
		world := worldOf(r)
		checkModel(t, r, world, startGuest(t, specOf(t, r.bundle, gvisor.LaunchedConfig), r.bundle.Skeleton, machineOf(r.root, world), true), true)
	})
}

// TestHostileNamesThatAreLetIn: the property above is not empty.
func TestHostileNamesThatAreLetIn(t *testing.T) {
	for _, name := range []string{
		`/opt/"`, `/opt/\`, `/opt/\u002f`, `/opt/","options":"rw`, "/opt/a,rw", "/opt/a:b", "/opt/ro,mode=0777", "/opt/--network=host", "/opt/..a", "/opt/...",
		"/opt/ a ", "/opt/$(x)`'<>&", "/opt/naïve 文", "/opt/e\u0301", "/opt/\U0001f600", "/opt/%2f%00", "/closed", "/rootfs/closed", "/opt/" + strings.Repeat("x", 255),
	} {
		for _, mode := range randomModes {
			p := parse(t, hostileText([]entry{{path: name, mode: mode}}))
			root := &compiler.Root{Kinds: map[string]compiler.PathKind{name: compiler.KindDirectory}}
			bundle := compileIn(t, p, root)
			found := false
			for _, m := range specOf(t, bundle, gvisor.StandaloneConfig).Mounts {
				found = found || m.Destination == name && (m.Source == name || mode == policy.ModeTmp)
			}
			if found != mode.Visible() {
				t.Errorf("%s %q is mounted: %v", mode, name, found)
			}
			if mode.Visible() && !slices.ContainsFunc(bundle.Skeleton, func(n compiler.Node) bool { return n.Path == "rootfs"+name }) {
				t.Errorf("%s %q is not in the skeleton", mode, name)
			}
		}
	}
}

// TestHostileStrings: whatever else of a policy or a target is in a bundle is there once,
// as a string.
func TestHostileStrings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.Custom(func(t *rapid.T) string {
			return strings.Join(rapid.SliceOfN(rapid.SampledFrom(fragments), 1, 4).Draw(t, "fragments"), "")
		})
		p := parse(t, "syscalls.base = 'unrestricted'\n[filesystem]\nread = ['/opt/plain']\n")
		plain := compileIn(t, p, &compiler.Root{Kinds: map[string]compiler.PathKind{"/opt/plain": compiler.KindDirectory}})
		p.Name, p.File, p.Digest = text.Draw(t, "name"), text.Draw(t, "file"), text.Draw(t, "digest")
		p.Environment.Set = []policy.EnvironmentVariable{{Name: text.Draw(t, "variable"), Value: text.Draw(t, "value")}}
		p.Process.User = text.Draw(t, "user")
		p.Process.Directory = "/" + text.Draw(t, "directory")
		root := &compiler.Root{
			Path: "/" + text.Draw(t, "root"), Host: "/" + text.Draw(t, "host"), Command: []string{text.Draw(t, "program"), text.Draw(t, "argument")},
			Kinds: map[string]compiler.PathKind{"/opt/plain": compiler.KindDirectory},
		}
		b := compileIn(t, p, root)
		for i, name := range configs {
			s, want := specOf(t, b, name), specOf(t, plain, name)
			if !slices.Equal(flagsOf(t, b, flagFiles[i]), flagsOf(t, plain, flagFiles[i])) {
				t.Fatalf("%s: %q", flagFiles[i], flagsOf(t, b, flagFiles[i]))
			}
			for j := range s.Mounts {
				if s.Mounts[j].Destination == "/opt/plain" {
					if s.Mounts[j].Source != root.Path+"/opt/plain" {
						t.Fatalf("%q shows %q", s.Mounts[j].Destination, s.Mounts[j].Source)
					}
					s.Mounts[j].Source = "/opt/plain"
				}
			}
			if name == gvisor.StandaloneConfig {
				if !slices.Equal(s.Process.Args, root.Command) || s.Process.Cwd != p.Process.Directory {
					t.Fatalf("%q in %q", s.Process.Args, s.Process.Cwd)
				}
				s.Process.Args, s.Process.Cwd = nil, "/"
			}
			got, err := json.Marshal(s)
			if err != nil {
				t.Fatalf("%v", err)
			}
			if expected, err := json.Marshal(want); err != nil || string(got) != string(expected) {
				t.Fatalf("%s\n%s", got, expected)
			}
		}
	})
}
