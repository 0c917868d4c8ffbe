//go:build linux

package stage

import (
	"maps"
	"slices"
	"testing"

	"confine/compiler"
	"confine/policy"
)

func TestCheckNamespaces(t *testing.T) {
	at := policy.Position{File: "p.toml", Line: 2, Column: 1}
	e := compiler.Expectation{Isolated: []string{"ipc", "mnt", "pid"}, Shared: []string{"net"}, NetworkAt: at}
	outside := map[string]string{"ipc": "ipc:[1]", "mnt": "mnt:[1]", "pid": "pid:[1]", "net": "net:[1]"}
	confined := map[string]string{"ipc": "ipc:[2]", "mnt": "mnt:[2]", "pid": "pid:[2]", "net": "net:[1]"}
	checks := CheckNamespaces(" seen", e, outside, confined)
	if got := failed(checks); len(got) != 0 || len(checks) != 4 {
		t.Errorf("%d checks, failed %q", len(checks), got)
	}
	for _, tc := range []struct{ name, link, subject string }{
		{"ipc", "ipc:[1]", "ipc namespace seen"},
		{"mnt", "mnt:[1]", "mnt namespace seen"},
		{"pid", "", "pid namespace seen"},
		{"net", "net:[2]", "net namespace seen"},
		{"net", "", "net namespace seen"},
	} {
		inside := maps.Clone(confined)
		inside[tc.name] = tc.link
		if got := failed(CheckNamespaces(" seen", e, outside, inside)); !slices.Equal(got, []string{tc.subject}) {
			t.Errorf("%s = %q fails %q", tc.name, tc.link, got)
		}
	}
	for _, c := range checks {
		if net := c.Subject == "net namespace seen"; net != (c.Clause == "network.mode" && c.At == at) {
			t.Errorf("%s belongs to %s at %v", c.Subject, c.Clause, c.At)
		}
	}
}

func TestReadNamespaces(t *testing.T) {
	links, err := ReadNamespaces("self")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range NamespaceNames {
		if links[name] == "" {
			t.Errorf("no %s namespace", name)
		}
	}
	if _, err := ReadNamespaces("0"); err == nil {
		t.Error("a process that is not there has namespaces")
	}
}
