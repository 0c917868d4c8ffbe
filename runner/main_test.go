//go:build linux

package runner

import (
	"errors"
	"os"
	"os/user"
	"strings"
	"testing"
)

// TestMain lets the test binary be what the runner starts from /proc/self/exe.
func TestMain(m *testing.M) {
	if code, ok := Hidden(); ok {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// needRoot skips, with the reason, where a test cannot give files away.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: it changes owners of files")
	}
}

// account is an ordinary user that every Debian has.
func account(t *testing.T) *user.User {
	t.Helper()
	u, err := user.Lookup("daemon")
	if err != nil {
		t.Skipf("needs the user daemon: %v", err)
	}
	return u
}

// refusalOf takes the refusal that err has to be.
func refusalOf(t *testing.T, err error) *Refusal {
	t.Helper()
	var r *Refusal
	if !errors.As(err, &r) {
		t.Fatalf("error %v is not a refusal", err)
	}
	return r
}

// mustContain compares a message with a part of it that tests rely on.
func mustContain(t *testing.T, what, got, want string) {
	t.Helper()
	if !strings.Contains(got, want) {
		t.Errorf("%s: got %q, want it to contain %q", what, got, want)
	}
}

func writeFile(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	// Not the mode of WriteFile, which the umask narrows and the SUID bit escapes.
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}
