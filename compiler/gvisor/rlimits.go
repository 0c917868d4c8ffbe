package gvisor

import (
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"confine/compiler"
	"confine/policy"
)

// rlimitVerdicts say what becomes of a limit that is not enforced as it is written
// (pkg/sentry/syscalls/linux/sys_rlimit.go, pkg/sentry/platform/systrap/usertrap). The
// others are the sentry's to enforce.
var rlimitVerdicts = map[string]compiler.Verdict{
	"core":       stronger("the sentry writes no core files"),
	"rtprio":     stronger("nothing in the guest is scheduled in real time"),
	"rttime":     stronger("nothing in the guest is scheduled in real time"),
	"memlock":    stronger("the sentry, which locks five pages of every process for itself with systrap"),
	"nice":       weaker("the sentry stores it and takes any nice value, which reaches no processor of the host"),
	"data":       weaker("the sentry looks at brk(2) alone, and memory comes from mmap(2)"),
	"sigpending": weaker("the sentry stores it and queues signals without it"),
	"msgqueue":   weaker("the sentry stores it and makes queues without it"),
	"locks":      none(compiler.IgnoredByLinux("locks")),
	"rss":        none(compiler.IgnoredByLinux("rss")),
}

func rlimitVerdict(name string) compiler.Verdict {
	if v, ok := rlimitVerdicts[name]; ok {
		return v
	}
	return exact("the sentry, from right before execve")
}

// Stored are the limits that the guest cannot set itself: setrlimit(2) gives EPERM, so
// that they have to be in the bundle.
func Stored(name string) bool {
	switch name {
	case "nice", "rttime", "sigpending", "msgqueue", "locks":
		return true
	}
	return false
}

// RlimitType is the name of a limit in a config.json: runsc answers an unknown one
// with "EOF" and no more.
func RlimitType(name string) string { return "RLIMIT_" + strings.ToUpper(name) }

func rlimits(limits []policy.Rlimit, only func(string) bool) []specs.POSIXRlimit {
	var out []specs.POSIXRlimit
	for _, r := range limits {
		if only(r.Name) {
			out = append(out, specs.POSIXRlimit{Type: RlimitType(r.Name), Soft: r.Value, Hard: r.Value})
		}
	}
	return out
}
