//go:build linux

package main

import "golang.org/x/sys/unix"

// getpid32 calls getpid by the entry of i386.
func getpid32() int32

// int80 wants to know its process id from the other table of system calls.
func int80(string) error {
	if pid := getpid32(); pid != int32(unix.Getpid()) {
		return unix.Errno(-pid)
	}
	return nil
}
