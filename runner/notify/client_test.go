//go:build linux

package notify

import (
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const python = "/usr/bin/python3"

//go:embed testdata/client.py
var client []byte

// script is the client's file, where the program's user can read it.
func script(t testing.TB) string {
	t.Helper()
	if _, err := os.Stat(python); err != nil {
		t.Skip(err)
	}
	dir, err := os.MkdirTemp("/tmp", "notify")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "client.py")
	if err := os.WriteFile(path, client, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPython(t *testing.T) {
	w := open(t)
	same(t, w.run(python, "-I", script(t)),
		"kinds: EACCES EACCES EACCES EPROTONOSUPPORT EAFNOSUPPORT EAFNOSUPPORT (2048, 1) (0, 0)",
		"blocking: 203.0.113.5 hello",
		"timeout: 203.0.113.5 hello",
		"nonblocking: 0 False 0 EISCONN 203.0.113.5 hello",
		"options: (1, 1) 127.0.0.1 203.0.113.5 hello",
		"epoll: [1] 203.0.113.5 hello",
		"duplicate: 203.0.113.5 hello",
		"connected: EISCONN EISCONN 203.0.113.5 hello",
		"names: 203.0.113.5 hello, 203.0.113.6 hello",
		"unknown: Name or service not known",
		"ipv6: ::1 2001:db8::7 hello",
		"mapped: ::ffff:127.0.0.1 192.0.2.7 hello",
		"denied: ECONNREFUSED ENETUNREACH ENETUNREACH ECONNREFUSED ECONNREFUSED ECONNREFUSED, ECONNREFUSED ENETUNREACH ENETUNREACH ENETUNREACH",
		"only: ENETUNREACH",
		"http_client: page of api.example.com",
		"url: page of api.example.com",
		"tls: page of api.example.com",
		"fork: 0",
		"orphan: 203.0.113.5 hello",
		"processes: 203.0.113.5 hello",
		"signals: 0",
		"streams: 203.0.113.5 hello 203.0.113.6 hello",
		"threads: 20 {'203.0.113.5 hello'}")
	w.undirected()
	same(t, w.told(), "0.0.0.0:7777", "127.0.0.1:7777", "192.0.2.7:7777", "2001:db8::66:7777", "203.0.113.5:8443", "203.0.113.66:7777",
		"::1:7777", "api.example.com:22", "fe80::1:7777")
}

func TestCommands(t *testing.T) {
	page := "page of api.example.com"
	for _, tt := range []struct {
		argv, want []string
	}{
		{[]string{"/usr/bin/curl", "-sS", "http://api.example.com/"}, []string{page}},
		{[]string{"/usr/bin/curl", "-sSk", "https://api.example.com/", "https://other.example.com/"}, []string{page + "page of other.example.com"}},
		{
			[]string{"/usr/bin/getent", "ahosts", "api.example.com"},
			[]string{"198.19.0.1      STREAM api.example.com", "198.19.0.1      DGRAM  ", "198.19.0.1      RAW"},
		},
	} {
		t.Run(filepath.Base(tt.argv[0]), func(t *testing.T) {
			if _, err := os.Stat(tt.argv[0]); err != nil {
				t.Skip(err)
			}
			w := open(t)
			same(t, w.run(tt.argv...), tt.want...)
			w.undirected()
		})
	}
}

// Nothing of it takes root: the runner is the program's own user here.
func TestWithoutPrivilege(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("the network namespace of the test takes root")
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestPython$", "-test.v")
	cmd.Env = []string{namespaceVariable + "=1"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: identity}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestPython") {
		t.Errorf("%v:\n%s", err, out)
	}
}
