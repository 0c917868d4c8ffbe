package firejail

import (
	"strings"

	"confine/compiler"
)

// Release is what one release of firejail does differently from others, as far as
// our profiles and launches meet it. What is not here is the same in all of them.
type Release struct {
	Version compiler.Version
	// SeccompFilters is how many programs it installs for the lines of syscallLines
	// (sandbox.c): seccomp, block-secondary, which comes in the place of seccomp.32,
	// protocol, and restrict-namespaces for either table of system calls.
	SeccompFilters int
	// ContainerVariable releases believe container=docker in their environment, and
	// then confine or fail where they take the host for a container (no_sandbox.c,
	// check_namespace_virt). The others start the program there without any sandbox.
	ContainerVariable bool
	// ShowsInit releases leave /proc/1 open, with firejail's own arguments; the others
	// close its cmdline, comm, stat, statm and status (fs.c, fs_proc_sys_dev_boot).
	ShowsInit bool
	// RewritesHostNames releases show an /etc/hosts and an /etc/hostname of their own,
	// without being asked for a host name (sandbox.c, fs_hostname).
	RewritesHostNames bool
	// ReplacesBubblewrap releases mount a program of their own on /usr/bin/bwrap.
	ReplacesBubblewrap bool
	// LenientBlacklist releases warn and go on where a path cannot be mounted over
	// (fs.c, disable_file); the others end.
	LenientBlacklist bool
}

// releases are those whose behaviour was measured, the oldest first. Odd numbers
// are development versions; the tag 0.9.78 says 0.9.79 of itself (configure.ac).
var releases = []Release{
	measured(72), measured(74), measured(76), measured(78), measured(79), measured(80), measured(81),
}

// measured is the table: since or until when each of them holds, by the last number.
func measured(patch int) Release {
	return Release{
		Version:            compiler.Version{Major: 0, Minor: 9, Patch: patch},
		SeccompFilters:     5,
		ContainerVariable:  patch <= 80,
		ShowsInit:          patch <= 79,
		RewritesHostNames:  patch >= 74,
		ReplacesBubblewrap: patch >= 78,
		LenientBlacklist:   patch >= 80,
	}
}

// Known are the versions that Compile accepts, the oldest first.
var Known = func() []compiler.Version {
	known := make([]compiler.Version, 0, len(releases))
	for _, r := range releases {
		known = append(known, r.Version)
	}
	return known
}()

// ReleaseOf finds a release that was measured.
func ReleaseOf(v compiler.Version) (Release, bool) {
	for _, r := range releases {
		if r.Version == v {
			return r, true
		}
	}
	return Release{}, false
}

// safe is the first release without CVE-2022-31214: in older ones firejail --join
// makes any local user root.
var safe = compiler.Version{Major: 0, Minor: 9, Patch: 70}

// introduced are the directives of our profiles that an otherwise safe release can
// lack: it then ends with "invalid line".
var introduced = []struct {
	directive string
	since     compiler.Version
}{
	{"restrict-namespaces", compiler.Version{Major: 0, Minor: 9, Patch: 72}},
}

// CheckVersion says why nothing is compiled for a version, if so.
func CheckVersion(v compiler.Version) (compiler.Refusal, bool) {
	if _, ok := ReleaseOf(v); ok {
		return compiler.Refusal{}, false
	}
	refuse := func(message, hint string) (compiler.Refusal, bool) {
		return compiler.Refusal{
			Clause: "backend", Message: message, Found: "firejail " + v.String(), Expected: "firejail " + knownNames(), Hint: hint,
		}, true
	}
	const upgrade = "upgrade firejail"
	if v.Less(safe) {
		return refuse("this version of firejail makes any local user root (CVE-2022-31214, closed in "+safe.String()+")", upgrade)
	}
	for _, d := range introduced {
		if v.Less(d.since) {
			return refuse("this version of firejail lacks the directive "+d.directive+", which came with "+d.since.String(), upgrade)
		}
	}
	return refuse("this version of firejail was not measured, so nothing is known of what it enforces", "")
}

func knownNames() string {
	names := make([]string, 0, len(Known))
	for _, v := range Known {
		names = append(names, v.String())
	}
	return strings.Join(names, ", ")
}
