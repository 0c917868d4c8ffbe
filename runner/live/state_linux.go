package live

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"confine/policy"
)

// state looks at what the process has.
func state(a policy.Access) Answer {
	switch a.Kind {
	case policy.AccessRlimit:
		return limit(a.Target, a.Value)
	case policy.AccessCapability:
		return capability(a.Target)
	case policy.AccessEnv:
		if _, set := os.LookupEnv(a.Target); !set {
			return Answer{Outcome: Denied}
		}
		return Answer{Outcome: Allowed}
	}
	return unclear("the prober does not know %q", a.Kind)
}

// resources are those of setrlimit(2), whose numbers are the same on every machine that
// confine knows.
var resources = map[string]int{
	"cpu": unix.RLIMIT_CPU, "fsize": unix.RLIMIT_FSIZE, "data": unix.RLIMIT_DATA, "stack": unix.RLIMIT_STACK,
	"core": unix.RLIMIT_CORE, "rss": unix.RLIMIT_RSS, "nproc": unix.RLIMIT_NPROC, "nofile": unix.RLIMIT_NOFILE,
	"memlock": unix.RLIMIT_MEMLOCK, "as": unix.RLIMIT_AS, "locks": unix.RLIMIT_LOCKS, "sigpending": unix.RLIMIT_SIGPENDING,
	"msgqueue": unix.RLIMIT_MSGQUEUE, "nice": unix.RLIMIT_NICE, "rtprio": unix.RLIMIT_RTPRIO, "rttime": unix.RLIMIT_RTTIME,
}

// limit is denied where the hard limit is lower: only a capability could raise it.
func limit(name string, value uint64) Answer {
	resource, ok := resources[name]
	if !ok {
		return unclear("the prober does not know the limit %q", name)
	}
	var now unix.Rlimit
	if err := unix.Prlimit(0, resource, nil, &now); err != nil {
		return unclear("the limit cannot be read: %v", err)
	}
	if value > now.Max {
		return Answer{Outcome: Denied}
	}
	return Answer{Outcome: Allowed}
}

// capability is allowed where any of the five sets has it.
func capability(name string) Answer {
	bit := slices.Index(policy.CapabilityNames(), name)
	if bit < 0 {
		return unclear("the prober does not know the capability %q", name)
	}
	sets, err := capabilitySets()
	if err != nil {
		return unclear("the capabilities cannot be read: %v", err)
	}
	if sets&(1<<bit) == 0 {
		return Answer{Outcome: Denied}
	}
	return Answer{Outcome: Allowed}
}

// capabilitySets unites the five sets of the process, see proc(5).
func capabilitySets() (uint64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	var all uint64
	found := 0
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		switch name {
		case "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb":
		default:
			continue
		}
		bits, err := strconv.ParseUint(strings.TrimSpace(value), 16, 64)
		if err != nil {
			return 0, err
		}
		all |= bits
		found++
	}
	const sets = 5
	if found != sets {
		return 0, fmt.Errorf("/proc/self/status shows %d of %d sets", found, sets)
	}
	return all, nil
}
