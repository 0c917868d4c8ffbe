//go:build linux

package integration

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestEgressByAnOrdinaryCaller: firejail needs root for it, and says so; auto takes gVisor.
func TestEgressByAnOrdinaryCaller(t *testing.T) {
	w := newInternet(t)
	const tables = "[network]\nmode = \"egress\"\negress = [\"api.vendor.test:443\"]\n"
	const files = `read = ["/etc/resolv.conf", "/etc/hosts"]`
	accepted := guestPolicy(t, files, tables)
	plain := writePolicy(t, files, tables)
	desk := owned(t, filepath.Join(tree(t), "desk"))
	ran := filepath.Join(desk, "ran")

	wants(t, w.finish(t, confinedByUser(accepted, "/usr/bin/touch", ran)).must(t, refused),
		"nothing ran", "network.mode", "root", "--backend gvisor")
	wants(t, w.finish(t, withBackend(confinedByUser(plain, "/usr/bin/touch", ran), "auto")).must(t, refused), "nothing ran", "filesystem.map")

	const deed = "exchange api.vendor.test:443"
	for _, c := range []struct {
		name, policy, takes string
		byUser              bool
	}{
		{"user", accepted, "gvisor", true},
		{"root", accepted, "gvisor", false},
		{"root, with a policy that gVisor cannot enforce", plain, "firejail", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := guest(c.policy, probe, deed)
			if c.byUser {
				cmd = guestByUser(c.policy, probe, deed)
			}
			o := w.finish(t, withBackend(cmd, "auto")).must(t, 0)
			if got := answers(t, o.stdout)[deed]; got != "ok" {
				t.Errorf("%s: %s", deed, got)
			}
			if !strings.Contains(o.stderr, "confine: "+c.takes+" (") {
				t.Errorf("stderr: %s", o.stderr)
			}
		})
	}
}

// TestEgressNeedsTheResolverFile: a policy that does not name /etc/resolv.conf would let no
// program find a name, and is refused.
func TestEgressNeedsTheResolverFile(t *testing.T) {
	w := newInternet(t)
	policy := guestPolicy(t, "", "[network]\nmode = \"egress\"\negress = [\"api.vendor.test:443\"]\n")
	for _, l := range egressLaunches {
		t.Run(l.name, func(t *testing.T) {
			wants(t, w.finish(t, l.cmd(policy, "/usr/bin/true")).must(t, refused), "nothing ran", "/etc/resolv.conf")
		})
	}
}

// TestEgressHostsOwnAddress: a host can have any address as its first, also one that the
// policy names, or one of the range that stands for names.
func TestEgressHostsOwnAddress(t *testing.T) {
	for first, network := range map[string]string{
		apiAddress:       `egress = ["203.0.113.10:7000", "other.test:7000"]`,
		apiAddress6:      `egress = ["[2001:db8::10]:7000", "203.0.113.10:7001", "other.test:7000"]`,
		sameAsGateway:    `egress = ["other.test:7000"]`,
		neighbourAddress: `egress = ["other.test:7000"]`,
		otherInRange:     `egress = ["other.test:7000"]`,
	} {
		t.Run(first, func(t *testing.T) {
			w := newInternet(t, first)
			policy := egressPolicy(t, network)
			const deed = "exchange other.test:7000"
			if got := w.outside(t, byUser, deed)[deed]; got != "ok" {
				t.Errorf("control: %s: %s", deed, got)
			}
			for _, l := range egressLaunches {
				t.Run(l.name, func(t *testing.T) {
					if got := w.egressAnswers(t, l, policy, deed)[deed]; got != "ok" {
						t.Errorf("%s: %s", deed, got)
					}
				})
			}
		})
	}
}
