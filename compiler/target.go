package compiler

import (
	"fmt"
	"strconv"
	"strings"

	"confine/compiler/seccomp"
)

// Backend names the mechanism that a bundle is for.
type Backend string

// The backends that compile.
const (
	Firejail Backend = "firejail"
	GVisor   Backend = "gvisor"
	// Native is the kernel alone: no tool wraps the stage.
	Native Backend = "native"
)

// Target is what a policy is compiled for. Everything that the output depends
// on besides the policy is in it; a compiler never looks at the host.
type Target struct {
	Backend Backend `json:"backend"`
	// Version of the tool, for example 0.9.72; of Linux where there is none.
	Version Version `json:"version"`
	// Arch is the machine as uname(2) spells it, and only so: x86_64 or aarch64.
	Arch string `json:"arch"`
	// Namespaces says that the launch makes namespaces of its own where no tool does it, in
	// a user namespace; only native takes it into account.
	Namespaces bool `json:"namespaces,omitempty"`
	// Caller is who launches the program. Only firejail's bundle for network.mode = "egress"
	// depends on it.
	Caller Caller `json:"caller,omitempty"`
	// Generator writes the filter of system calls; nil is seccomp.Go. The bundle has its
	// name.
	Generator seccomp.Generator `json:"-"`
	// Root is what is known of the root file system; nil is nothing. gVisor needs it to
	// mount the right kind of thing at each path.
	Root *Root `json:"root,omitempty"`
}

// Caller is a kind of user, by what a backend can do for it.
type Caller string

// The callers. Nobody in particular gets the bundle of root, and a coverage that says where
// others differ.
const (
	AnyCaller      Caller = ""
	RootCaller     Caller = "root"
	OrdinaryCaller Caller = "ordinary"
)

// Root is a root file system as far as the paths of one policy ask for it.
type Root struct {
	// Path leads to it from where the backend's tool runs, and Host to that of the host;
	// "" is the tool's own root.
	Path string `json:"path"`
	Host string `json:"host"`
	// Kinds say what is at a path of the policy. A path that is not in it is missing.
	Kinds map[string]PathKind `json:"kinds"`
	// Command is what an OCI bundle starts there that is used without confine.
	Command []string `json:"command,omitempty"`
}

// PathKind is what is at a path.
type PathKind string

// The kinds.
const (
	KindDirectory PathKind = "directory"
	KindFile      PathKind = "file"
)

// Version is a release number of three parts, as firejail and Linux count, or a date in
// Major and nothing else, as gVisor counts.
type Version struct {
	Major, Minor, Patch int
}

// firstDate is the first version that can be a date.
const firstDate = 2000_00_00

// ParseVersion reads a version such as "0.9.72": three numbers without sign or
// leading zeros, and nothing else; or a date such as "20260905".
func ParseVersion(s string) (Version, error) {
	var v Version
	if date, err := strconv.ParseUint(s, 10, 31); err == nil && date >= firstDate && len(s) == len("20260905") {
		return Version{Major: int(date)}, nil
	}
	parts := strings.Split(s, ".")
	for i, into := range []*int{&v.Major, &v.Minor, &v.Patch} {
		if i < len(parts) {
			n, err := strconv.ParseUint(parts[i], 10, 16)
			if err != nil {
				break
			}
			*into = int(n)
		}
	}
	if v.String() != s {
		return Version{}, fmt.Errorf("version %q is not of the form 0.9.72", s)
	}
	return v, nil
}

// String gives the form that ParseVersion reads.
func (v Version) String() string {
	if v.Major >= firstDate {
		return strconv.Itoa(v.Major)
	}
	return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch)
}

// Less reports whether v is older than w.
func (v Version) Less(w Version) bool {
	if v.Major != w.Major {
		return v.Major < w.Major
	}
	if v.Minor != w.Minor {
		return v.Minor < w.Minor
	}
	return v.Patch < w.Patch
}

// MarshalText makes a Version a string in JSON.
func (v Version) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (v *Version) UnmarshalText(text []byte) error {
	parsed, err := ParseVersion(string(text))
	if err != nil {
		return err
	}
	*v = parsed
	return nil
}
