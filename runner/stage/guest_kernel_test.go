//go:build linux

package stage

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
)

// This is the host's kernel: whatever it calls itself, it is not the sentry.
func TestHostIsNoGuest(t *testing.T) {
	checks := checkKernel(kernelAnswers())
	failed := 0
	for _, c := range checks {
		if c.Clause != sandboxClause {
			t.Errorf("%+v", c)
		}
		if c.Status == Failed && strings.HasSuffix(c.Subject, "in the guest") && c.Subject != "kind of the control socket in the guest" {
			failed++
		}
	}
	if failed == 0 {
		t.Errorf("no call tells the host's kernel from the sentry: %+v", checks)
	}
}

// What neither kernel knows tells nothing.
func TestKernelAnswersThatTellNothing(t *testing.T) {
	unknown := []Outcome{{Errno: unix.ENOSYS}, {Errno: unix.ENOSYS}, {Errno: unix.ENOSYS}}
	for _, c := range checkKernel(unknown) {
		if c.Found == "ENOSYS" && c.Status == Proven {
			t.Errorf("%+v", c)
		}
	}
}

func TestCapabilitiesOfTheKernel(t *testing.T) {
	text, err := os.ReadFile("/proc/self/status")
	must(t, err)
	status := ParseProcStatus(string(text))
	if os.Getuid() == 0 && status["CapEff"] == "0000000000000000" {
		t.Skip("needs capabilities to see any")
	}
	for _, c := range checkPrivileges() {
		if want, ok := status[c.Subject]; ok && strings.HasPrefix(c.Subject, "Cap") && c.Found != want {
			t.Errorf("%s: found %s, the kernel says %s", c.Subject, c.Found, want)
		}
		if c.Subject == "NoNewPrivs" && c.Found != status["NoNewPrivs"] {
			t.Errorf("NoNewPrivs: found %s", c.Found)
		}
	}
}

func TestGuestDevices(t *testing.T) {
	e := compiler.Expectation{Dev: policy.DevMinimal}
	for _, c := range checkGuestDevices(e) {
		expectCheck(t, c, Proven, "open")
	}
	if checks := checkGuestDevices(compiler.Expectation{Dev: policy.DevNone}); len(checks) != 0 {
		t.Errorf("without devices: %+v", checks)
	}
}

// A device is what its number says, whatever its name.
func TestGuestDeviceThatIsAnother(t *testing.T) {
	dir, inside := apart(t, syscall.CLONE_NEWNS)
	if !inside {
		return
	}
	file := filepath.Join(dir, "file")
	must(t, os.WriteFile(file, []byte("x"), 0o666))
	for over, source := range map[string]string{"/dev/urandom": "/dev/zero", "/dev/full": file} {
		must(t, unix.Mount(source, over, "", unix.MS_BIND, ""))
	}
	for _, c := range checkGuestDevices(compiler.Expectation{Dev: policy.DevMinimal}) {
		status, found := Proven, "open"
		if c.Subject == "/dev/urandom" || c.Subject == "/dev/full" {
			status, found = Failed, "another file"
		}
		expectCheck(t, c, status, found)
	}
}

// What the guest's kernel shows besides is told under the clause that it belongs to.
func TestClosedNames(t *testing.T) {
	e := compiler.Expectation{Closed: []string{"/proc/version", "/proc/no-such-file", "/dev/no-such-device"}}
	checks := checkClosed(e)
	if len(checks) != 2 {
		t.Fatalf("got %+v", checks)
	}
	expectCheck(t, checks[0], Failed, "1 of 2 open: /proc/version")
	expectCheck(t, checks[1], Proven, "0 of 1 open")
	if checks[0].Clause != policy.ClauseFilesystemProc || checks[1].Clause != policy.ClauseFilesystemDev {
		t.Errorf("clauses %s and %s", checks[0].Clause, checks[1].Clause)
	}
}
