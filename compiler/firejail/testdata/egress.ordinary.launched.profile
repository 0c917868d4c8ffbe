# compiled by confine; edit the policy instead
noblacklist /dev
noblacklist /etc
noblacklist /proc
noblacklist /proc/mounts
noblacklist /proc/net
noblacklist /proc/self
noblacklist /proc/thread-self
noblacklist /run
noblacklist /usr
noblacklist /usr/bin
noblacklist /usr/lib
whitelist /etc/.confine-none
whitelist /etc/hosts
whitelist /etc/resolv.conf
whitelist /run/.confine-none
blacklist /*
blacklist /proc/[a-z]*
blacklist /usr/*
blacklist /run/user
read-only /etc/hosts
noexec /etc/hosts
read-only /etc/resolv.conf
noexec /etc/resolv.conf
read-only /usr/bin
read-only /usr/lib
private-dev
noexec /dev/shm
blacklist /dev/ptmx
blacklist /dev/pts
blacklist /dev/log
net none
caps.drop all
nonewprivs
nogroups
ipc-namespace
nodbus
no3d
nosound
novideo
notv
nodvd
nou2f
noinput
noprinters
seccomp io_uring_setup,io_uring_enter,io_uring_register
seccomp.block-secondary
restrict-namespaces
protocol unix,inet,inet6,netlink
deterministic-exit-code
