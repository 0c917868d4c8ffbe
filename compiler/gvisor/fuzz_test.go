package gvisor_test

import (
	"errors"
	"hash/fnv"
	"os"
	"path/filepath"
	"testing"

	"confine/compiler"
	"confine/compiler/gvisor"
	"confine/policy"
)

// FuzzCompile: no policy makes Compile panic; it gives a bundle that says what is meant
// to runsc, twice the same, or refusals that have a line.
func FuzzCompile(f *testing.F) {
	for _, dir := range []string{"testdata", "../firejail/testdata"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.toml"))
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
	f.Add([]byte("schema = 1\nname = 'p'\nsyscalls.base = 'unrestricted'\n[filesystem]\nread = ['/a', '/tmp/b?']\nwrite = ['/a/b']\nhide = ['/a/b/c', '/a/d']\nabsent = ['/x']\ntmp = ['/t']\n"))
	open := parse(f, "syscalls.base = 'unrestricted'\n")
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := policy.Parse("f.toml", src)
		if err != nil {
			return // no compiler sees them
		}
		// To prove a filter takes a thousand times as long as all the rest.
		p.Syscalls = open.Syscalls
		root := rootByHash(p)
		for _, where := range []*compiler.Root{nil, root} {
			bundle, err := gvisor.Compile(p, targetFor(where))
			if err != nil {
				var refusals compiler.Refusals
				if !errors.As(err, &refusals) || bundle != nil || len(refusals) == 0 || refusals[0].At.IsZero() {
					t.Fatalf("%v beside %v", err, bundle)
				}
				continue
			}
			again, err := gvisor.Compile(p, targetFor(where))
			if err != nil || encode(t, bundle) != encode(t, again) {
				t.Fatalf("two bundles of one policy: %v", err)
			}
			checkCoverage(t, p, bundle.Coverage)
			if where != nil {
				checkSpecs(t, p, bundle, where)
			}
		}
	})
}

// rootByHash is a root file system that fits a policy, the same for the same one.
func rootByHash(p *policy.Policy) *compiler.Root {
	root := &compiler.Root{Path: "/root", Host: "/host", Kinds: map[string]compiler.PathKind{}, Command: []string{"/x"}}
	for _, e := range p.Filesystem.Entries {
		h := fnv.New32()
		_, _ = h.Write([]byte(e.Path))
		kind := compiler.KindDirectory
		if len(asChildren(p.Filesystem, e.Path)) == 0 && e.Mode != policy.ModeTmp {
			switch h.Sum32() % 3 {
			case 0:
				kind = compiler.KindFile
			case 1:
				if e.Optional || e.Mode == policy.ModeAbsent {
					continue
				}
			}
		}
		root.Kinds[e.Path] = kind
	}
	return root
}
