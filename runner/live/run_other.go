//go:build !linux

package live

import "errors"

// Run refuses: what encloses programs is Linux.
func Run(Options) (*Report, error) {
	return nil, errors.New("accesses are tried on Linux only: nothing was launched")
}
