# compiled by confine; edit the policy instead
noblacklist /bin
noblacklist /data
noblacklist /dev
noblacklist /lib
noblacklist /mnt
noblacklist /opt
noblacklist /proc
noblacklist /proc/mounts
noblacklist /proc/net
noblacklist /proc/self
noblacklist /proc/thread-self
noblacklist /run
noblacklist /srv
noblacklist /tmp
noblacklist /usr
noblacklist /usr/bin
noblacklist /usr/lib
whitelist /mnt/.confine-none
whitelist /opt/.confine-none
whitelist /opt/app
whitelist /opt/current
whitelist /run/.confine-none
whitelist /srv/.confine-none
whitelist /srv/data
whitelist /tmp/.confine-none
blacklist /*
blacklist /proc/[a-z]*
blacklist /usr/*
blacklist /run/user
blacklist /data/a b
blacklist /opt/app/secrets
blacklist /usr/lib/private
read-only /data
noexec /data
read-only /opt/app
noexec /opt/app
read-write /opt/app/state
noexec /opt/app/state
noexec /srv/data
noexec /srv/data/cache
read-only /srv/data/fixed
noexec /srv/data/fixed
noexec /tmp
read-only /usr/bin
read-only /usr/lib
read-only /usr/lib/ld.so
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
deterministic-exit-code
