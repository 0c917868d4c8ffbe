package policy_test

import (
	"strings"
	"testing"

	"confine/policy"
)

// A duration in words of people leads to one that can be pasted, and what is none to none.
func TestDurationHints(t *testing.T) {
	for text, hint := range map[string]string{
		"1d": "24h", "3 days": "72h", "2w": "336h", "30 min": "30m", "90sec": "1m30s", "1 Hour": "1h", "5s ": "", "x": "", "1y": "", "0d": "", "1d2h": "", "-1d": "", "999999w": "",
	} {
		for key, table := range map[string]string{"wall_time": "process", "cpu": "rlimits"} {
			_, err := policy.Parse("p.toml", []byte(headed("p", "["+table+"]\n"+key+" = \""+text+"\"\n")))
			if err == nil {
				t.Errorf("%q is taken", text)
				continue
			}
			found, _, _ := strings.Cut(strings.Join(strings.Split(told(err), "= hint: ")[1:], ""), "\n")
			if want := key + " = \"" + hint + "\""; hint == "" && found != "" || hint != "" && found != want {
				t.Errorf("%q: %q", text, found)
			}
		}
	}
}

// A misspelt mode is one mistake: what the right one would say of the keys beside it is not
// guessed.
func TestMisspeltModeAlone(t *testing.T) {
	for _, mode := range []string{`"egres"`, `"all"`, "3"} {
		text := "schema = 1\nname = 'p'\nextends = ['base']\n[network]\nmode = " + mode + "\negress = ['a.example:443']\nprivate = ['10.0.0.0/8']\nfronting = 'allow'\n"
		_, err := policy.Resolve(policy.Source{File: "p.toml", Text: []byte(text)},
			policy.Options{Library: oneBase("schema = 1\nname = 'base'\n[network]\nmode = 'host'\n")})
		if err == nil || strings.Count(told(err), "error: ") != 1 || !strings.Contains(told(err), "p.toml:5:8: error: network.mode") {
			t.Errorf("%s:\n%v", mode, told(err))
		}
	}
}
