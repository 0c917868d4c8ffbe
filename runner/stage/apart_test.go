//go:build linux

package stage

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// What the process of apart finds in its environment.
const (
	apartTest = "CONFINE_TEST_APART"
	apartDir  = "CONFINE_TEST_DIRECTORY"
)

// apart runs the calling test again in a process of its own, in new namespaces if
// flags ask for them: what that test restricts or mounts ends with the process.
// There it returns a directory and true; in the calling test, after the other has
// passed, false. A test that calls it must return on false at once.
func apart(t *testing.T, flags uintptr) (dir string, inside bool) {
	t.Helper()
	if os.Getenv(apartTest) == t.Name() {
		if flags&syscall.CLONE_NEWNS != 0 {
			if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
				t.Fatalf("make the mounts private: %v", err)
			}
		}
		return os.Getenv(apartDir), true
	}
	needRoot(t)
	// Open to every user, unlike t.TempDir.
	public, err := os.MkdirTemp("", "confine-stage-")
	must(t, err, os.Chmod(public, 0o755))
	t.Cleanup(func() { must(t, os.RemoveAll(public)) })
	names := strings.Split(t.Name(), "/")
	for i, name := range names {
		names[i] = "^" + regexp.QuoteMeta(name) + "$"
	}
	cmd := exec.Command("/proc/self/exe", "-test.v", "-test.count=1", "-test.run="+strings.Join(names, "/"))
	cmd.Env = append(os.Environ(), apartTest+"="+t.Name(), apartDir+"="+public)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("in a process of its own: %v\n%s", err, out)
	}
	return "", false
}

// needRoot skips, with the reason, what an ordinary user cannot set up.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: it mounts, or changes to another user, in a process of its own")
	}
}

// must ends a test whose surroundings could not be made.
func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// expectCheck compares a check's outcome.
func expectCheck(t *testing.T, c Check, status Status, found string) {
	t.Helper()
	if c.Status != status || found != "" && c.Found != found {
		t.Errorf("%s %s: got %s, %q (expected %q); want %s, %q", c.Clause, c.Subject, c.Status, c.Found, c.Expected, status, found)
	}
}

// failed gives the subjects of the checks that did not hold.
func failed(checks []Check) (subjects []string) {
	for _, c := range checks {
		if c.Status == Failed {
			subjects = append(subjects, c.Subject)
		}
	}
	return subjects
}
