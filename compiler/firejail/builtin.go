package firejail

import (
	"slices"
	"strings"
)

// builtin is something that firejail does to a path whatever a profile says.
type builtin struct {
	path string
	// keeps says that the path stays there, so that it cannot be absent either.
	keeps bool
	// does completes "firejail ...".
	does string
}

// builtins are those of every release on the way of the directives that we write:
// fs_basic_fs and fs_proc_sys_dev_boot in fs.c, fs_var.c, restrict_users.c,
// dbus.c, and noprinters in profile.c.
var builtins = []builtin{
	{"/home", true, "replaces /home with a directory of its own"},
	{"/root", true, "replaces /root with a directory of its own"},
	{"/run/user", true, "replaces /run/user with a directory of its own"},
	{"/run/firejail", true, "keeps its state in /run/firejail"},

	{"/run/lock", false, "mounts an empty tmpfs on /run/lock"},
	{"/run/utmp", false, "mounts an empty file on /run/utmp"},
	{"/var/cache/apache2", false, "mounts an empty tmpfs on /var/cache/apache2"},
	{"/var/cache/lighttpd", false, "mounts an empty tmpfs on /var/cache/lighttpd"},
	{"/var/lib/dhcp", false, "mounts an empty tmpfs on /var/lib/dhcp"},
	{"/var/lib/nginx", false, "mounts an empty tmpfs on /var/lib/nginx"},
	{"/var/lib/snmp", false, "mounts an empty tmpfs on /var/lib/snmp"},
	{"/var/lib/sudo", false, "mounts an empty tmpfs on /var/lib/sudo"},
	{"/var/lock", false, "mounts an empty tmpfs on /var/lock"},
	{"/var/log", false, "mounts an empty tmpfs on /var/log"},
	{"/var/tmp", false, "mounts an empty tmpfs on /var/tmp"},

	{"/boot", false, "closes /boot"},
	{"/lib/modules", false, "closes /lib/modules"},
	{"/run/cups/cups.sock", false, "closes /run/cups/cups.sock"},
	{"/run/dbus/system_bus_socket", false, "closes /run/dbus/system_bus_socket"},
	{"/selinux", false, "closes /selinux"},
	{"/sys/firmware", false, "closes /sys/firmware"},
	{"/sys/hypervisor", false, "closes /sys/hypervisor"},
	{"/sys/kernel/debug", false, "closes /sys/kernel/debug"},
	{"/sys/kernel/uevent_helper", false, "closes /sys/kernel/uevent_helper"},
	{"/sys/kernel/vmcoreinfo", false, "closes /sys/kernel/vmcoreinfo"},
	{"/sys/power", false, "closes /sys/power"},
	{"/usr/lib/debug", false, "closes /usr/lib/debug"},
	{"/usr/lib/modules", false, "closes /usr/lib/modules"},
	{"/usr/src/linux", false, "closes /usr/src/linux"},

	{"/etc/group", false, "filters /etc/group"},
	{"/etc/passwd", false, "filters /etc/passwd"},
}

// hostNames and bubblewrap are what some releases do besides (fs_hostname.c; fs.c,
// fs_bwrap).
var (
	hostNames = []builtin{
		{"/etc/hostname", false, "rewrites /etc/hostname"},
		{"/etc/hosts", false, "rewrites /etc/hosts"},
	}
	bubblewrap = builtin{"/usr/bin/bwrap", false, "replaces /usr/bin/bwrap"}
)

// builtinsBy are those of the releases that do one, both or neither of the two.
var builtinsBy = func() map[[2]bool][]builtin {
	by := map[[2]bool][]builtin{}
	for _, names := range []bool{false, true} {
		for _, bwrap := range []bool{false, true} {
			all := slices.Clone(builtins)
			if names {
				all = append(all, hostNames...)
			}
			if bwrap {
				all = append(all, bubblewrap)
			}
			by[[2]bool{names, bwrap}] = all
		}
	}
	return by
}()

// builtinsOf are those of one release.
func builtinsOf(release Release) []builtin {
	return builtinsBy[[2]bool{release.RewritesHostNames, release.ReplacesBubblewrap}]
}

// copied are the files of which firejail shows a copy: with the system's and the
// caller's entries only, which is less and still what the program needs, or with
// another name for the machine.
func (b builtin) copied() bool {
	return strings.HasPrefix(b.does, "filters ") || strings.HasPrefix(b.does, "rewrites ")
}

// builtinAt finds what firejail does to a path or to a directory above it.
func builtinAt(p string, release Release) (builtin, bool) {
	for _, b := range builtinsOf(release) {
		if within(p, b.path) {
			return b, true
		}
	}
	return builtin{}, false
}

// builtinsBelow says what firejail does below a path, or at it by showing a copy.
func builtinsBelow(p string, release Release) string {
	var does []string
	for _, b := range builtinsOf(release) {
		if within(b.path, p) && (b.path != p || b.copied()) {
			does = append(does, b.does)
		}
	}
	return strings.Join(does, ", ")
}

// ownTmp reports whether firejail gives a private, empty directory at a path by
// itself: /var/tmp always, /tmp when it is emptied as a unit.
func ownTmp(p string) bool { return p == "/tmp" || p == "/var/tmp" }

// liftReadOnly gives the directive that a path in /etc or /var needs to be more
// than readable: firejail mounts both read-only and noexec.
func liftReadOnly(p string) (string, bool) {
	switch {
	case within(p, "/etc"):
		return "writable-etc", true
	case within(p, "/var"):
		return "writable-var", true
	}
	return "", false
}

// readOnlyAbove gives the directory above a path that firejail mounts read-only
// with no directive to lift it but read-write, which is for the user's own files.
func readOnlyAbove(p string) (string, bool) {
	for _, dir := range []string{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"} {
		if within(p, dir) {
			return dir, true
		}
	}
	return "", false
}
