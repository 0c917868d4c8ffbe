//go:build linux

// Package notify brings a program's connections to the gateway where the program has no
// network namespace that is connected to it, and nobody any privilege: seccomp_unotify(2).
//
// The program runs under a filter that answers socket(2) and connect(2) with
// SECCOMP_RET_USER_NOTIF. Both wait for a supervisor, a process of the program's own uid
// and gid outside of its sandbox, which can be the runner's. It makes the sockets, for TCP alone, and keeps a
// descriptor of each until it is connected. At a connect it reads the address and hands it
// to the runner, with its own descriptor of the socket. The runner alone decides. It
// connects the socket to itself over loopback, gives the other end to the gateway, and says
// what the call returns. The kernel never runs a call that was notified, so that nothing
// that the program changes meanwhile matters: whatever address was read, and whichever of
// its sockets was meant, that is connected to the gateway for a host of the policy, or not
// at all. The socket is the program's from the beginning, with its options, duplicates and
// whatever polls for it.
//
// What fails, fails the call. Without a supervisor, which ends with the runner, the kernel
// answers ENOSYS.
//
// # What the filter has to do
//
// It is loaded with SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (Linux 5.19), or signals would
// restart calls whose connection is there already. Its listener must never be the
// program's. Beside connect(2), and socket(2) for AF_INET and AF_INET6, it denies what
// reaches hosts without them, and what leads a connection elsewhere than to its address:
//
//   - socket(2) for any other family; bind(2), listen(2) and io_uring_setup(2)
//   - sendto(2) with an address, and MSG_FASTOPEN in sendto(2), sendmsg(2) and sendmmsg(2)
//   - setsockopt(2) of SO_BINDTODEVICE, SO_BINDTOIFINDEX and SO_MARK; IP_OPTIONS; IPV6_RTHDR
//     and IPV6_2292RTHDR; TCP_FASTOPEN_CONNECT, TCP_REPAIR and TCP_ULP. A source route sends
//     what goes to 127.0.0.1 to any host first. The runner looks for them too, but a program
//     could set one right after
//   - setns(2) and unshare(2), and the calls of other architectures
//
// # What is needed
//
// Reading an address takes the right to trace the program, ptrace(2): the same uid, gid and
// user namespace, a program that is dumpable and has no capabilities beyond the supervisor's, and, where
// kernel.yama.ptrace_scope is 1, a supervisor that is the program's ancestor.
// Nothing takes pidfd_getfd(2), which the default profiles of Docker and containerd deny.
//
// # What differs from a network
//
//   - getsockname(2) and getpeername(2) show loopback addresses.
//   - A connect of a socket with O_NONBLOCK is complete when it returns.
//   - A host that cannot be reached resets a connection that was accepted, as with any
//     gateway here.
//   - A socket connects once: whatever became of the connection, another connect is EISCONN.
//     AF_UNSPEC does not disconnect it.
//   - A signal whose handler has no SA_RESTART, and that comes before the supervisor has
//     taken the call, makes it fail with EINTR, socket(2) too. Nothing is in progress then.
//   - Sockets that a program did not make under the filter connect nowhere: EACCES. So does
//     one that was in a message between processes when the supervisor looked for those that
//     nobody has any more.
//   - What sockets hold is charged to the supervisor's cgroup, not to the program's.
//   - Names are asked for over TCP: RES_OPTIONS=use-vc, which glibc reads and musl does not.
package notify
