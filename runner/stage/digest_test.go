//go:build linux

package stage

import (
	"encoding/json"
	"strings"
	"testing"

	"confine/compiler"
	"confine/policy"
)

func TestDigestsNameWhatDiffers(t *testing.T) {
	original := func() *Order {
		return &Order{
			UID: 7, Directory: "/srv", Environment: []string{"TOKEN=hunter2"}, Arguments: []string{"true"},
			Expectation: compiler.Expectation{
				Network: policy.NetworkNone, Proc: policy.ProcSelf, Dev: policy.DevNone, Filter: []byte{1},
				Paths:    []compiler.PathExpectation{{PathEntry: policy.PathEntry{Path: "/srv", Mode: policy.ModeRead}}},
				Landlock: []compiler.LandlockRule{{Path: "/srv", Access: compiler.LandlockRead}},
				Aliases:  []policy.Link{{From: "/bin", To: "/usr/bin"}},
				Rlimits:  []policy.Rlimit{{Name: "core"}},
			},
		}
	}
	encode := func(o *Order) []byte {
		data, err := json.Marshal(o)
		must(t, err)
		return data
	}
	take := func(order, controls []byte) Digests {
		d, err := digest(order, controls)
		must(t, err)
		return d
	}
	told := take(encode(original()), []byte("controls"))
	same := CheckDigests(told, take(encode(original()), []byte("controls")))
	if len(same) != 2 || len(failed(same)) != 0 {
		t.Errorf("the same words: %+v", same)
	}
	if len(failed(CheckDigests(told, nil))) < len(told) {
		t.Error("a stage that says nothing was believed")
	}
	for clause, change := range map[string]func(*Order){
		"sandbox":           func(o *Order) { o.Arguments = []string{"false"} },
		"environment":       func(o *Order) { o.Environment = []string{"TOKEN=hunter3"} },
		"process.user":      func(o *Order) { o.UID = 8 },
		"process.directory": func(o *Order) { o.Directory = "/" },
		"network.mode":      func(o *Order) { o.Expectation.Network = policy.NetworkHost },
		"filesystem":        func(o *Order) { o.Expectation.Landlock[0].Path = "/" },
		"filesystem.read":   func(o *Order) { o.Expectation.Paths = nil },
		"filesystem.write":  func(o *Order) { o.Expectation.Paths[0].Mode = policy.ModeWrite },
		"filesystem.links":  func(o *Order) { o.Expectation.Aliases = nil },
		"filesystem.proc":   func(o *Order) { o.Expectation.Proc = policy.ProcNone },
		"filesystem.dev":    func(o *Order) { o.Expectation.Dev = policy.DevMinimal },
		"syscalls.base":     func(o *Order) { o.Expectation.Filter = []byte{2} },
		"rlimits.core":      func(o *Order) { o.Expectation.Rlimits = nil },
		"rlimits.cpu": func(o *Order) {
			o.Expectation.Rlimits = append(o.Expectation.Rlimits, policy.Rlimit{Name: "cpu", Value: 1})
		},
	} {
		o := original()
		change(o)
		named := map[string]bool{}
		for _, c := range CheckDigests(told, take(encode(o), []byte("controls"))) {
			if c.Status == Failed {
				named[c.Clause] = true
			}
			if strings.Contains(c.Expected+c.Found, "hunter") || len(c.Found) > 40 {
				t.Errorf("a check that could give a secret away: %+v", c)
			}
		}
		if !named["sandbox"] || !named[clause] {
			t.Errorf("%s: named %v", clause, named)
		}
	}
	if subjects := failed(CheckDigests(told, take(encode(original()), []byte("others")))); len(subjects) != 1 || subjects[0] != "controls of the launcher" {
		t.Errorf("other controls: %v", subjects)
	}
	if _, err := digest([]byte("{"), nil); err == nil {
		t.Error("half an order was read")
	}
}
