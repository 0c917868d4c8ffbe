//go:build linux

package stage

import (
	"fmt"
	"strings"

	"confine/compiler"
	"confine/policy"
)

// checkClosed opens the names of the guest's own /proc and /dev that no policy shows.
func checkClosed(e compiler.Expectation) Check {
	c := Check{
		Clause: policy.ClauseFilesystemProc, Subject: "what else the guest's kernel shows", At: e.ProcAt,
		Expected: fmt.Sprintf("0 of %d open", len(e.Closed)), Status: Proven,
	}
	var open []string
	for _, name := range e.Closed {
		if reachable(name) {
			open = append(open, name)
		}
	}
	c.Found = fmt.Sprintf("%d of %d open", len(open), len(e.Closed))
	if len(open) > 0 {
		c.Found += ": " + strings.Join(open, " ")
		c.Status = Failed
	}
	return c
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
		if !deviceOpens(device) {
			found = "closed"
		}
		checks = append(checks, equal(policy.ClauseFilesystemDev, device, e.DevAt, "open", found))
	}
	return checks
}
