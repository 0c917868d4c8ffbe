package gvisor_test

import (
	"encoding/json"
	"errors"
	"path"
	"slices"
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"confine/compiler"
	"confine/compiler/gvisor"
	"confine/policy"
)

var target = compiler.Target{Backend: compiler.GVisor, Version: gvisor.Known[0], Arch: "x86_64"}

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

// lacking are paths of policies that the root file system of the tests does not have.
var lacking = []string{"/missing.conf", "/missing/too", "/usr/lib/aarch64-linux-gnu", "/usr/local/bin", "/airbyte", "/source"}

// rootFor has the paths of a policy, and a file where the name looks like one.
func rootFor(p *policy.Policy) *compiler.Root {
	root := &compiler.Root{
		Path: "/host/srv/root", Host: "/host",
		Kinds: map[string]compiler.PathKind{}, Command: []string{"/usr/bin/python3", "main.py"},
	}
	for _, e := range p.Filesystem.Entries {
		if e.Mode == policy.ModeAbsent || slices.ContainsFunc(lacking, func(dir string) bool { return under(e.Path, dir) }) {
			continue
		}
		root.Kinds[e.Path] = compiler.KindDirectory
		switch base := path.Base(e.Path); {
		case strings.Contains(base, "."), slices.Contains([]string{"passwd", "group", "hosts", "services", "source-declarative-manifest"}, base):
			root.Kinds[e.Path] = compiler.KindFile
		}
	}
	return root
}

// targetFor is the target with a root file system.
func targetFor(root *compiler.Root) compiler.Target {
	t := target
	t.Root = root
	return t
}

func compile(t failer, p *policy.Policy) *compiler.Bundle {
	t.Helper()
	return compileIn(t, p, rootFor(p))
}

func compileIn(t failer, p *policy.Policy, root *compiler.Root) *compiler.Bundle {
	t.Helper()
	bundle, err := gvisor.Compile(p, targetFor(root))
	if err != nil {
		t.Fatalf("%v", err)
	}
	return bundle
}

// refusalsOf compiles a policy that must be refused.
func refusalsOf(t *testing.T, p *policy.Policy) compiler.Refusals {
	t.Helper()
	bundle, err := gvisor.Compile(p, target)
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

// specOf reads one of the two forms of config.json. Like runsc it drops no field, but
// it minds those that nobody knows.
func specOf(t failer, b *compiler.Bundle, name string) *specs.Spec {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(artifact(t, b, name)))
	decoder.DisallowUnknownFields()
	var s specs.Spec
	if err := decoder.Decode(&s); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return &s
}

// flagsOf reads one of the two lists of global flags.
func flagsOf(t failer, b *compiler.Bundle, name string) []string {
	t.Helper()
	var flags []string
	if err := json.Unmarshal([]byte(artifact(t, b, name)), &flags); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return flags
}

// configs are the two forms of config.json, and flagFiles the lists of flags beside them.
var (
	configs   = []string{gvisor.LaunchedConfig, gvisor.StandaloneConfig}
	flagFiles = []string{gvisor.LaunchedFlags, gvisor.StandaloneFlags}
)

func under(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }
