//go:build linux

package integration

import (
	"fmt"
	"net"
	"path/filepath"
	"testing"

	"confine/policy"
)

// socketWorlds reach for sockets of the test's by a path and by a name without a file,
// for which the language has no access.
func socketWorlds(t *testing.T) []world {
	const because = "the language has no access for it; Landlock has no right for it, and a read-only mount does not mind"
	const hidden = "what is hidden cannot be reached either"
	const namespaced = "a name without a file belongs to the network namespace, and in the host's Landlock closes it"
	dir := tree(t)
	var attempts []attempt
	for _, sub := range []string{"read", "write", "read/hide", "unnamed"} {
		path := owned(t, filepath.Join(dir, sub))
		stream, datagrams := filepath.Join(path, "stream"), filepath.Join(path, "datagrams")
		listenUnix(t, stream)
		listenDatagrams(t, datagrams)
		for _, deed := range []string{"unix " + stream, "datagram " + datagrams} {
			a := attempt{deed: deed, inside: "ok", because: because, gvisor: noSockets, native: noUnix}
			if sub == "read/hide" || sub == "unnamed" {
				a = attempt{deed: deed, inside: "denied", because: hidden}
			}
			attempts = append(attempts, a)
		}
	}
	abstract, err := net.Listen("unix", "@confine-access-test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { abstract.Close() })
	listenDatagrams(t, "@confine-access-datagrams")
	filesystem := fmt.Sprintf("read = [%q]\nwrite = [%q]\nhide = [%q]", filepath.Join(dir, "read"), filepath.Join(dir, "write"), filepath.Join(dir, "read", "hide"))
	var worlds []world
	for _, mode := range []policy.NetworkMode{policy.NetworkNone, policy.NetworkHost} {
		w := world{
			name: "sockets, network " + string(mode), attempts: attempts[:len(attempts):len(attempts)],
			policy: accessPolicy(t, nil, nil, filesystem, fmt.Sprintf("[network]\nmode = %q\n", mode)),
		}
		for _, deed := range []string{"abstract confine-access-test", "datagram @confine-access-datagrams"} {
			a := attempt{deed: deed, inside: "denied", because: namespaced}
			if mode == policy.NetworkNone {
				a.clause = policy.ClauseNetworkMode
			}
			w.attempts = append(w.attempts, a)
		}
		worlds = append(worlds, w)
	}
	return worlds
}

// listenDatagrams has a socket that anybody may send to.
func listenDatagrams(t *testing.T, name string) {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	openToAll(t, name)
}
