//go:build linux

package integration

import "testing"

// TestTrapNetworkDirectiveIsDropped: for an ordinary user and with restricted-network,
// netns, net DEVICE and netfilter in a profile are ignored, and the program has the
// host's network; on the command line firejail ends. netfilter does nothing without
// net DEVICE, for anybody (sandbox.c). Only "net none" always works, and it wins.
func TestTrapNetworkDirectiveIsDropped(t *testing.T) {
	access := "connect " + listener(t, "127.0.0.1")
	for _, lines := range [][]string{
		{"netns confine-none"},
		{"net confine-none"},
		{"netfilter /etc/firejail/nolocal.net"},
		{"ignore net", "net none"},
		// Conditions are evaluated where they stand: HAS_NET is false before net none.
		{"?HAS_NET: net none"},
	} {
		trapped(t, standaloneWorld{}, naive(t, lines...), map[string]string{access: "ok"})
	}
	finish(t, standaloneWorld{}.command(naive(t, "quiet"), "--netns=confine-none", probe, "nothing")).must(t, 1)
	trapped(t, standaloneWorld{}, naive(t, "net none", "netns confine-none"), map[string]string{access: "ECONNREFUSED"})
	held(t, standaloneWorld{}, writePolicy(t, "", "[network]\nmode = \"none\"\n"), map[string]string{access: "ECONNREFUSED"})
	held(t, standaloneWorld{}, writePolicy(t, "", "[network]\nmode = \"host\"\n"), map[string]string{access: "ok"})
}
