# compiled by confine; edit the policy instead
# start it as an ordinary user: for root firejail enforces less
noblacklist /dev
noblacklist /proc
noblacklist /proc/mounts
noblacklist /proc/net
noblacklist /proc/self
noblacklist /proc/thread-self
noblacklist /run
noblacklist /srv
noblacklist /usr
noblacklist /usr/bin
whitelist /run/.confine-none
whitelist /srv/.confine-none
whitelist /srv/work dir
blacklist /*
blacklist /proc/[a-z]*
blacklist /usr/*
blacklist /run/user
read-only /srv/work dir
noexec /srv/work dir
read-only /usr/bin
private-dev
noexec /dev/shm
blacklist /dev/ptmx
blacklist /dev/pts
blacklist /dev/log
net none
caps.drop all
nonewprivs
nogroups
noroot
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
deterministic-shutdown
x11 none
private-cwd /srv/work dir
rlimit-as 4294967296
rlimit-cpu 259200
rlimit-nofile 1024
rlimit-nproc 64
rlimit-sigpending 10
deterministic-exit-code
