//go:build linux

package stage

import (
	"fmt"
	"path/filepath"
	"strings"

	"confine/compiler"
	"confine/policy"
)

// checkClosed opens the names of the guest's own /proc and /dev that no policy shows.
func checkClosed(e compiler.Expectation) []Check {
	return []Check{
		closed(e, "/proc/", policy.ClauseFilesystemProc, e.ProcAt), closed(e, "/dev/", policy.ClauseFilesystemDev, e.DevAt),
	}
}

func closed(e compiler.Expectation, below, clause string, at policy.Position) Check {
	var open []string
	all := 0
	for _, name := range e.Closed {
		if !strings.HasPrefix(name, below) {
			continue
		}
		if all++; reachable(name) {
			open = append(open, name)
		}
	}
	found := fmt.Sprintf("%d of %d open", len(open), all)
	if len(open) > 0 {
		found += ": " + strings.Join(open, " ")
	}
	return equal(clause, "what else the guest's kernel shows in "+below, at, fmt.Sprintf("0 of %d open", all), found)
}

// checkGuestDevices opens the devices of the policy, which are the sentry's own.
func checkGuestDevices(e compiler.Expectation) []Check {
	if e.Dev != policy.DevMinimal {
		return nil
	}
	var checks []Check
	for _, device := range policy.MinimalDevices() {
		if device == "/dev/tty" {
			continue // ENXIO without a terminal, and there never is one in a guest
		}
		found := "open"
		switch {
		case !deviceOpens(device):
			found = "closed"
		case !isDevice(filepath.Base(device)):
			found = "another file"
		}
		checks = append(checks, equal(policy.ClauseFilesystemDev, device, e.DevAt, "open", found))
	}
	return checks
}
