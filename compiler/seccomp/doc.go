// Package seccomp compiles named lists of system calls into seccomp filters.
//
// It is pure: no host, no system calls, no cgo. The target architecture is an
// argument, so any machine can compile for any other, and equal inputs give
// equal bytes.
//
// A [Base] is a documented list. For one [Arch] it becomes a [Filter], whose
// meaning is [Filter.Decide]. [Filter.Compile] turns the filter into a
// [Program] of classic BPF and returns it only after [Prove] has run it, in the
// interpreter [Run], against that meaning. See seccomp(2) for what the kernel
// does with a program.
package seccomp
