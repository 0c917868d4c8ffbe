//go:build linux

package integration

import (
	"encoding/json"
	"slices"

	"confine/integration/doctoredrunsc/change"
)

func configured(way, value string) change.Change {
	return change.Change{Config: map[string]json.RawMessage{way: json.RawMessage(value)}}
}

func flagged(drop, add string) change.Change {
	c := change.Change{}
	if drop != "" {
		c.DropFlags = []string{drop}
	}
	if add != "" {
		c.AddFlags = []string{add}
	}
	return c
}

func remounted(destination string, m change.Mount) change.Change {
	return change.Change{Mounts: map[string]change.Mount{destination: m}}
}

func unmounted(destinations ...string) change.Change {
	return change.Change{DropMounts: destinations}
}

// bound adds a bind, and the mount point where it needs one.
func bound(from, at, point string, options string) change.Change {
	c := change.Change{AddMounts: []json.RawMessage{json.RawMessage(
		`{"type": "bind", "source": "` + from + `", "destination": "` + at + `", "options": ["rbind", "nosuid", ` + options + `]}`,
	)}}
	if point != "" {
		c.Skeleton = []string{"rootfs" + point}
	}
	return c
}

func guestOrdered(way, value string) change.Change {
	return change.Change{Order: map[string]json.RawMessage{way: json.RawMessage(value)}}
}

func guestLimited(kind string, value int64) change.Change {
	return change.Change{Limits: map[string]int64{kind: value}}
}

func doctoredGuests() []doctoredGuest {
	return slices.Concat(doctoredGuestNetwork(), doctoredGuestFilesystem(), doctoredGuestPaths(), doctoredGuestProcess(), doctoredGuestSandbox())
}

func doctoredGuestNetwork() []doctoredGuest {
	return []doctoredGuest{
		{clause: "network.mode", broken: "the host's network", change: change.Change{
			DropFlags: []string{"--network=none"}, AddFlags: []string{"--network=host"}, DropNamespace: "network",
		}},
		{clause: "network.mode", broken: "no network instead of the host's", policy: toHost, change: flagged("--network=host", "--network=none")},
		{clause: "network.mode", broken: "another mode in the order", change: guestOrdered("expectation.network", `"host"`)},
		{clause: "network.mode", broken: "no link to the gateway", policy: toEgress, change: flagged("--network=sandbox", "--network=none")},
		{clause: "network.mode", broken: "another name server", policy: toEgress, change: change.Change{
			Mounts: map[string]change.Mount{"/etc/resolv.conf": {Source: "/host/etc/resolv.conf"}},
		}},
	}
}

func doctoredGuestFilesystem() []doctoredGuest {
	return []doctoredGuest{
		{clause: "filesystem", broken: "a directory that no entry names", change: bound("/host/etc", "/etc", "/etc/", `"ro", "noexec"`)},
		{clause: "filesystem", broken: "the same, writable", change: bound("/host/srv", "/mnt", "/mnt/", `"rw", "noexec"`)},
		{clause: "filesystem", broken: "a directory where the host has none", change: bound("/host/etc", "/elsewhere", "/elsewhere/", `"ro", "noexec"`)},
		{clause: "filesystem", broken: "a file where the host has none", change: bound("/host/etc/passwd", "/elsewhere", "/elsewhere", `"ro", "noexec"`)},
		{clause: "filesystem", broken: "a file inside an entry", change: bound("/hostDIR/other/file", "DIR/read/file", "", `"ro", "noexec"`)},
		{clause: "filesystem", broken: "a directory inside an entry", change: bound("/hostDIR/other", "DIR/read/inner", "", `"ro", "noexec"`)},
		{clause: "filesystem", broken: "a root that can be written", change: configured("root.readonly", "false")},
		{clause: "filesystem", broken: "the host's /sys", change: change.Change{DropMounts: []string{"/sys"}}},

		{clause: "filesystem.links", broken: "leads elsewhere", change: change.Change{Links: map[string]string{"rootfsDIR/links/current": "/usr/bin"}}},
		{clause: "filesystem.links", broken: "left out of the order", change: guestOrdered("expectation.aliases", `[]`)},

		{clause: "filesystem.proc", broken: "a file of the kernel's is open", change: unmounted("/proc/cpuinfo")},
		{clause: "filesystem.proc", broken: "a directory of the kernel's is open", change: unmounted("/proc/sys")},
		{clause: "filesystem.proc", broken: "none, and still open", policy: []string{`proc = "self"`, `proc = "none"`}, change: remounted("/proc", change.Mount{Type: "proc", Source: "proc", Options: []string{"ro"}})},
		{clause: "filesystem.proc", broken: "another mode in the order", change: guestOrdered("expectation.proc", `"none"`)},

		{clause: "filesystem.dev", broken: "shared memory is executable", change: remounted("/dev/shm", change.Mount{Drop: []string{"noexec"}})},
		{clause: "filesystem.dev", broken: "no shared memory", change: unmounted("/dev/shm")},
		{clause: "filesystem.dev", broken: "the host's shared memory", change: remounted("/dev/shm", change.Mount{Type: "bind", Source: "/dev/shm", Options: []string{"rbind", "rw", "noexec", "nosuid"}})},
		{clause: "filesystem.dev", broken: "a device is closed", change: unmounted("/dev/full")},
		{clause: "filesystem.dev", broken: "a device is another", change: remounted("/dev/urandom", change.Mount{Source: "/dev/zero"})},
		{clause: "filesystem.dev", broken: "a device is a file", change: remounted("/dev/random", change.Mount{Source: "/hostDIR/other/file"})},
		{clause: "filesystem.dev", broken: "all devices of the guest's kernel", change: remounted("/dev", change.Mount{Type: "dev", Source: "dev", Options: []string{"ro"}})},
		{clause: "filesystem.dev", broken: "another mode in the order", change: guestOrdered("expectation.dev", `"none"`)},
	}
}

