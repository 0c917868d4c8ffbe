//go:build linux && cgo && !gueststage

package runner

import (
	"errors"
	"os"
)

func guestBinary() (*os.File, error) { return nil, errors.New(guestBinaryProblem) }

const guestBinaryProblem = "this confine is linked to C and carries no stage for guests"
