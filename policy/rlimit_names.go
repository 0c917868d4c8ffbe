package policy

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// rlimitUnit is what a resource limit counts.
type rlimitUnit int

const (
	rlimitBytes rlimitUnit = iota
	rlimitSeconds
	rlimitMicroseconds
	rlimitCount
)

// rlimitKind is one resource of setrlimit(2).
type rlimitKind struct {
	name string
	unit rlimitUnit
	// min and max are the values that mean something to the kernel.
	min, max uint64
	// counts is the unit's name for a rlimitCount.
	counts string
}

// rlimitKinds are the resources of setrlimit(2), sorted by name. The kernel
// raises a cpu limit of 0 to one second; nice and rtprio are ceilings in the
// ranges of setrlimit(2).
var rlimitKinds = []rlimitKind{
	{name: "as", unit: rlimitBytes, max: math.MaxInt64},
	{name: "core", unit: rlimitBytes, max: math.MaxInt64},
	{name: "cpu", unit: rlimitSeconds, min: 1, max: math.MaxInt64},
	{name: "data", unit: rlimitBytes, max: math.MaxInt64},
	{name: "fsize", unit: rlimitBytes, max: math.MaxInt64},
	{name: "locks", unit: rlimitCount, max: math.MaxInt64, counts: "lock"},
	{name: "memlock", unit: rlimitBytes, max: math.MaxInt64},
	{name: "msgqueue", unit: rlimitBytes, max: math.MaxInt64},
	{name: "nice", unit: rlimitCount, max: 40, counts: "step"},
	{name: "nofile", unit: rlimitCount, max: 1 << 30, counts: "file"},
	{name: "nproc", unit: rlimitCount, max: math.MaxInt32, counts: "process"},
	{name: "rss", unit: rlimitBytes, max: math.MaxInt64},
	{name: "rtprio", unit: rlimitCount, max: 99, counts: "step"},
	{name: "rttime", unit: rlimitMicroseconds, max: math.MaxInt64},
	{name: "sigpending", unit: rlimitCount, max: math.MaxInt32, counts: "signal"},
	{name: "stack", unit: rlimitBytes, max: math.MaxInt64},
}

func rlimitNames() []string {
	names := make([]string, len(rlimitKinds))
	for i, kind := range rlimitKinds {
		names[i] = kind.name
	}
	return names
}

func rlimitKindOf(name string) (rlimitKind, bool) {
	for _, kind := range rlimitKinds {
		if kind.name == name {
			return kind, true
		}
	}
	return rlimitKind{}, false
}

// rlimitText gives a value of a limit in its unit.
func rlimitText(name string, value uint64) string {
	kind, _ := rlimitKindOf(name)
	return kind.text(value)
}

// Text gives the value of a limit as a policy would state it, for example "4GiB".
func (r Rlimit) Text() string { return rlimitText(r.Name, r.Value) }

// expected says what a value of the limit looks like.
func (k rlimitKind) expected() string {
	switch k.unit {
	case rlimitBytes:
		return `a number of bytes, or ` + expectedSize
	case rlimitSeconds:
		return `whole seconds: an integer, or ` + expectedDuration
	case rlimitMicroseconds:
		return `whole microseconds: an integer, or ` + expectedDuration
	default:
		return "an integer"
	}
}

// parse reads a value written as text: a size or a duration.
func (k rlimitKind) parse(text string) (value uint64, hint string, err error) {
	switch k.unit {
	case rlimitBytes:
		return parseSize(text)
	case rlimitSeconds, rlimitMicroseconds:
		unit := time.Second
		if k.unit == rlimitMicroseconds {
			unit = time.Microsecond
		}
		d, hint, err := parseDuration(text)
		if err == nil && d%unit != 0 {
			err = fmt.Errorf("%s is not a whole number of %ss", quote(text), unitNames[unit])
		}
		return uint64(d / unit), hint, err
	default:
		if _, err := strconv.ParseUint(text, 10, 63); err == nil {
			hint = text
		}
		return 0, hint, fmt.Errorf("%s is a string, not an integer", quote(text))
	}
}

var unitNames = map[time.Duration]string{time.Second: "second", time.Microsecond: "microsecond"}

// text gives a value in its unit, as a policy would state it.
func (k rlimitKind) text(value uint64) string {
	switch {
	case k.unit == rlimitBytes:
		return SizeText(value)
	case k.unit == rlimitSeconds && value <= math.MaxInt64/uint64(time.Second):
		return DurationText(time.Duration(value) * time.Second)
	case k.unit == rlimitMicroseconds && value <= math.MaxInt64/uint64(time.Microsecond):
		return DurationText(time.Duration(value) * time.Microsecond)
	}
	return strconv.FormatUint(value, 10)
}

// holds reports whether the kernel gives the value a meaning.
func (k rlimitKind) holds(value uint64) bool { return value >= k.min && value <= k.max }
