//go:build linux

package integration

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"confine/policy"
)

// limitWorlds set every limit, and use the resource up to it, and a little more.
func limitWorlds(t *testing.T) []world {
	const kib, mib, gib, page = 1 << 10, 1 << 20, 1 << 30, 4 << 10
	const ignored = "the kernel enforces the limit no longer (setrlimit(2)), and the policy accepts that"
	const notUsable = "the filter keeps message queues out, and without rtprio there is no real time to use up: only the limit shows"
	type limit struct {
		name       string
		value, far uint64
		attempt    // what the two have in common
	}
	limits := []limit{
		{name: "as", value: 8 * gib, far: 8*gib + page},
		// A core file is also a file, so the limit of those is far above.
		{name: "core", value: mib, far: 2 * mib},
		{name: "cpu", value: 1, far: 2},
		{name: "data", value: gib, far: gib + page},
		{name: "fsize", value: 64 * mib, far: 64*mib + 1},
		{name: "locks", value: 8, far: 16, attempt: attempt{inside: "ok", because: ignored}},
		{name: "memlock", value: 256 * kib, far: 256*kib + page},
		{name: "msgqueue", value: 4096, far: 4097, attempt: attempt{deed: "limit", because: notUsable}},
		// No limit above 0 can be given where the caller has none (checkRlimits).
		{name: "nice", value: 0, far: 2, attempt: attempt{control: byRoot}},
		{name: "nofile", value: 64, far: 65},
		{name: "nproc", value: 80, far: 81},
		{name: "rss", value: mib, far: 64 * mib, attempt: attempt{inside: "ok", because: ignored}},
		{name: "rtprio", value: 0, far: 1, attempt: attempt{control: byRoot}},
		{name: "rttime", value: 200_000, far: 200_001, attempt: attempt{deed: "limit", because: notUsable}},
		{name: "sigpending", value: 16, far: 17},
		{name: "stack", value: mib, far: mib + page},
	}
	var table strings.Builder
	table.WriteString("[rlimits]\n")
	var attempts []attempt
	for _, l := range limits {
		fmt.Fprintf(&table, "%s = %d\n", l.name, l.value)
		for _, n := range []uint64{l.value, l.far} {
			a := l.attempt
			a.access = fmt.Sprintf("rlimit %s=%d", l.name, n)
			switch {
			case l.name == "core":
				a.deed = coreDeed(t, n)
			case a.deed != "":
				a.deed = fmt.Sprintf("%s %s=%d", a.deed, l.name, n)
			}
			if n == l.value && a.because == ignored {
				a.inside = ""
			}
			attempts = append(attempts, a)
		}
	}
	// Without these the policy is refused.
	for _, l := range limits {
		if l.because == ignored {
			table.WriteString(accepted(policy.RlimitClause(l.name)))
		}
	}
	const filesystem = "tmp = [\"/tmp\"]\nproc = \"self\"\ndev = \"minimal\""
	return []world{
		{name: "limits", policy: accessPolicy(t, nil, nil, filesystem, table.String()), attempts: attempts},
		{name: "no core file", policy: accessPolicy(t, nil, nil, filesystem, "[rlimits]\ncore = 0\n"), attempts: []attempt{
			{access: "rlimit core=0"},
			{access: "rlimit core=1", deed: coreDeed(t, 1)},
			{access: "rlimit nofile=1000"},
			{access: "rlimit fsize=67108865"},
			{access: "rlimit nproc=100"},
		}},
	}
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
