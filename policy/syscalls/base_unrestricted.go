package syscalls

import "errors"

// Unrestricted names the base list that is no filter. It must be typed.
const Unrestricted = "unrestricted"

// ErrNoFilter is the error of [Set.Filter] for [Unrestricted].
var ErrNoFilter = errors.New("syscalls: unrestricted is no filter")

func unrestrictedBase() Base {
	return Base{
		Name:    Unrestricted,
		Purpose: "no filter: every system call, also those of kernels to come",
		Open:    true,
	}
}
