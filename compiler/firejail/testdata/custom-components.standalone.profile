# compiled by confine; edit the policy instead
# start it as an ordinary user: for root firejail enforces less
noblacklist /airbyte
noblacklist /bin
noblacklist /config
noblacklist /dev
noblacklist /etc
noblacklist /lib
noblacklist /lib64
noblacklist /opt
noblacklist /proc
noblacklist /proc/mounts
noblacklist /proc/net
noblacklist /proc/self
noblacklist /proc/thread-self
noblacklist /run
noblacklist /source
noblacklist /srv
noblacklist /staging
noblacklist /sys
noblacklist /sys/fs
noblacklist /sys/fs/cgroup
noblacklist /tmp
noblacklist /usr
noblacklist /usr/bin
noblacklist /usr/lib
noblacklist /usr/lib64
noblacklist /usr/local
noblacklist /usr/share
whitelist /etc/.confine-none
whitelist /etc/ca-certificates
whitelist /etc/debian_version
whitelist /etc/gai.conf
whitelist /etc/group
whitelist /etc/host.conf
whitelist /etc/hosts
whitelist /etc/ld.so.cache
whitelist /etc/mime.types
whitelist /etc/nsswitch.conf
whitelist /etc/passwd
whitelist /etc/resolv.conf
whitelist /etc/services
whitelist /etc/ssl
whitelist /opt/.confine-none
whitelist /opt/source-declarative-manifest/bin/python
whitelist /opt/source-declarative-manifest/bin/python3
whitelist /opt/source-declarative-manifest/bin/python3.11
whitelist /opt/source-declarative-manifest/bin/source-declarative-manifest
whitelist /opt/source-declarative-manifest/lib
whitelist /opt/source-declarative-manifest/pyvenv.cfg
whitelist /run/.confine-none
whitelist /srv/.confine-none
whitelist /srv/airbyte
whitelist /staging/.confine-none
whitelist /staging/files
whitelist /tmp/.confine-none
whitelist /usr/bin/.confine-none
whitelist /usr/bin/python3
whitelist /usr/bin/python3.11
whitelist /usr/local/.confine-none
whitelist /usr/local/bin/python
whitelist /usr/local/bin/python3
whitelist /usr/local/bin/python3.11
whitelist /usr/local/lib
whitelist /usr/local/share/ca-certificates
whitelist /usr/share/.confine-none
whitelist /usr/share/ca-certificates
whitelist /usr/share/locale
whitelist /usr/share/zoneinfo
blacklist /*
blacklist /proc/[a-z]*
blacklist /sys/*
blacklist /sys/fs/*
blacklist /usr/*
blacklist /run/user
read-only /airbyte
noexec /airbyte
noexec /config
read-only /etc/ca-certificates
noexec /etc/ca-certificates
read-only /etc/debian_version
noexec /etc/debian_version
read-only /etc/gai.conf
noexec /etc/gai.conf
read-only /etc/group
noexec /etc/group
read-only /etc/host.conf
noexec /etc/host.conf
read-only /etc/hosts
noexec /etc/hosts
read-only /etc/ld.so.cache
noexec /etc/ld.so.cache
read-only /etc/mime.types
noexec /etc/mime.types
read-only /etc/nsswitch.conf
noexec /etc/nsswitch.conf
read-only /etc/passwd
noexec /etc/passwd
read-only /etc/resolv.conf
noexec /etc/resolv.conf
read-only /etc/services
noexec /etc/services
read-only /etc/ssl
noexec /etc/ssl
read-only /opt/source-declarative-manifest/bin/source-declarative-manifest
read-only /opt/source-declarative-manifest/lib
read-only /opt/source-declarative-manifest/pyvenv.cfg
noexec /opt/source-declarative-manifest/pyvenv.cfg
noexec /source
noexec /srv/airbyte
noexec /staging/files
read-only /sys/fs/cgroup
noexec /sys/fs/cgroup
noexec /tmp
read-only /usr/bin/python3.11
read-only /usr/lib
read-only /usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1
read-only /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
read-only /usr/lib64
read-only /usr/local/bin/python3.11
read-only /usr/local/lib
read-only /usr/local/share/ca-certificates
noexec /usr/local/share/ca-certificates
read-only /usr/share/ca-certificates
noexec /usr/share/ca-certificates
read-only /usr/share/locale
noexec /usr/share/locale
read-only /usr/share/zoneinfo
noexec /usr/share/zoneinfo
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
deterministic-shutdown
x11 none
rlimit-as 2147483648
rlimit-fsize 5368709120
rlimit-nofile 1024
rlimit-nproc 128
deterministic-exit-code
