# compiled by confine; edit the policy instead
noblacklist /dev
noblacklist /etc
noblacklist /optional
noblacklist /proc
noblacklist /proc/mounts
noblacklist /proc/net
noblacklist /proc/self
noblacklist /proc/thread-self
noblacklist /run
noblacklist /scratch
noblacklist /sys
noblacklist /sys/class
noblacklist /sys/class/net
noblacklist /sys/fs
noblacklist /sys/fs/cgroup
noblacklist /tmp
noblacklist /usr
noblacklist /var
whitelist /etc/.confine-none
whitelist /etc/app/plugins
whitelist /etc/naïve
whitelist /etc/passwd
whitelist /run/.confine-none
whitelist /var/.confine-none
whitelist /var/lib/app/bin
whitelist /var/lib/app/state
whitelist /var/spool
whitelist /var/tmp
blacklist /*
blacklist /proc/[a-z]*
blacklist /sys/*
blacklist /sys/class/*
blacklist /sys/fs/*
blacklist /run/user
blacklist /sys/class/net/eth0
blacklist /usr/lib/secret
read-only /etc/app/plugins
read-only /etc/naïve
noexec /etc/naïve
read-only /etc/passwd
noexec /etc/passwd
read-only /optional
noexec /optional
noexec /scratch
read-only /sys/class/net
noexec /sys/class/net
read-only /sys/fs/cgroup
noexec /sys/fs/cgroup
noexec /tmp
read-only /usr
noexec /usr
read-write /usr/local/app
noexec /usr/local/app
read-only /var/lib/app/bin
noexec /var/lib/app/state
noexec /var/spool
noexec /var/tmp
writable-etc
writable-var
private-dev
noexec /dev/shm
blacklist /dev/ptmx
blacklist /dev/pts
blacklist /dev/log
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
deterministic-exit-code
