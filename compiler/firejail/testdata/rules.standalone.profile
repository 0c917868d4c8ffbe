# compiled by confine; edit the policy instead
# start it as an ordinary user: for root firejail enforces less
noblacklist /dev
noblacklist /proc
noblacklist /proc/mounts
noblacklist /proc/net
noblacklist /proc/self
noblacklist /proc/thread-self
noblacklist /run
whitelist /run/.confine-none
blacklist /*
blacklist /proc/[a-z]*
blacklist /run/user
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
seccomp !personality,io_uring_setup,io_uring_enter,io_uring_register
seccomp.block-secondary
restrict-namespaces
protocol unix,inet,inet6,netlink
deterministic-shutdown
x11 none
deterministic-exit-code
