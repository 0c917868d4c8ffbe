// Package guestseccomp writes a filter as the linux.seccomp of config.json that runsc
// executes when it is given --oci-seccomp: for a bundle that is used without confine,
// whose own launch loads the program of package seccomp.
//
// It is pure. What the fields mean is up to runsc, which reads them in another way than
// libseccomp does (runsc/specutils/seccomp/seccomp.go):
//
//   - The first entry that matches a call answers it, in the order of the file.
//   - Comparisons are 64 bits wide, and two on one argument are alternatives. So an entry
//     compares masked bits (SCMP_CMP_MASKED_EQ), each argument at most once.
//   - SCMP_ACT_ERRNO is EPERM: errnoRet and defaultErrnoRet are ignored. SCMP_ACT_TRACE is
//     ENOSYS, unless a tracer says otherwise.
//   - No action ends the process for certain. SCMP_ACT_KILL ends a thread and leaves the
//     others, which may wait for it for ever; SCMP_ACT_TRAP sends a signal.
//   - A name that runsc does not know is skipped, so that its call gets the default action,
//     as every number without a name does. Architectures are ignored: those of 32 bits
//     reach no filter, and are answered with ENOSYS.
//
// [Lower] says which answers that changes. What a filter denies is never executed.
package guestseccomp
