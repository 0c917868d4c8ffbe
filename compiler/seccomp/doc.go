// Package seccomp compiles filters of system calls into programs for seccomp(2).
//
// It is pure: no host, no system calls, no cgo. The target architecture is part
// of the filter, so any machine can compile for any other, and equal inputs give
// equal bytes.
//
// [Compile] turns a [syscalls.Filter] into a [Program] of classic BPF and returns
// it only after [Prove] has run it, in the interpreter [Run], against the meaning
// of the filter, [syscalls.Filter.Decide]. See seccomp(2) for what the kernel does
// with a program.
package seccomp
