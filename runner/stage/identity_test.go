//go:build linux

package stage

import (
	"slices"
	"testing"
)

const confined = `Name:	python3.11
Umask:	0022
State:	S (sleeping)
Uid:	995	995	995	995
Gid:	994	994	994	994
Groups:	 
NoNewPrivs:	1
CapInh:	0000000000000000
CapPrm:	0000000000000000
CapEff:	0000000000000000
CapBnd:	0000000000000000
CapAmb:	0000000000000000
Seccomp:	2
Seccomp_filters:	3
`

func TestParseProcStatus(t *testing.T) {
	s := ParseProcStatus(confined + "no colon\nOdd:\ta:b\n")
	for field, want := range map[string]string{
		"Name": "python3.11", "Uid": "995 995 995 995", "Groups": "", "State": "S (sleeping)", "Odd": "a:b", "Gone": "",
	} {
		if s[field] != want {
			t.Errorf("%s is %q, want %q", field, s[field], want)
		}
	}
	if _, there := s["no colon"]; there {
		t.Error("a line without a colon is no field")
	}
}

func TestCheckIdentity(t *testing.T) {
	if got := failed(CheckIdentity("", ParseProcStatus(confined), Identity{UID: 995, GID: 994, Filters: 3})); len(got) != 0 {
		t.Errorf("a confined process fails %q", got)
	}
	for _, tc := range []struct{ field, value, subject string }{
		{"NoNewPrivs", "0", "NoNewPrivs"},
		{"Seccomp", "0", "seccomp mode"},
		{"Seccomp_filters", "2", "seccomp filters"},
		{"Uid", "995 995 0 995", "user ids"},
		{"Uid", "0 0 0 0", "user ids"},
		{"Gid", "994 994 994 0", "group ids"},
		{"Groups", "994", "supplementary groups"},
		{"CapInh", "0000000000000001", "CapInh"},
		{"CapPrm", "0000000000000001", "CapPrm"},
		{"CapEff", "0000000000200000", "CapEff"},
		{"CapBnd", "000001ffffffffff", "CapBnd"},
		{"CapAmb", "0000000000000001", "CapAmb"},
		// A kernel that does not tell is no proof.
		{"Seccomp_filters", "", "seccomp filters"},
		{"CapEff", "", "CapEff"},
	} {
		s := ParseProcStatus(confined)
		s[tc.field] = tc.value
		if got := failed(CheckIdentity(" seen", s, Identity{UID: 995, GID: 994, Filters: 3})); !slices.Equal(got, []string{tc.subject + " seen"}) {
			t.Errorf("%s = %q fails %q, want %q", tc.field, tc.value, got, tc.subject)
		}
	}
}
