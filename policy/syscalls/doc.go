// Package syscalls is the meaning of the [syscalls] table of a policy: which
// system calls there are on each [Arch], what their arguments are, the documented
// base lists, and what a list of names and rules allows.
//
// It is pure: no host, no system calls. A [Base] is a documented list. For one
// architecture it becomes a [Filter], whose meaning is [Filter.Decide]; turning a
// filter into a program for the kernel is the compiler's.
package syscalls
