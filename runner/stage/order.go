//go:build linux

package stage

import (
	"golang.org/x/sys/unix"

	"confine/compiler"
)

// The descriptors that a stage inherits. They are the same in every launch, so
// that no argument needs to say them.
const (
	// ControlFD is a SOCK_SEQPACKET socket to the runner.
	ControlFD = 3
	// BinaryFD is the executable itself: no path inside the sandbox leads to it.
	BinaryFD = 4
	// OrderFD is a sealed memfd with an Order.
	OrderFD = 5
	// ControlsFD is a memfd with the Controls that the launcher wrote.
	ControlsFD = 6
	// StdoutFD and StderrFD are the program's; 1 and 2 of the wrapper go to the
	// runner, so that nothing of the wrapper mixes with the program's output.
	StdoutFD = 7
	StderrFD = 8
	// ProfileFD is the wrapper's profile; the stage does not inherit it.
	ProfileFD = 9
)

// Argument is the hidden first argument that makes the binary a stage; in a guest of
// gVisor it is [gvisor.GuestArgument].
const Argument = "__stage"

// Order is what the runner tells the launcher and the stage. It holds the
// program's arguments and environment, so it travels in an unlinked, sealed
// memfd and is never logged.
type Order struct {
	Expectation compiler.Expectation `json:"expectation"`
	// SeccompFilters is how many filters there must be: the launcher's own and
	// the wrapper's.
	SeccompFilters int `json:"seccomp_filters"`
	UID            int `json:"uid"`
	GID            int `json:"gid"`
	// Groups and Bounding are what an ordinary caller without a wrapper cannot give up.
	Groups   string `json:"groups,omitempty"`
	Bounding string `json:"bounding,omitempty"`
	// GroupsInside are the groups by the names of the launch's own user namespace.
	GroupsInside string `json:"groups_inside,omitempty"`
	// Fresh are the directories of this launch in the place of tmp entries.
	Fresh map[string]string `json:"fresh,omitempty"`
	// Namespaces maps the names of /proc/PID/ns to the launcher's links.
	Namespaces map[string]string `json:"namespaces"`
	// HostDevices are the devices that the host has at the tmp entries and at
	// SharedMemory, before the launcher mounts anything there.
	HostDevices map[string]uint64 `json:"host_devices"`
	// Listeners are the runner's own, as targets of the connect canaries.
	Listeners Listeners `json:"listeners"`

	// Root is the root file system that the paths are of, if not the host's, and
	// ControlsAsRoot says that a guest's controls are taken by a process that has to
	// become the user first.
	Root           string `json:"root,omitempty"`
	ControlsAsRoot bool   `json:"controls_as_root,omitempty"`

	// Streams are the files behind stdin, stdout and stderr.
	Streams     [3]Stream `json:"streams"`
	Arguments   []string  `json:"arguments"`
	Environment []string  `json:"environment"`
	Directory   string    `json:"directory"`
	// Umask is the caller's; firejail resets its own.
	Umask int `json:"umask"`
}

// Identity is what the processes of the sandbox must be.
func (o *Order) Identity() Identity {
	return Identity{UID: o.UID, GID: o.GID, Groups: o.Groups, Bounding: o.Bounding, Filters: o.SeccompFilters}
}

// Listeners are sockets that the runner opened for the time of the attestation.
type Listeners struct {
	// TCP is an address on the host's loopback.
	TCP string `json:"tcp"`
	// Abstract is the name of an abstract unix socket, without the leading NUL.
	Abstract string `json:"abstract"`
	// Host is an address of the host's that is not its loopback, with a port at which
	// nobody has to listen; empty where it has none.
	Host string `json:"host,omitempty"`
}

// Controls are what the launcher could do outside the sandbox, as the same user:
// only what succeeded there can prove anything by failing inside.
type Controls struct {
	// Paths are the entries of the policy.
	Paths map[string]PathControl `json:"paths"`
	// Open are names that no entry covers and that could be opened outside, by
	// the directory that holds them.
	Open map[string][]string `json:"open"`
	// Mounts are the mount points below entries.
	Mounts map[string]PathControl `json:"mounts"`
	// Links says whether a link of the policy leads where it says.
	Links map[string]bool `json:"links"`
	// Directory is the working directory.
	Directory PathControl `json:"directory"`
	// Limits are the resource limits, by the names of the language.
	Limits map[string]unix.Rlimit `json:"limits"`
	// Reach is what the host's network has.
	Reach Reach `json:"reach"`
	// Calls are how the calls of the filter's canaries ended, in their order.
	Calls []Outcome `json:"calls"`
	// Kernel is how the host's kernel answers what a guest's does not know.
	Kernel []Outcome `json:"kernel,omitempty"`
}

// Reach is what could be connected to in the host's network namespace.
type Reach struct {
	// TCP and Abstract say whether the runner's listeners could be reached.
	TCP      bool `json:"tcp"`
	Abstract bool `json:"abstract"`
	// Host says whether the host's own address answered, if only by a refusal.
	Host bool `json:"host,omitempty"`
}

// PathControl is what the launcher found at a path.
type PathControl struct {
	Exists   bool `json:"exists"`
	Openable bool `json:"openable"`
	Writable bool `json:"writable"`
	// ReadOnly says that the mount is, whatever the policy and permissions say.
	ReadOnly bool `json:"read_only,omitempty"`
	// Reachable is also true of what can be passed through, executed or written.
	Reachable bool   `json:"reachable"`
	Device    uint64 `json:"device"`
	Inode     uint64 `json:"inode"`
}
