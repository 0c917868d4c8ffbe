//go:build linux

// Command fakefirejail stands in for firejail in a test: it tells the right
// version, takes every option and runs the program bare, as its caller.
package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Println("firejail version 0.9.72")
		return
	}
	// Back from the SUID bit to the caller.
	if err := syscall.Setresuid(os.Getuid(), os.Getuid(), os.Getuid()); err != nil {
		fmt.Fprintln(os.Stderr, "fakefirejail:", err)
		os.Exit(1)
	}
	program := os.Args[1:]
	for len(program) > 0 && strings.HasPrefix(program[0], "--") {
		program = program[1:]
	}
	err := syscall.Exec(program[0], program, os.Environ())
	fmt.Fprintln(os.Stderr, "fakefirejail:", err)
	os.Exit(1)
}
