//go:build linux && gueststage

package runner

import (
	_ "embed"
	"os"
	"strconv"
)

// guestStage is runner/stage/guest, which the Makefile builds first.
//
//go:embed guest.stage
var guestStage []byte

func guestBinary() (*os.File, error) {
	f, err := sealedMemfd("stage", guestStage)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// The sentry executes nothing that it could write to.
	return os.Open("/proc/self/fd/" + strconv.Itoa(int(f.Fd())))
}

const guestBinaryProblem = ""
