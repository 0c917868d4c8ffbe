//go:build linux

package runner

import (
	"slices"
	"testing"

	"confine/compiler"
	"confine/compiler/firejail"
	"confine/policy"
)

// TestFirejailCaller: who is not root gets a sandbox without a link, whose calls to connect
// the runner answers, and the launcher neither enters a namespace nor mounts files.
func TestFirejailCaller(t *testing.T) {
	p, err := policy.Parse("p.toml", []byte(`schema = 1
name = "p"
[network]
mode = "egress"
egress = ["api.example.com:443"]
[filesystem]
read = ["/etc/passwd", "/etc/resolv.conf"]
`))
	if err != nil {
		t.Fatal(err)
	}
	for uid, want := range map[int]compiler.Caller{0: compiler.RootCaller, 1000: compiler.OrdinaryCaller} {
		l := &launchable{Options: Options{Policy: p}, host: Host{Arch: "x86_64", Firejail: FirejailStatus{Version: firejail.Known[0].String()}}}
		l.host.Caller.UID = uid
		target, err := firejailBackend{}.target(l)
		if err != nil {
			t.Fatal(err)
		}
		if target.Caller != want {
			t.Errorf("uid %d: caller %q, expected %q", uid, target.Caller, want)
		}
		if l.bundle, err = firejail.Compile(p, target); err != nil {
			t.Fatal(err)
		}
		plan, root := l.plan(), uid == 0
		if plan.Connected != root || plan.Privileged != root || (len(plan.Files) > 0) != root || l.bundle.Expectation.Mediated() == root {
			t.Errorf("uid %d: %+v", uid, plan)
		}
		if err := l.checkResolver(); err != nil && !root {
			t.Errorf("uid %d: %v", uid, err)
		}
	}
}

// TestFirejailEgressProblems: an ordinary caller needs no namespace of the runner's.
func TestFirejailEgressProblems(t *testing.T) {
	h := Host{Kernel: "6.12.0", Caller: Caller{UID: 1000}}
	got := h.EgressProblems(compiler.Firejail)
	same := slices.EqualFunc(got, h.mediationProblems(), func(a, b Problem) bool { return a.Message == b.Message })
	if !same {
		t.Errorf("%+v", got)
	}
}
