package policy_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"confine/policy"
)

// chest gives one source for every name.
type chest struct{ source policy.Source }

func (c chest) Find(policy.Source, string) (policy.Source, bool, error) { return c.source, true, nil }
func (c chest) Names(policy.Source) []string                            { return nil }

// TestResolveSameFile: two files under one name would make positions ambiguous.
func TestResolveSameFile(t *testing.T) {
	root := policy.Source{File: "a.toml", Text: []byte(headed("a", "extends = ['a']\n"))}
	other := policy.Source{File: "a.toml", Embedded: true, Text: []byte(headed("a", ""))}
	_, err := policy.Resolve(root, policy.Options{Library: chest{other}})
	if err == nil || !strings.Contains(told(err), "rename this policy, or name it with its directory: ./a.toml") {
		t.Errorf("got %v", err)
	}
}

// chain gives n policies of which each extends the next.
func chain(n int, text func(i int) string) shelf {
	s := shelf{}
	for i := range n {
		extends := ""
		if i+1 < n {
			extends = fmt.Sprintf("extends = ['p%d']\n", i+1)
		}
		s[fmt.Sprintf("p%d", i)] = headed("p", extends+text(i))
	}
	return s
}

func TestResolveLimits(t *testing.T) {
	none := func(int) string { return "" }
	mustResolve(t, chain(64, none), "p0", policy.Options{})
	refused(t, chain(65, none), "p0", policy.Options{}, "policy is made from more than 64 files")
	megabyte := func(int) string { return "#" + strings.Repeat("x", policy.MaxSource-100) + "\n" }
	mustResolve(t, chain(4, megabyte), "p0", policy.Options{})
	refused(t, chain(5, megabyte), "p0", policy.Options{}, "larger than 4 MiB together")
	refused(t, chain(2, func(int) string { return "#" + strings.Repeat("x", policy.MaxSource) }), "p1", policy.Options{}, "larger than 1 MiB")
	many := "extends = [" + strings.Repeat("'a', ", 65) + "]\n"
	refused(t, shelf{"p": headed("p", many)}, "p", policy.Options{}, "extends names 65 policies")
}

// TestResolveWithoutLibrary: nothing can be extended.
func TestResolveWithoutLibrary(t *testing.T) {
	_, err := policy.Parse("a.toml", []byte(headed("a", "extends = ['connector']\n")))
	if err == nil || !strings.Contains(err.Error(), `there is no policy "connector" to extend`) {
		t.Errorf("got %v", err)
	}
}

func TestParseNUL(t *testing.T) {
	_, err := policy.Parse("a.toml", []byte(headed("a", "[environment]\nset = { A = \"hunter2\\u0000x\" }\n")))
	if err == nil || !strings.Contains(err.Error(), "environment.set.A contains a NUL character") || strings.Contains(told(err), "hunter2") {
		t.Errorf("got %v", err)
	}
}

