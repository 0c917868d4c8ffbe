package firejail_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"confine/compiler"
	"confine/compiler/firejail"
	"confine/policy"

	"pgregory.net/rapid"
)

// entry is one path of a random policy.
type entry struct {
	path string
	mode policy.PathMode
	size int
}

// randomPaths nest often, and lie in all the places that firejail treats by rules
// of their own.
var randomPaths = func() []string {
	paths := []string{
		"/usr", "/usr/lib", "/usr/bin", "/usr/lib/a", "/usr/lib/a/b", "/usr/local/a", "/usr/local/a/b",
		"/sys", "/sys/fs", "/sys/fs/a", "/sys/fs/b", "/sys/class/a/b", "/sys/module/a",
		"/tmp", "/tmp/a", "/var/tmp", "/etc/passwd", "/run/a", "/run/a/b", "/run",
	}
	for _, top := range []string{"/etc", "/var", "/opt", "/data"} {
		for _, rest := range []string{"", "/a", "/a/b", "/a/b/a", "/ab", "/b", "/b/a b"} {
			paths = append(paths, top+rest)
		}
	}
	return paths
}()

var randomModes = []policy.PathMode{
	policy.ModeRead, policy.ModeExec, policy.ModeMap, policy.ModeWrite,
	policy.ModeTmp, policy.ModeHide, policy.ModeAbsent,
}

// possible leaves out what the language itself refuses.
func possible(e entry) bool {
	if strings.HasPrefix(e.path+"/", "/sys/") {
		return e.mode == policy.ModeRead || e.mode == policy.ModeHide || e.mode == policy.ModeAbsent
	}
	return true
}

func drawEntries(t *rapid.T) []entry {
	one := rapid.Custom(func(t *rapid.T) entry {
		e := entry{path: rapid.SampledFrom(randomPaths).Draw(t, "path"), mode: rapid.SampledFrom(randomModes).Draw(t, "mode")}
		if e.mode == policy.ModeTmp && rapid.Bool().Draw(t, "sized") {
			e.size = 4096
		}
		return e
	})
	return rapid.SliceOfNDistinct(one.Filter(possible), 0, 12, func(e entry) string { return e.path }).Draw(t, "entries")
}

// tables is the text of a policy with these entries in this order.
func tables(entries []entry, network, proc, dev string) string {
	lists := map[policy.PathMode][]string{}
	for _, e := range entries {
		item := fmt.Sprintf("%q", e.path)
		if e.size != 0 {
			item = fmt.Sprintf("{ path = %q, size = %d }", e.path, e.size)
		}
		lists[e.mode] = append(lists[e.mode], item)
	}
	text := fmt.Sprintf("network.mode = %q\n[filesystem]\nproc = %q\ndev = %q\n", network, proc, dev)
	text += "links = { \"/bin\" = \"/usr/bin\", \"/lib\" = \"/usr/lib\", \"/var/run\" = \"/run\" }\n"
	for _, mode := range randomModes {
		if list := lists[mode]; len(list) > 0 {
			text += fmt.Sprintf("%s = [%s]\n", mode, strings.Join(list, ", "))
		}
	}
	return text
}

// random is a policy that compiles: entries that are refused are taken out. order
// holds the entries that are left.
type random struct {
	order              []entry
	network, proc, dev string
	policy             *policy.Policy
	bundle             *compiler.Bundle
}

func drawPolicy(t *rapid.T) random {
	r := random{
		order:   drawEntries(t),
		network: rapid.SampledFrom([]string{"none", "host"}).Draw(t, "network"),
		proc:    rapid.SampledFrom([]string{"none", "self"}).Draw(t, "proc"),
		dev:     rapid.SampledFrom([]string{"none", "minimal"}).Draw(t, "dev"),
	}
	for {
		r.policy = parse(t, tables(r.order, r.network, r.proc, r.dev))
		bundle, err := firejail.Compile(r.policy, target)
		if err == nil {
			r.bundle = bundle
			return r
		}
		var refusals compiler.Refusals
		if !errors.As(err, &refusals) {
			t.Fatalf("%v", err)
		}
		left := len(r.order)
		for _, refusal := range refusals {
			_, refused, _ := strings.Cut(refusal.Found, " ")
			r.order = slices.DeleteFunc(r.order, func(e entry) bool { return e.path == refused })
		}
		if len(r.order) == left {
			t.Fatalf("refused for no entry: %v", err)
		}
	}
}