func doctoredGuestPaths() []doctoredGuest {
	var rows []doctoredGuest
	for _, mode := range []string{"read", "exec", "map", "write"} {
		clause, at := "filesystem."+mode, "DIR/"+mode
		rows = append(
			rows,
			doctoredGuest{clause: clause, broken: "left out of the order", change: guestOrdered("expectation.paths", `[]`)},
			doctoredGuest{clause: clause, broken: "missing", change: unmounted(at)},
			doctoredGuest{clause: clause, broken: "another directory", change: remounted(at, change.Mount{Source: "/hostDIR/other"})},
			doctoredGuest{clause: clause, broken: "an empty directory", change: remounted(at, change.Mount{Type: "tmpfs", Source: "tmpfs", Options: []string{"noexec"}})},
		)
		if mode != "write" {
			rows = append(rows, doctoredGuest{clause: clause, broken: "writable", change: remounted(at, change.Mount{Drop: []string{"ro"}, Add: []string{"rw"}})})
		}
	}
	return append(rows, []doctoredGuest{
		{clause: "filesystem.read", broken: "executable", change: remounted("DIR/read", change.Mount{Drop: []string{"noexec"}})},
		{clause: "filesystem.exec", broken: "not executable", change: remounted("DIR/exec", change.Mount{Add: []string{"noexec"}})},
		{clause: "filesystem.map", broken: "not mappable", change: remounted("DIR/map", change.Mount{Add: []string{"noexec"}})},
		{clause: "filesystem.write", broken: "executable", change: remounted("DIR/write", change.Mount{Drop: []string{"noexec"}})},
		{clause: "filesystem.write", broken: "not writable", change: remounted("DIR/write", change.Mount{Drop: []string{"rw"}, Add: []string{"ro"}})},
		{clause: "filesystem.write", broken: "written to memory", change: flagged("--overlay2=none", "--overlay2=all:memory")},

		{clause: "filesystem.tmp", broken: "executable", change: remounted("/tmp", change.Mount{Drop: []string{"noexec"}})},
		{clause: "filesystem.tmp", broken: "not writable", change: remounted("/tmp", change.Mount{Add: []string{"ro"}})},
		{clause: "filesystem.tmp", broken: "that of runsc", change: unmounted("/tmp")},
		{clause: "filesystem.tmp", broken: "the host's", change: remounted("/tmp", change.Mount{Type: "bind", Source: "/host/tmp", Options: []string{"rbind", "rw", "noexec", "nosuid"}})},
		{clause: "filesystem.tmp", broken: "not empty", change: remounted("/tmp", change.Mount{Type: "bind", Source: "/hostDIR/write", Options: []string{"rbind", "rw", "noexec", "nosuid"}})},
		{
			clause: "filesystem.tmp", broken: "of another size", policy: []string{`tmp = ["/tmp"]`, `tmp = [{ path = "/tmp", size = "1MiB" }]`},
			change: remounted("/tmp", change.Mount{Drop: []string{"size=1048576"}, Add: []string{"size=2097152"}}),
		},
		{clause: "filesystem.tmp", broken: "left out of the order", change: guestOrdered("expectation.paths", `[]`)},

		{clause: "filesystem.hide", broken: "a directory is open", change: unmounted("DIR/read/secret")},
		{
			clause: "filesystem.hide", broken: "a file is open", policy: []string{`hide = [`, `hide = ["DIR/read/file", `},
			change: unmounted("DIR/read/file"),
		},
		{
			// It cannot be listed, and what is in it can be opened.
			clause: "filesystem.hide", broken: "open to pass through", policy: []string{`hide = [`, `hide = ["DIR/read/passage", `},
			change: unmounted("DIR/read/passage"),
		},
		{clause: "filesystem.absent", broken: "there", change: change.Change{Skeleton: []string{"rootfsDIR/gone"}}},
		{
			clause: "filesystem.read", broken: "there, and missing outside", policy: []string{`read = [`, `read = ["DIR/optional/file?", `},
			change: bound("/hostDIR/other", "DIR/optional", "DIR/optional/", `"ro", "noexec"`),
		},
	}...)
}

