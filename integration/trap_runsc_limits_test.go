//go:build linux

package integration

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

const rlimitSource = "pkg/sentry/limits/limits.go"

func (b *runscBundle) limited(name string, soft, hard uint64) *runscBundle {
	b.Process.Rlimits = []specs.POSIXRlimit{{Type: "RLIMIT_" + strings.ToUpper(name), Soft: soft, Hard: hard}}
	return b
}

// limitedOnHost runs the probe as the connector's user, without a sandbox, under a limit.
func limitedOnHost(t *testing.T, name string, n uint64, accesses ...string) map[string]string {
	t.Helper()
	words := append([]string{fmt.Sprintf("--%s=%d", name, n), probe}, accesses...)
	return answers(t, finish(t, asConnector(exec.Command("/usr/bin/prlimit", words...))).must(t, 0).stdout)
}

// TestTrapRunscLimitsThatHold: the sentry enforces these, for each process that a guest starts.
func TestTrapRunscLimitsThatHold(t *testing.T) {
	// cpu kills at once where the soft limit is the hard one.
	const kib, mib, gib = 1 << 10, 1 << 20, 1 << 30
	for _, c := range []struct {
		name             string
		limit, at, above uint64
		want             string
	}{
		{"as", 4 * gib, 4 * gib, 4*gib + 4*kib, "ENOMEM"},
		{"cpu", 1, 1, 2, "SIGKILL"},
		{"fsize", mib, mib, mib + 1, "EFBIG"},
		// Less than the limit can be had, by five pages.
		{"memlock", 64 * kib, 32 * kib, 64*kib + 4*kib, "ENOMEM"},
		{"nofile", 64, 64, 65, "EMFILE"},
		{"nproc", 30, 30, 31, "EAGAIN"},
		{"stack", mib, mib / 2, 2 * mib, "EFAULT"},
	} {
		at, above := fmt.Sprintf("rlimit %s=%d", c.name, c.at), fmt.Sprintf("rlimit %s=%d", c.name, c.above)
		got := newRunscBundle(t).limited(c.name, c.limit, c.limit).try(t, at, above)
		runscControl(t, got[at]+" "+got[above], "ok "+c.want, c.name+" at and above the limit")
		got = newRunscBundle(t).limited(c.name, 4*c.limit, 4*c.limit).try(t, above)
		runscControl(t, got[above], "ok", c.name+" above it under a higher limit")
	}
}

// TestTrapRunscLimitsThatDoNot: the sentry keeps these as numbers (pkg/sentry/limits), and the
// kernel of the host enforces them. It writes no core files at all.
func TestTrapRunscLimitsThatDoNot(t *testing.T) {
	for _, c := range []struct {
		name         string
		limit, above uint64
		inside, host string
	}{
		{"data", 256 << 20, 512 << 20, "ok", "ENOMEM"},
		{"nice", 0, 10, "ok", "EACCES"},
		{"core", 64 << 10, 64 << 10, "EFBIG", "ok"},
	} {
		access := fmt.Sprintf("rlimit %s=%d", c.name, c.above)
		got := newRunscBundle(t).limited(c.name, c.limit, c.limit).try(t, access)
		runscTrap(t, got[access], c.inside, "honours RLIMIT_"+strings.ToUpper(c.name), rlimitSource)
		runscControl(t, limitedOnHost(t, c.name, c.limit, access)[access], c.host, c.name+" on the host")
	}
}

// TestTrapRunscSoftLimitAboveHard: a soft limit above the hard one is taken as it is, and it
// is the one that holds. The kernel of the host refuses it.
func TestTrapRunscSoftLimitAboveHard(t *testing.T) {
	const access = "rlimit nofile=80"
	runscTrap(t, newRunscBundle(t).limited("nofile", 100, 50).try(t, access)[access], "ok", "holds a guest to the hard limit", rlimitSource)
	runscControl(t, newRunscBundle(t).limited("nofile", 50, 50).try(t, access)[access], "EMFILE", "a soft limit that is the hard one")
	o := finish(t, exec.Command("/usr/bin/prlimit", "--nofile=100:50", "/usr/bin/true"))
	runscControl(t, o.code != 0, true, "a soft limit above the hard one on the host")
}
