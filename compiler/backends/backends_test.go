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
