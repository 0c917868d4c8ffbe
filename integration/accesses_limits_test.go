//go:build linux

package integration

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"testing"

	"confine/compiler"
	"confine/policy"
)

// limit is one that a world sets, and uses up to its value and a little more.
type limit struct {
	name       string
	value, far uint64
	attempt    // what the two have in common
	// at and beyond are what the engines do otherwise with the value, and with far.
	at, beyond struct{ firejail, gvisor, native other }
}

// limitWorlds set every limit, and use the resource up to it, and a little more.
func limitWorlds(t *testing.T) []world {
	const kib, mib, gib, page = 1 << 10, 1 << 20, 1 << 30, 4 << 10
	const notUsable = "without rtprio there is no real time to use up: only the limit shows"
	const noQueues = "Landlock lets nobody make a queue: only the limit shows"
	type engines = struct{ firejail, gvisor, native other }
	var (
		ignored  = other{inside: "ok", because: "Linux enforces the limit no longer (setrlimit(2)), and the policy accepts that"}
		stored   = engines{gvisor: other{inside: "ok", because: "the sentry stores the limit and asks nobody for it, and the policy accepts that"}}
		platform = engines{gvisor: other{inside: "ENOMEM", because: "the systrap platform locks five pages of every process for itself"}}
	)
	limits := []limit{
		{name: "as", value: 8 * gib, far: 8*gib + page},
		// A core file is also a file, so the limit of those is far above.
		{name: "core", value: mib, far: 2 * mib},
		{name: "data", value: gib, far: gib + page, beyond: stored},
		{name: "fsize", value: 64 * mib, far: 64*mib + 1},
		{name: "locks", value: 8, far: 16, beyond: engines{ignored, ignored, ignored}},
		{name: "memlock", value: 256 * kib, far: 256*kib + page, at: platform},
		{name: "msgqueue", value: 4096, far: 4097, attempt: attempt{deed: "limit", because: noQueues}, beyond: stored},
		// No limit above 0 can be given where the caller has none (checkRlimits).
		{name: "nice", value: 0, far: 2, attempt: attempt{control: byRoot}, beyond: stored},
		{name: "nofile", value: 64, far: 65},
		// The warden's threads, which count under native, come and go.
		{name: "nproc", value: 80, far: 84},
		{name: "rss", value: mib, far: 64 * mib, beyond: engines{ignored, ignored, ignored}},
		{name: "rtprio", value: 0, far: 1, attempt: attempt{control: byRoot}},
		{name: "rttime", value: 200_000, far: 200_001, attempt: attempt{deed: "limit", because: notUsable}},
		{name: "sigpending", value: 16, far: 17, beyond: stored},
		{name: "stack", value: mib, far: mib + page},
	}
	lower := []limit{
		{name: "as", value: 3 * gib, far: 3*gib + page},
		{name: "data", value: 600 * mib, far: 601 * mib, beyond: stored},
		{name: "fsize", value: 4095, far: 4096},
		{name: "memlock", value: 64 * kib, far: 128 * kib, at: platform},
		{name: "msgqueue", value: 2048, far: 4096, attempt: attempt{deed: "limit", because: noQueues}, beyond: stored},
		{name: "nofile", value: 20, far: 1000},
		{name: "nproc", value: 60, far: 64},
		{name: "sigpending", value: 3, far: 12, beyond: stored},
		{name: "stack", value: 512 * kib, far: mib},
	}
	const filesystem = "tmp = [\"/tmp\"]\nproc = \"self\"\ndev = \"minimal\""
	all := limitWorld(t, "limits", filesystem, limits)
	all.attempts = append(all.attempts, attempt{access: fmt.Sprintf("rlimit memlock=%d", 128*kib)})
	return []world{
		all,
		// By itself: the others take more than a second of the processor.
		limitWorld(t, "limit of time", filesystem, []limit{{name: "cpu", value: 1, far: 2}}),
		limitWorld(t, "lower limits", filesystem, lower),
		{name: "no core file", policy: accessPolicy(t, nil, nil, filesystem, "[rlimits]\ncore = 0\n"), attempts: []attempt{
			{access: "rlimit core=0"},
			{access: "rlimit core=1", deed: coreDeed(t, 1)},
			{access: "rlimit nofile=1000"},
			{access: "rlimit fsize=67108865"},
			{access: "rlimit nproc=100"},
		}},
	}
}

func limitWorld(t *testing.T, name, filesystem string, limits []limit) world {
	t.Helper()
	var table, exceptions strings.Builder
	table.WriteString("[rlimits]\n")
	w := world{name: name}
	for _, l := range limits {
		fmt.Fprintf(&table, "%s = %d\n", l.name, l.value)
		for _, n := range []uint64{l.value, l.far} {
			a := l.attempt
			a.access = fmt.Sprintf("rlimit %s=%d", l.name, n)
			a.firejail, a.gvisor, a.native = l.at.firejail, l.at.gvisor, l.at.native
			if n == l.far {
				a.firejail, a.gvisor, a.native = l.beyond.firejail, l.beyond.gvisor, l.beyond.native
			}
			switch {
			case l.name == "core":
				if a.deed = coreDeed(t, n); a.deed == a.access && n == l.value {
					a.gvisor = other{inside: "EFBIG", because: "the sentry writes no core files"}
				}
			case l.name == "msgqueue":
				a.deed = fmt.Sprintf("limit %s=%d", l.name, n)
				a.gvisor.deed = a.access
				a.gvisor.because = cmp.Or(a.gvisor.because, "the guest can make queues")
			case a.deed != "":
				a.deed = fmt.Sprintf("%s %s=%d", a.deed, l.name, n)
				a.gvisor = other{deed: fmt.Sprintf("shows %s=%d", l.name, n), because: "the guest cannot lower it, to show the limit by that"}
			}
			w.attempts = append(w.attempts, a)
		}
		// Without these the policy is refused.
		for backend, o := range map[compiler.Backend]other{
			compiler.Firejail: l.beyond.firejail, compiler.GVisor: l.beyond.gvisor, compiler.Native: l.beyond.native,
		} {
			if o.inside == "ok" {
				exceptions.WriteString(accepted(backend, policy.RlimitClause(l.name)))
			}
		}
	}
	table.WriteString("[syscalls]\nbase = \"default\"\nallow = [\"mq_open\", \"mq_unlink\"]\n")
	w.policy = accessPolicy(t, nil, nil, filesystem, table.String()+exceptions.String())
	return w
}

// coreDeed is a crash, where the kernel writes core files into the directory of
// the process. A program that takes them is not bound by the limit, so that only
// the limit itself shows.
func coreDeed(t *testing.T, n uint64) string {
	t.Helper()
	pattern, err := os.ReadFile("/proc/sys/kernel/core_pattern")
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimSpace(string(pattern)) == "core" {
		return fmt.Sprintf("rlimit core=%d", n)
	}
	return fmt.Sprintf("limit core=%d", n)
}
