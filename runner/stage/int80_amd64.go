//go:build linux

package stage

// int80 makes a call without arguments by the entry of i386, and returns what the
// kernel left in EAX.
func int80(number uint32) int32
