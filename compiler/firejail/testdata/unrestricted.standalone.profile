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
seccomp !_sysctl,!acct,!add_key,!adjtimex,!afs_syscall,!bpf,!chroot,!clock_adjtime,!clock_settime,!create_module,!delete_module,!fanotify_init,!finit_module,!fsconfig,!fsmount,!fsopen,!fspick,!get_kernel_syms,!getpmsg,!init_module,!io_cancel,!io_destroy,!io_getevents,!io_setup,!io_submit,!ioperm,!iopl,!ioprio_set,!kexec_file_load,!kexec_load,!keyctl,!lookup_dcookie,!mbind,!migrate_pages,!modify_ldt,!mount,!move_mount,!move_pages,!name_to_handle_at,!nfsservctl,!open_by_handle_at,!open_tree,!perf_event_open,!personality,!pidfd_getfd,!pivot_root,!process_vm_readv,!process_vm_writev,!ptrace,!putpmsg,!query_module,!reboot,!remap_file_pages,!request_key,!security,!set_mempolicy,!setdomainname,!sethostname,!settimeofday,!swapoff,!swapon,!sysfs,!syslog,!tuxcall,!umount2,!uselib,!userfaultfd,!ustat,!vhangup,!vmsplice,!vserver
seccomp.block-secondary
restrict-namespaces
protocol unix,inet,inet6,netlink
deterministic-shutdown
x11 none
deterministic-exit-code
