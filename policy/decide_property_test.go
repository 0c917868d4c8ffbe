package policy_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"confine/policy"

	"pgregory.net/rapid"
)

var lists = []policy.PathMode{
	policy.ModeRead, policy.ModeExec, policy.ModeMap, policy.ModeWrite,
	policy.ModeTmp, policy.ModeHide, policy.ModeAbsent,
}

var fileVerbs = []policy.AccessKind{
	policy.AccessRead, policy.AccessWrite, policy.AccessExec, policy.AccessMap,
}

// pathOf draws a path of few components, so that paths of one run often nest.
func pathOf() *rapid.Generator[string] {
	part := rapid.SampledFrom([]string{"a", "b", "ab"})
	return rapid.Map(rapid.SliceOfN(part, 1, 5), func(parts []string) string {
		return "/" + strings.Join(parts, "/")
	})
}

func modesOf() *rapid.Generator[map[string]policy.PathMode] {
	return rapid.MapOfN(pathOf(), rapid.SampledFrom(lists), 0, 8)
}

// write gives the policy with these entries, in the order of paths.
func write(t *rapid.T, modes map[string]policy.PathMode, paths []string) *policy.Policy {
	byMode := map[policy.PathMode][]string{}
	for _, path := range paths {
		byMode[modes[path]] = append(byMode[modes[path]], strconv.Quote(path))
	}
	src := "schema = 1\nname = \"p\"\n[filesystem]\n"
	for mode, list := range byMode {
		src += fmt.Sprintf("%s = [%s]\n", mode, strings.Join(list, ", "))
	}
	p, err := policy.Parse("p.toml", []byte(src))
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	return p
}

func sortedPaths(modes map[string]policy.PathMode) []string {
	var paths []string
	for path := range modes {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}

// TestDecideLongest compares Decide with the plainest reading of the rule: walk
// from the path towards the root, the first entry decides.
func TestDecideLongest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		modes := modesOf().Draw(t, "modes")
		p := write(t, modes, sortedPaths(modes))
		path := pathOf().Draw(t, "path")
		verb := rapid.SampledFrom(fileVerbs).Draw(t, "verb")
		want, clause := false, policy.ClauseFilesystem
		for at := path; at != ""; at = at[:strings.LastIndexByte(at, '/')] {
			if mode, ok := modes[at]; ok {
				want, clause = mode.Allows(verb), policy.FilesystemClause(mode)
				break
			}
		}
		if d := p.Decide(policy.Access{Kind: verb, Target: path}); d.Allowed != want || d.Clause != clause {
			t.Fatalf("%s %s: %+v, want %v by %s", verb, path, d, want, clause)
		}
	})
}

// TestDecideOrder: the order in which entries are written changes no answer.
func TestDecideOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		modes := modesOf().Draw(t, "modes")
		paths := sortedPaths(modes)
		a, b := write(t, modes, paths), write(t, modes, rapid.Permutation(paths).Draw(t, "order"))
		access := policy.Access{
			Kind:   rapid.SampledFrom(fileVerbs).Draw(t, "verb"),
			Target: pathOf().Draw(t, "path"),
		}
		x, y := a.Decide(access), b.Decide(access)
		if x.Allowed != y.Allowed || x.Clause != y.Clause || x.Because != y.Because {
			t.Fatalf("%s: %+v and %+v", access, x, y)
		}
	})
}

// TestDecideDeny: hiding a path takes it, and all below it that no longer entry
// names, from every verb; and it changes nothing anywhere else.
func TestDecideDeny(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		modes := modesOf().Draw(t, "modes")
		hidden := pathOf().Draw(t, "hidden")
		delete(modes, hidden)
		was := write(t, modes, sortedPaths(modes))
		modes[hidden] = rapid.SampledFrom([]policy.PathMode{policy.ModeHide, policy.ModeAbsent}).Draw(t, "how")
		is := write(t, modes, sortedPaths(modes))

		path := pathOf().Draw(t, "path")
		access := policy.Access{Kind: rapid.SampledFrom(fileVerbs).Draw(t, "verb"), Target: path}
		before, after := was.Decide(access), is.Decide(access)
		if after.Allowed && !before.Allowed {
			t.Fatalf("%s is allowed by a hide", access)
		}
		entry, _ := is.Filesystem.Entry(path)
		if entry.Path == hidden && after.Allowed {
			t.Fatalf("%s is allowed below a hide", access)
		}
		if entry.Path != hidden && before.Allowed != after.Allowed {
			t.Fatalf("%s changed from %v to %v", access, before, after)
		}
	})
}

// TestDecideImplied: what is implied by an allowed verb is allowed.
func TestDecideImplied(t *testing.T) {
	implied := map[policy.AccessKind][]policy.AccessKind{
		policy.AccessWrite: {policy.AccessRead},
		policy.AccessMap:   {policy.AccessRead},
		policy.AccessExec:  {policy.AccessRead, policy.AccessMap},
	}
	rapid.Check(t, func(t *rapid.T) {
		modes := modesOf().Draw(t, "modes")
		p := write(t, modes, sortedPaths(modes))
		path := pathOf().Draw(t, "path")
		for verb, others := range implied {
			if !p.Decide(policy.Access{Kind: verb, Target: path}).Allowed {
				continue
			}
			for _, other := range others {
				if !p.Decide(policy.Access{Kind: other, Target: path}).Allowed {
					t.Fatalf("%s %s is allowed, %s is not", verb, path, other)
				}
			}
		}
	})
}
