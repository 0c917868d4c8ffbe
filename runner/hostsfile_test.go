//go:build linux

package runner

import (
	"maps"
	"net/netip"
	"path/filepath"
	"slices"
	"testing"
)

func TestHostsNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hosts")
	writeFile(t, path, "127.0.0.1\tlocalhost\n\n# 192.0.2.1 comment\n192.0.2.9  API.example.com.  api # last\n::ffff:192.0.2.9 mapped\n"+
		"2001:db8::9 six\nfe80::1%eth0 scoped\n192.0.2.300 none\n192.0.2.10\n", 0o644)
	want := map[netip.Addr][]string{
		netip.MustParseAddr("127.0.0.1"):    {"localhost"},
		netip.MustParseAddr("192.0.2.9"):    {"api.example.com", "api", "mapped"},
		netip.MustParseAddr("2001:db8::9"):  {"six"},
		netip.MustParseAddr("fe80::1%eth0"): {"scoped"},
	}
	if got := hostsNames(path); !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := hostsNames(filepath.Join(t.TempDir(), "gone")); len(got) != 0 {
		t.Errorf("a missing file: %v", got)
	}
}
