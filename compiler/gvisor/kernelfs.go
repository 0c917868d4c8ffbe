package gvisor

import (
	"path"

	"confine/compiler"
	"confine/policy"
)

// What the sentry has in /proc of this release besides what a policy can show
// (pkg/sentry/fsimpl/proc/tasks.go). Nothing of it is the host's.
var (
	procFiles = []string{
		"cgroups", "cmdline", "cpuinfo", "devices", "filesystems", "loadavg", "meminfo", "modules",
		"sentry-meminfo", "stat", "sysrq-trigger", "uptime", "version",
	}
	procDirectories = []string{"bus", "fs", "gvisor", "irq", "sys"}
)

// sharedMemory is the directory of shm_open(3).
const sharedMemory = "/dev/shm"

// kernels reports whether a path lies in a file system of the kernel's.
func kernels(p string) bool { return within(p, "/proc") || within(p, "/sys") || within(p, "/dev") }

// kernelFilesystems mounts /proc, /sys and /dev, which runsc adds by itself, writable,
// where a bundle does not.
func (l *layout) kernelFilesystems() {
	for _, dir := range []string{"/proc", "/sys", "/dev"} {
		l.node(dir, compiler.NodeDirectory, modePassage)
	}
	if l.showsSys() {
		// Passed through, not listed. In a tmpfs runsc would make the directories on the
		// way itself, to be listed by everybody (runsc/boot/vfs.go, makeMountPoint).
		l.own("/sys")
	} else {
		l.closeDirectory("/sys")
	}
	if l.fs.Proc == policy.ProcSelf {
		l.mount("/proc", "proc", "proc", "ro", "nosuid", "noexec")
		l.close("/proc", procFiles, procDirectories)
	} else {
		l.closeDirectory("/proc")
	}
	l.devices()
}

// devices binds the devices of the policy one by one into an empty directory. The
// sentry serves them itself and opens none of the host's. Without a bind on /dev and on
// /dev/pts runsc mounts file systems of its own there, whatever else a bundle says, with
// more devices, to be listed by everybody; as guest user 0 that /dev would be a disk in
// memory without a limit (runsc/boot/vfs.go, compileMounts).
func (l *layout) devices() {
	// It can be passed through also where it holds nothing for the program: without
	// confine, a gofer that does not own the skeleton looks for /dev/pts in it.
	l.own("/dev")
	l.node("/dev/pts", compiler.NodeDirectory, modeClosed)
	l.own("/dev/pts")
	if l.fs.Dev != policy.DevMinimal {
		return
	}
	for _, device := range policy.MinimalDevices() {
		l.node(device, compiler.NodeFile, modePoint)
		l.mount(device, "bind", l.hostPath(device), "rbind", "nosuid", "ro", "noexec")
	}
	for name, fd := range map[string]string{"stdin": "/0", "stdout": "/1", "stderr": "/2", "fd": ""} {
		l.alias("/dev/"+name, "/proc/self/fd"+fd)
	}
	l.node(sharedMemory, compiler.NodeDirectory, modePassage)
	l.mount(sharedMemory, "tmpfs", "tmpfs", "nosuid", "noexec", "mode=1777")
}

// own binds a directory of the skeleton onto itself.
func (l *layout) own(dir string) {
	l.mount(dir, "bind", rootfs+dir, "rbind", "nosuid", "ro", "noexec")
}

// alias puts a symbolic link into the skeleton.
func (l *layout) alias(from, to string) {
	l.node(from, compiler.NodeLink, 0)
	n := l.nodes[from]
	n.Target = to
	l.nodes[from] = n
}

// close hides names of a file system of the sentry's.
func (l *layout) close(dir string, files, directories []string) {
	for _, name := range files {
		l.node(path.Join(dir, name), compiler.NodeFile, modePoint)
		l.closeFile(path.Join(dir, name))
	}
	for _, name := range directories {
		l.node(path.Join(dir, name), compiler.NodeDirectory, modeClosed)
		l.closeDirectory(path.Join(dir, name))
	}
}

// showsSys reports whether an entry shows something in /sys.
func (l *layout) showsSys() bool {
	for _, e := range l.fs.Entries {
		if _, there := l.kindOf(e); there && e.Mode.Visible() && within(e.Path, "/sys") {
			return true
		}
	}
	return false
}