func doctoredGuestProcess() []doctoredGuest {
	const capability = `["CAP_CHOWN"]` // CAP_NET_RAW would be taken away again
	return []doctoredGuest{
		{clause: "capabilities.keep", broken: "one in every set", change: configured("process.capabilities",
			`{"bounding": `+capability+`, "effective": `+capability+`, "permitted": `+capability+`, "inheritable": `+capability+`, "ambient": `+capability+`}`)},
		{clause: "capabilities.keep", broken: "one in the bounding set", change: configured("process.capabilities", `{"bounding": ["CAP_CHOWN"]}`)},
		{clause: "process.user", broken: "another user in the guest", change: configured("process.user", `{"uid": 1, "gid": 0}`)},
		{clause: "process.user", broken: "another group in the guest", change: configured("process.user", `{"uid": 0, "gid": 1}`)},
		{clause: "process.user", broken: "a supplementary group", change: configured("process.user", `{"uid": 0, "gid": 0, "additionalGids": [5]}`)},
		{clause: "process.directory", broken: "cannot be entered", policy: toBelow, change: change.Change{
			AddMounts: []json.RawMessage{json.RawMessage(`{"type": "tmpfs", "source": "tmpfs", "destination": "DIR/write/sub", "options": ["mode=0000"]}`)},
		}},
		{clause: "rlimits.nofile", broken: "lower than the policy's", change: guestLimited("RLIMIT_NOFILE", 100)},
		{clause: "rlimits.as", broken: "lower than the policy's", change: guestLimited("RLIMIT_AS", 4<<30)},
		{clause: "rlimits.locks", broken: "lower than the policy's", change: guestLimited("RLIMIT_LOCKS", 5)},
		{
			clause: "rlimits", broken: "one that the policy leaves to the caller",
			policy: []string{"nofile = 256\n", ""}, change: guestLimited("RLIMIT_NOFILE", 100),
		},
		{
			clause: "rlimits", broken: "a higher one that the policy leaves to the caller",
			policy: []string{"nproc = 10_000\n", ""}, change: guestLimited("RLIMIT_NPROC", -1),
		},
		{clause: "rlimits.cpu", broken: "another one in the order", change: guestOrdered("expectation.rlimits", `[]`)},
		{clause: "environment", broken: "another value in the order", change: guestOrdered("environment", `["FIXED=2"]`)},
		{clause: "syscalls.base", broken: "a filter that lets everything through in the order", change: guestOrdered("expectation.filter", `"BgAAAAAA/38="`)},
	}
}

func doctoredGuestSandbox() []doctoredGuest {
	return []doctoredGuest{
		{clause: "sandbox", broken: "privileges can be gained", change: configured("process.noNewPrivileges", "false")},
		{clause: "sandbox", broken: "a filter of runsc's", change: change.Change{
			AddFlags: []string{"--oci-seccomp"},
			Config:   map[string]json.RawMessage{"linux.seccomp": json.RawMessage(`{"defaultAction": "SCMP_ACT_ALLOW"}`)},
		}},
		{clause: "sandbox", broken: "another stdin", change: change.Change{Place: map[int]string{0: "/dev/null"}}},
		{clause: "sandbox", broken: "another stdout", change: change.Change{Place: map[int]string{1: "/dev/null"}}},
		{clause: "sandbox", broken: "another stderr", change: change.Change{Place: map[int]string{2: "/dev/null"}}},
		{clause: "sandbox", broken: "stdout and stderr are exchanged", change: change.Change{Swap: true}},
		{clause: "sandbox", broken: "runsc is a child of another process", change: change.Change{Child: true}},
		{clause: "sandbox", broken: "another program beside it", change: change.Change{Seen: true}},
		{clause: "sandbox", broken: "no sandbox, and processes as of one", change: change.Change{Bare: true, Family: true}},
		{clause: "sandbox", broken: "other controls", change: change.Change{Controls: map[string]json.RawMessage{"links": json.RawMessage(`{}`)}}},
		{clause: "sandbox", broken: "an order with other arguments", change: guestOrdered("arguments", `["/usr/bin/id"]`)},
		{clause: "sandbox", broken: "the sentry opens files itself", change: flagged("--directfs=false", "--directfs=true")},
		{clause: "sandbox", broken: "the sentry has the host's root", change: flagged("", "--TESTONLY-unsafe-nonroot")},
	}
}
