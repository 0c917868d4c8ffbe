//go:build linux

package runner

import (
	"strconv"
	"testing"

	"confine/policy"
)

func TestChooseIdentityAsRoot(t *testing.T) {
	needRoot(t)
	daemon := account(t)
	at := policy.Position{File: "p.toml", Line: 4, Column: 8}
	for _, tc := range []struct {
		name    string
		flag    string
		process policy.Process
		message string
	}{
		{name: "flag", flag: daemon.Username},
		{name: "flag by number", flag: daemon.Uid},
		{name: "policy", process: policy.Process{User: daemon.Username, UserAt: at}},
		{name: "flag over policy", flag: daemon.Username, process: policy.Process{User: "root", UserAt: at}},
		{name: "neither", message: "a root caller has to name the user that the program runs as"},
		{name: "root", flag: "root", message: "the program would run as root"},
		{name: "root by number", flag: "0", message: "the program would run as root"},
		{name: "root by policy", process: policy.Process{User: "root", UserAt: at}, message: "the program would run as root (p.toml:4:8)"},
		{name: "nobody", flag: "nobody", message: "the program would run as nobody"},
		{name: "nobody by number", flag: "65534", message: "the program would run as nobody"},
		{name: "unknown name", flag: "no-such-user", message: `there is no user "no-such-user"`},
		{name: "unknown number", flag: "4000000000", message: `there is no user "4000000000"`},
		{name: "number out of range", flag: "4294967296000", message: `there is no user "4294967296000"`},
		{name: "negative", flag: "-1", message: `there is no user "-1"`},
		{name: "root with zeros", flag: "00", message: ""},
		{name: "unknown in the policy", process: policy.Process{User: "gone", UserAt: at}, message: `there is no user "gone" (p.toml:4:8)`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			id, err := chooseIdentity(tc.flag, tc.process)
			if tc.name == "root with zeros" {
				// However it is spelled, it is not root that comes out.
				if err == nil {
					t.Errorf("00 became %+v", id)
				}
				return
			}
			if tc.message != "" {
				if got := refusalOf(t, err).Message; got != tc.message {
					t.Errorf("got  %q\nwant %q", got, tc.message)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if id.Name != daemon.Username || strconv.Itoa(id.UID) != daemon.Uid || strconv.Itoa(id.GID) != daemon.Gid {
				t.Errorf("got %+v, want %+v", id, daemon)
			}
			if byPolicy := tc.flag == ""; id.At.IsZero() == byPolicy {
				t.Errorf("position %v, by policy: %t", id.At, byPolicy)
			}
		})
	}
}

func TestSafeWord(t *testing.T) {
	for name, want := range map[string]string{
		"airbyte": "airbyte", "a-b_c9": "a-b_c9", "": "NAME", "a b": "NAME", "a;reboot": "NAME", "$(id)": "NAME",
		"-x": "NAME", "123": "NAME", "ä": "NAME", "a\nb": "NAME",
	} {
		if got := safeWord(name); got != want {
			t.Errorf("safeWord(%q) = %q, want %q", name, got, want)
		}
	}
}
