//go:build linux && !amd64

package main

import "golang.org/x/sys/unix"

// int80 is x86's only.
func int80(string) error { return unix.ENOSYS }
