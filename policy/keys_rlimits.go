package policy

import (
	"fmt"
	"math"
)

// rlimitDocs say what each limit of setrlimit(2) bounds.
var rlimitDocs = map[string]string{
	"as":         "the address space of a process, in bytes",
	"core":       "a core file, in bytes; 0 is none",
	"cpu":        "the processor time of a process, in seconds",
	"data":       "the data segment of a process, in bytes",
	"fsize":      "one file that is written, in bytes",
	"locks":      "file locks; Linux does not enforce it",
	"memlock":    "memory that is locked, in bytes",
	"msgqueue":   "POSIX message queues of the user, in bytes",
	"nice":       "how far the nice value can go down: to 20 minus this",
	"nofile":     "open files: one more than the highest descriptor",
	"nproc":      "processes and threads of the user",
	"rss":        "resident memory, in bytes; Linux does not enforce it",
	"rtprio":     "the ceiling of the real-time priority",
	"rttime":     "processor time of real-time scheduling without a pause, in microseconds",
	"sigpending": "signals that are queued for the user",
	"stack":      "the stack of a process, in bytes",
}

func rlimitsTable() Table {
	var keys []Key
	for _, kind := range rlimitKinds {
		keys = append(keys, Key{Name: kind.name, Doc: rlimitDocs[kind.name], Values: kind.values(), Otherwise: "inherited"})
	}
	return Table{
		Name: tableRlimits,
		Doc:  "the limits of setrlimit(2), soft and hard alike, by their names in lower case",
		Keys: append(keys, inherits(removeKeys(tableRlimits))...),
		Notes: []string{
			"No limit can be unlimited: one that is left out is the caller's.",
		},
		Example: `schema = 1
name   = "limits"

[rlimits]
as         = "4GiB"
core       = 0
cpu        = "72h"
data       = "2GiB"
fsize      = "16GiB"
locks      = 64
memlock    = "64KiB"
msgqueue   = "800KiB"
nice       = 20
nofile     = 1024
nproc      = 256
rss        = "1GiB"
rtprio     = 0
rttime     = "200ms"
sigpending = 1024
stack      = "8MiB"

# Linux ignores two of them, which no backend can change.
[[accept]]
backend = "firejail"
clause  = "rlimits.locks"
reason  = "stated for systems to come; Linux counts no locks"
until   = 2099-06-30

[[accept]]
backend = "firejail"
clause  = "rlimits.rss"
reason  = "stated for systems to come; Linux bounds no resident memory"
until   = 2099-06-30
`,
	}
}

// values describes the values of a limit.
func (k rlimitKind) values() []Value {
	number := Value{Kind: ValueInteger, Min: k.min}
	if k.max < math.MaxInt64 {
		number.Max = k.max
	}
	size, length := aSize()[0], aDuration()
	switch k.unit {
	case rlimitBytes:
		number.Says = "a number of bytes"
		return []Value{size, number}
	case rlimitSeconds:
		number.Says = "whole seconds"
		return []Value{length, number}
	case rlimitMicroseconds:
		number.Says = "whole microseconds"
		return []Value{length, number}
	default:
		number.Says = "a number"
		if number.Max > 0 {
			number.Says = fmt.Sprintf("a number from %d to %d", number.Min, number.Max)
		}
		return []Value{number}
	}
}

func capabilitiesTable() Table {
	return Table{
		Name: tableCapabilities,
		Doc:  "the capabilities that the program holds, in all five sets",
		Keys: append([]Key{
			{
				Name: "keep", Doc: "capabilities that the program keeps; no backend of this version gives any",
				Values: []Value{listOf(aCapability()...)}, Default: "[]",
			},
		}, inherits(removeFrom(tableCapabilities, map[string][]Value{
			"keep": orParameter(aCapability()...),
		}))...),
		Example: `schema = 1
name   = "privileged"

[capabilities]
keep = ["CAP_NET_BIND_SERVICE"]
`,
	}
}
