//go:build linux

// Package notify brings a program's connections to the gateway where the program has no
// network namespace of its own, and nobody any privilege: seccomp_unotify(2).
//
// The program runs under a filter that answers connect(2) with SECCOMP_RET_USER_NOTIF. The
// call waits while a supervisor, a process of the program's own uid and gid outside of its
// sandbox, reads the address, takes the socket, and hands both to the runner. The runner
// alone decides. It connects the socket to itself over loopback, gives the other end to
// the gateway, and says what the call returns. The kernel never runs the call, so that
// nothing that the program changes meanwhile matters: whatever socket was taken, and
// whatever address was read, it is connected to the gateway for a host of the policy, or
// not at all. It stays the program's own socket, with its options, its duplicates and
// whatever polls for it.
//
// What fails, fails the call. Without a supervisor, which ends with the runner, the kernel
// answers ENOSYS.
//
// # What the filter has to do
//
// It is loaded with SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (Linux 5.19), or signals would
// restart calls whose connection is there already. Its listener must never be the
// program's. Beside connect(2), it denies what reaches hosts without it, and what leads a
// connection elsewhere than its address says:
//
//   - socket(2) but for AF_INET and AF_INET6 with SOCK_STREAM and the protocol 0 or
//     IPPROTO_TCP; bind(2), listen(2) and io_uring_setup(2)
//   - sendto(2) with an address, and MSG_FASTOPEN in sendto(2), sendmsg(2) and sendmmsg(2)
//   - setsockopt(2) of SO_BINDTODEVICE, SO_BINDTOIFINDEX and SO_MARK; IP_OPTIONS; IPV6_RTHDR
//     and IPV6_2292RTHDR; TCP_FASTOPEN_CONNECT, TCP_REPAIR and TCP_ULP. A source route sends
//     what goes to 127.0.0.1 to any host first. The runner looks for them too, but a program
//     could set one right after
//   - setns(2) and unshare(2), and the calls of other architectures
//
// # What is needed
//
// The supervisor needs the right to trace the program, ptrace(2): the same uid and gid, a
// program that is dumpable and has no capabilities beyond the supervisor's, and, where
// kernel.yama.ptrace_scope is 1, a supervisor that is the program's ancestor.
//
// # What differs from a network
//
// getsockname(2) and getpeername(2) show loopback addresses. A connect of a socket with
// O_NONBLOCK is complete when it returns. What the host refuses resets a connection that
// was accepted, as with any gateway here. Names are asked for over TCP: RES_OPTIONS=use-vc,
// which glibc reads and musl does not.
package notify
