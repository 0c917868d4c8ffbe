package policy_test

import (
	"errors"
	"testing"

	"confine/policy"
)

// oneBase is a library of one policy, "base".
type oneBase string

func (l oneBase) Find(_ policy.Source, name string) (policy.Source, bool, error) {
	return policy.Source{File: "base.toml", Text: []byte(l)}, name == "base", nil
}

func (l oneBase) Names(policy.Source) []string { return []string{"base"} }

// TestRulesOfBases: a policy may widen what its base says, and is told where what it
// says itself changes nothing.
func TestRulesOfBases(t *testing.T) {
	const (
		ipv4  = "[[syscalls.rule]]\nsyscall = 'socket'\nwhen = ['arg0 == AF_INET']\n"
		ip    = "[[syscalls.rule]]\nsyscall = 'socket'\nwhen = ['arg0 in [AF_INET, AF_INET6]']\n"
		words = "[[syscalls.rule]]\nsyscall = 'socket'\nwhen = ['arg0 in [2, AF_INET]']\n"
		other = "[[syscalls.rule]]\nsyscall = 'socket'\nwhen = ['arg0 != AF_INET']\n"
	)
	for _, c := range []struct{ base, child, want string }{
		{ipv4, ip, ""},
		{ipv4, ipv4, ""},
		{ip, ipv4, "child.toml:4:12: a rule for socket that another one makes superfluous"},
		{ipv4, words, "child.toml:4:12: the same rule for socket is written twice, in other words"},
		{ipv4, other, "child.toml:4:12: the rules for socket together allow any arguments"},
		{other, ipv4, "child.toml:4:12: the rules for socket together allow any arguments"},
	} {
		root := policy.Source{File: "child.toml", Text: []byte("schema = 1\nname = 'child'\nextends = ['base']\n" + c.child)}
		_, err := policy.Resolve(root, policy.Options{Library: oneBase("schema = 1\nname = 'base'\n" + c.base)})
		got := ""
		var ds policy.Diagnostics
		if errors.As(err, &ds) {
			got = ds.Error()
		}
		if got != c.want {
			t.Errorf("%s\nextends\n%s\n got %s\nwant %s", c.child, c.base, got, c.want)
		}
	}
}
