//go:build linux && !amd64

package stage

import "golang.org/x/sys/unix"

// int80 is x86's only.
func int80(uint32) int32 { return -int32(unix.ENOSYS) }
