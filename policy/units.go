package policy

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	sizeText  = regexp.MustCompile(`^([0-9]+)(KiB|MiB|GiB|TiB)$`)
	looseSize = regexp.MustCompile(`^([0-9]+) *([kKmMgGtT])(i?[bB])?$`)
)

var sizeUnits = map[string]uint64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}

// expectedSize and expectedDuration are what diagnostics say that a value must be.
const (
	expectedSize     = `a size such as "512MiB" (KiB, MiB, GiB, TiB)`
	expectedDuration = `a duration such as "90s", "30m" or "72h"`
)

// parseSize reads a size with a binary unit and gives bytes. The second result
// is an edit that would make the text a size, or empty.
func parseSize(text string) (bytes uint64, hint string, err error) {
	m := sizeText.FindStringSubmatch(text)
	if m == nil {
		if loose := looseSize.FindStringSubmatch(text); loose != nil {
			hint = fmt.Sprintf("%q", loose[1]+strings.ToUpper(loose[2])+"iB")
		}
		return 0, hint, fmt.Errorf("%s is not a size", quote(text))
	}
	n, err := strconv.ParseUint(m[1], 10, 64)
	unit := sizeUnits[m[2]]
	if err != nil || n > math.MaxInt64/unit {
		return 0, "", fmt.Errorf("size %s is out of range", quote(text))
	}
	return n * unit, "", nil
}

// looseDuration is a duration in words of people, and looseUnits what they stand for.
var (
	looseDuration = regexp.MustCompile(`^([0-9]{1,6}) *([a-zA-Z]+)$`)
	looseUnits    = map[string]time.Duration{
		"s": time.Second, "sec": time.Second, "second": time.Second,
		"m": time.Minute, "min": time.Minute, "minute": time.Minute,
		"h": time.Hour, "hr": time.Hour, "hour": time.Hour,
		"d": 24 * time.Hour, "day": 24 * time.Hour, "w": 7 * 24 * time.Hour, "week": 7 * 24 * time.Hour,
	}
)

// parseDuration reads a duration of Go's syntax. The second result is an edit that would
// make the text a duration, or empty.
func parseDuration(text string) (d time.Duration, hint string, err error) {
	d, err = time.ParseDuration(text)
	switch {
	case err != nil:
		if m := looseDuration.FindStringSubmatch(text); m != nil {
			n, _ := strconv.Atoi(m[1])
			word := strings.ToLower(m[2])
			unit, known := looseUnits[word]
			if !known {
				unit = looseUnits[strings.TrimSuffix(word, "s")]
			}
			if total := time.Duration(n) * unit; total > 0 && total/unit == time.Duration(n) {
				hint = fmt.Sprintf("%q", DurationText(total))
			}
		}
		return 0, hint, fmt.Errorf("%s is not a duration", quote(text))
	case d < 0:
		return 0, "", fmt.Errorf("duration %s is negative", quote(text))
	}
	return d, "", nil
}

// SizeText gives bytes in the largest unit that is exact.
func SizeText(bytes uint64) string {
	for _, unit := range []string{"TiB", "GiB", "MiB", "KiB"} {
		if size := sizeUnits[unit]; bytes >= size && bytes%size == 0 {
			return fmt.Sprintf("%d%s", bytes/size, unit)
		}
	}
	return strconv.FormatUint(bytes, 10)
}

// DurationText gives a duration as a policy would state it: "72h", not "72h0m0s".
func DurationText(d time.Duration) string {
	text := d.String()
	if short, ok := strings.CutSuffix(text, "m0s"); ok {
		text = short + "m"
	}
	if short, ok := strings.CutSuffix(text, "h0m"); ok {
		text = short + "h"
	}
	return text
}
