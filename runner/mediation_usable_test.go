//go:build linux

package runner

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestListenerProblems(t *testing.T) {
	h := Host{Kernel: "5.15.0-91-generic"}
	for e, want := range map[unix.Errno]struct{ found, expected string }{
		unix.EFAULT: {},
		unix.EINVAL: {"Linux 5.15.0-91-generic", "Linux 5.19"},
		unix.ENOSYS: {"Linux 5.15.0-91-generic", "Linux 5.19"},
		unix.EPERM:  {"EPERM", "nothing around this caller"},
	} {
		t.Run(unix.ErrnoName(e), func(t *testing.T) {
			problems := h.listenerProblems(e)
			if (len(problems) == 0) != (want.found == "") {
				t.Fatalf("%v", problems)
			}
			for _, p := range problems {
				mustContain(t, "found", p.Found, want.found)
				mustContain(t, "expected", p.Expected, want.expected)
			}
		})
	}
}

// What is asked of the kernel for the problems is what a launch loads.
func TestTryListener(t *testing.T) {
	if e := tryListener(); e != unix.EFAULT {
		t.Errorf("%s; the kernel of the tests has what it takes", unix.ErrnoName(e))
	}
}
