//go:build linux

package upstream

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"
)

// inside tells a test that it runs in a process of its own.
const inside = "CONFINE_UPSTREAM_TEST"

// withFiles runs the calling test again in a process that has files of its own in the
// place of the host's, which last as long as it does. There it returns true; in the
// calling test false, which must return at once then.
func withFiles(t *testing.T, files map[string]string) bool {
	t.Helper()
	if os.Getenv(inside) == t.Name() {
		dir := t.TempDir()
		for path, text := range files {
			own := filepath.Join(dir, filepath.Base(path))
			err := os.WriteFile(own, []byte(text), 0o644)
			if err == nil {
				err = unix.Mount(own, path, "", unix.MS_BIND, "")
			}
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			t.Cleanup(func() {
				if err := unix.Unmount(path, unix.MNT_DETACH); err != nil {
					t.Error(err)
				}
			})
		}
		return true
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root: it mounts files in a namespace of its own")
	}
	cmd := exec.Command("/proc/self/exe", "-test.v", "-test.count=1", "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), inside+"="+t.Name())
	// With Unshareflags, syscall makes the mounts private to the process.
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("in a process of its own: %v\n%s", err, out)
	}
	return false
}

// The host's search list makes no other name of one, not even of one label, and its hosts
// file is obeyed for both kinds.
func TestSearchListAndHostsFile(t *testing.T) {
	if !withFiles(t, map[string]string{
		"/etc/resolv.conf": "search corp.example\nnameserver 127.0.0.1\noptions ndots:5\n",
		"/etc/hosts":       "192.0.2.7 minio\n192.0.2.8 files.example.com other\n::ffff:192.0.2.9 mapped.example.com\n",
	}) {
		return
	}
	for name, c := range map[string]struct {
		expected []netip.Addr
		asked    []string
	}{
		"minio":              {addresses("192.0.2.7"), nil},
		"other":              {addresses("192.0.2.8"), nil},
		"files.example.com":  {addresses("192.0.2.8"), nil},
		"mapped.example.com": {addresses("192.0.2.9"), nil},
		"absent":             {nil, []string{"udp absent. A", "udp absent. AAAA"}},
		"absent.example.com": {nil, []string{"udp absent.example.com. A", "udp absent.example.com. AAAA"}},
	} {
		s := newNameServer(t, false, func(*dnsmessage.Builder, dnsmessage.Question) error { return nil })
		found, ttl, err := s.resolver().Lookup(t.Context(), name)
		var failure *net.DNSError
		switch {
		case !slices.Equal(found, c.expected) || ttl != 0:
			t.Errorf("%s: %v for %v, error %v, expected %v", name, found, ttl, err, c.expected)
		case c.expected == nil && (!errors.As(err, &failure) || !failure.IsNotFound || failure.Name != name):
			t.Errorf("%s: error %v", name, err)
		}
		if asked := s.questions(); !reflect.DeepEqual(asked, c.asked) {
			t.Errorf("%s: asked %q, expected %q", name, asked, c.asked)
		}
	}
}
