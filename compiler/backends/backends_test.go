package backends_test

import (
	"testing"
	"time"

	"confine/compiler"
	"confine/compiler/backends"
	"confine/policy"
)

func TestCheck(t *testing.T) {
	for name, want := range map[compiler.Backend]string{
		"firejail": "",
		"gvisor":   "",
		"native":   "",
		"Firejail": `unknown backend "Firejail": expected firejail, gvisor or native`,
		"":         `unknown backend "": expected firejail, gvisor or native`,
		"none":     `unknown backend "none": expected firejail, gvisor or native`,
	} {
		got := ""
		if err := backends.Check(name); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}

// TestCompile: every name compiles, and no other does.
func TestCompile(t *testing.T) {
	p, err := policy.Parse("p.toml", []byte("schema = 1\nname = \"p\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	target := compiler.Target{Arch: "x86_64"}
	for _, name := range backends.Names() {
		target.Backend = compiler.Backend(name)
		if target.Version, err = backends.DefaultVersion(target.Backend); err != nil {
			t.Fatal(err)
		}
		bundle, err := backends.Compile(p, target, time.Time{})
		if err != nil || bundle.Target != target || bundle.Policy != "p" || bundle.Digest != p.Digest {
			t.Errorf("%s: %+v, %v", name, bundle, err)
		}
	}
	for _, name := range []compiler.Backend{"bubblewrap", "none", ""} {
		target.Backend = name
		if bundle, err := backends.Compile(p, target, time.Time{}); err == nil || bundle != nil {
			t.Errorf("%q compiles", name)
		}
	}
}

// TestUnusedWithoutNamespaces: an exception that a launch needs where it can make no
// namespaces is not called unused where it can.
func TestUnusedWithoutNamespaces(t *testing.T) {
	for name, test := range map[string]struct {
		files   string
		clauses []string
		unused  int
	}{
		"needed without": {`read = ["/etc/ssl"]`, []string{"filesystem.map"}, 0},
		"needed by none": {`exec = ["/usr/bin"]`, []string{"filesystem.map"}, 1},
		"one of two":     {`read = ["/etc/ssl"]`, []string{"filesystem.map", "process.memory"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			text := "schema = 1\nname = \"p\"\n[filesystem]\n" + test.files + "\n"
			for _, clause := range test.clauses {
				text += "[[accept]]\nbackend = \"native\"\nclause = \"" + clause + "\"\nreason = \"r\"\nuntil = 2099-01-01\n"
			}
			p, err := policy.Parse("p.toml", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			version, err := backends.DefaultVersion(compiler.Native)
			if err != nil {
				t.Fatal(err)
			}
			for _, own := range []bool{false, true} {
				target := compiler.Target{Backend: compiler.Native, Version: version, Arch: "x86_64", Namespaces: own}
				bundle, err := backends.Compile(p, target, time.Time{})
				if err != nil {
					t.Fatal(err)
				}
				if len(bundle.Unused) != test.unused {
					t.Errorf("namespaces %v: unused %v, want %d", own, bundle.Unused, test.unused)
				}
			}
		})
	}
}