// TestDigest: what sha256sum(1) gives of a file that is alone; otherwise of everything
// that the policy was made from, and of nothing else.
func TestDigest(t *testing.T) {
	alone := headed("a", "")
	sum := sha256.Sum256([]byte(alone))
	if p := mustResolve(t, shelf{"a": alone}, "a", policy.Options{}); p.Digest != hex.EncodeToString(sum[:]) {
		t.Errorf("digest is %s", p.Digest)
	}
	label := "[params.x]\ntype = 'label'\npattern = '[a-z]+'\n"
	digest := func(dir string, s shelf, o policy.Options) string {
		o.Library = s
		p, err := policy.Resolve(policy.Source{File: dir + "a.toml", Text: []byte(s["a"])}, o)
		if err != nil {
			t.Fatal(told(err))
		}
		return p.Digest
	}
	value := func(x string) policy.Options { return policy.Options{Parameters: map[string]string{"x": x}} }
	extends := headed("a", "extends = ['b']\n"+label)
	base := digest("", shelf{"a": extends, "b": headed("b", "")}, value("v"))
	if other := digest("/some/where/", shelf{"a": extends, "b": headed("b", "")}, value("v")); other != base {
		t.Error("the directory of the policy changes its digest")
	}
	seen := map[string]string{base: "the first", "": "none"}
	for what, got := range map[string]string{
		"another value":   digest("", shelf{"a": extends, "b": headed("b", "")}, value("w")),
		"no value":        digest("", shelf{"a": extends, "b": headed("b", "")}, policy.Options{Unbound: true}),
		"another base":    digest("", shelf{"a": extends, "b": headed("b", "# x\n")}, value("v")),
		"another policy":  digest("", shelf{"a": extends + "# x\n", "b": headed("b", "")}, value("v")),
		"without a base":  digest("", shelf{"a": headed("a", label)}, value("v")),
		"one more base":   digest("", shelf{"a": extends, "b": headed("b", "extends = ['c']\n"), "c": headed("c", "")}, value("v")),
		"a base's name":   digest("", shelf{"a": headed("a", "extends = ['c']\n"+label), "c": headed("b", "")}, value("v")),
		"one file, bound": digest("", shelf{"a": headed("a", label)}, value("w")),
	} {
		if was, twice := seen[got]; twice {
			t.Errorf("%s has the digest of %s", what, was)
		}
		seen[got] = what
	}
}

// TestRemoveAgain: what is removed can be stated again, in the same file or a nearer one,
// and two bases that are read before see what they left.
func TestRemoveAgain(t *testing.T) {
	s := shelf{
		"base":   headed("base", "[filesystem]\nread = ['/a', '/b']\n[rlimits]\nas = 1\n[environment]\npass = ['A']\nset = { B = '1' }\n"),
		"middle": headed("middle", "extends = ['base']\n[filesystem]\nremove = { read = ['/a'] }\n[rlimits]\nremove = ['as']\n[environment]\nremove = { pass = ['A'], set = ['B'] }\n"),
		"again":  headed("again", "extends = ['middle']\n[filesystem]\nwrite = ['/a']\n[rlimits]\nas = 2\n[environment]\npass = ['A', 'B']\n"),
		"same":   headed("same", "extends = ['base']\n[filesystem]\nremove = { read = ['/a'] }\nread = ['/a']\n"),
		"twice":  headed("twice", "extends = ['middle']\n[filesystem]\nremove = { read = ['/a'] }\n"),
	}
	if p := mustResolve(t, s, "middle", policy.Options{}); len(p.Filesystem.Entries) != 1 || len(p.Rlimits)+len(p.Environment.Pass)+len(p.Environment.Set) != 0 {
		t.Errorf("middle has %+v", p)
	}
	p := mustResolve(t, s, "again", policy.Options{})
	if e, _ := p.Filesystem.Entry("/a"); e.Mode != policy.ModeWrite || e.At.File != "again.toml" || p.Rlimits[0].Value != 2 {
		t.Errorf("again has %+v", p)
	}
	if e, _ := mustResolve(t, s, "same", policy.Options{}).Filesystem.Entry("/a"); e.At.File != "same.toml" {
		t.Errorf("same has %+v", e)
	}
	refused(t, s, "twice", policy.Options{}, `"/a" is not there to be removed from filesystem.read`)
}

func TestParameterError(t *testing.T) {
	s := shelf{"a": headed("a", "[params.region]\ntype = 'label'\npattern = '[a-z]+'\n"), "b": headed("b", "")}
	for name, want := range map[string]string{
		"a": `no parameter "regoin" (did you mean region?): the policy has region`,
		"b": `no parameter "regoin": the policy has no parameters`,
	} {
		_, err := s.resolve(name, policy.Options{Parameters: map[string]string{"regoin": "hunter2"}, Unbound: true})
		var unknown *policy.ParameterError
		if !errors.As(err, &unknown) || err.Error() != want {
			t.Errorf("got %v", err)
		}
	}
}
