//go:build linux

package integration

import (
	"os/exec"
	"testing"
)

// TestTrapRunscCallsThatAreMissing: the sentry does not have these, and they are ENOSYS for any
// guest (pkg/sentry/syscalls/linux/linux64.go). A stage that restricts itself with Landlock
// cannot do so in it, and a policy that denies these calls proves nothing by trying.
func TestTrapRunscCallsThatAreMissing(t *testing.T) {
	names := []string{"landlock_create_ruleset", "landlock_restrict_self", "io_uring_setup", "userfaultfd", "fanotify_init", "keyctl"}
	var accesses []string
	for _, name := range names {
		accesses = append(accesses, "syscall "+name)
	}
	inside := newRunscBundle(t).try(t, accesses...)
	outside := answers(t, finish(t, exec.Command(probe, accesses...)).must(t, 0).stdout)
	for _, access := range accesses {
		runscTrap(t, inside[access], "ENOSYS", "has "+access, "pkg/sentry/syscalls/linux/linux64.go")
		runscControl(t, outside[access], "ok", access+" on the host, whose kernel lacks it otherwise")
	}
}
