// Package policy is the language of confine: it parses, validates and decides
// TOML security policies. It knows nothing of the mechanisms that enforce a
// policy, reads no host state and starts no process.
//
// A [Policy] is the flattened form: every entry knows the [Position] that it
// was written at. [Policy.Decide] is the reference meaning of a policy; the
// compilers, the runner and the tests all ask it.
package policy

import (
	"time"

	"confine/policy/syscalls"
)

// Policy is one validated policy. Its slices are sorted, so that two files that
// differ only in the order of their entries give equal policies but for the
// positions.
type Policy struct {
	// File is the name that the policy was parsed under; diagnostics show it.
	File string
	// Digest names what the policy was made from, in lower-case hexadecimal: the
	// SHA-256 of the file, where that is all.
	Digest string
	// Sources are the files that the policy was made from, its own first.
	Sources []SourceDigest

	Name        string
	Description string

	Network      Network
	Filesystem   Filesystem
	Rlimits      []Rlimit
	Capabilities []Capability
	Syscalls     Syscalls
	Environment  Environment
	Process      Process
	// Params are the parameters, sorted by name.
	Params []Parameter `json:",omitempty"`
	// Accept are the exceptions, sorted by backend and clause.
	Accept []Accept `json:",omitempty"`

	// places lead from the positions above to the text, for messages.
	places places
	// family is where the policy names itself and what it extends.
	family family
	// seals are the tables that the policy and its bases have sealed.
	seals map[string][]seal
	// replaced are the closed entries of bases that an entry of the same path replaces.
	replaced map[string]PathEntry
}

// NetworkMode says what the program can reach.
type NetworkMode string

// The network modes.
const (
	NetworkNone   NetworkMode = "none"   // no network but the sandbox's own loopback
	NetworkEgress NetworkMode = "egress" // the hosts that egress names, and nothing else
	NetworkHost   NetworkMode = "host"   // whatever the host can reach
)

// Network is the [network] table.
type Network struct {
	Mode NetworkMode
	// At is the position of mode, or the zero Position when it is the default.
	At Position
	// Egress are the hosts that mode "egress" allows, sorted by host and port.
	Egress []EgressEntry `json:",omitempty"`
	// Private are networks that an allowed name may resolve into although their
	// addresses are special (see [SpecialAddress]), sorted.
	Private []PrivateNetwork `json:",omitempty"`
	// Fronting says whether a connection may name another host in its first bytes than
	// the one that it was opened to; mode "egress" always has a value.
	Fronting   FrontingMode `json:",omitempty"`
	FrontingAt Position     `json:",omitzero"`
	// MaxBytes bounds what is sent and received in all connections of a run together;
	// 0 is no bound.
	MaxBytes   uint64   `json:",omitempty"`
	MaxBytesAt Position `json:",omitzero"`
	// MaxConnections bounds how many connections there are at one time; 0 is no bound.
	MaxConnections   uint64   `json:",omitempty"`
	MaxConnectionsAt Position `json:",omitzero"`
}

// FrontingMode is a value of network.fronting.
type FrontingMode string

// The values of network.fronting.
const (
	// FrontingDeny means that on port 443 a TLS ClientHello with the server name that was
	// opened comes first, and that on port 80 every HTTP request has that name as Host.
	FrontingDeny FrontingMode = "deny"
	// FrontingAllow means that nothing is looked at.
	FrontingAllow FrontingMode = "allow"
)

// PathMode is the name of one list of [filesystem].
type PathMode string

// The lists of [filesystem] that hold paths.
const (
	ModeRead   PathMode = "read"   // open, list, map without PROT_EXEC
	ModeExec   PathMode = "exec"   // read and execve, map with PROT_EXEC
	ModeMap    PathMode = "map"    // read and map with PROT_EXEC
	ModeWrite  PathMode = "write"  // read and create, delete, rename, truncate, chmod
	ModeTmp    PathMode = "tmp"    // private, empty, writable, gone afterwards
	ModeHide   PathMode = "hide"   // carved out of the above
	ModeAbsent PathMode = "absent" // does not exist
)

// PathEntry is one path of [filesystem].
type PathEntry struct {
	// Path is absolute, clean and literal.
	Path string   `json:"path"`
	Mode PathMode `json:"mode"`
	// Optional paths, written with a trailing "?", may be missing at launch.
	Optional bool `json:"optional,omitempty"`
	// Size bounds a tmp entry in bytes; 0 is no bound of ours.
	Size uint64   `json:"size,omitempty"`
	At   Position `json:"at"`
}

// ProcMode says what is seen of /proc.
type ProcMode string

// The values of filesystem.proc.
const (
	ProcSelf ProcMode = "self"
	ProcNone ProcMode = "none"
)

// DevMode says which devices there are.
type DevMode string

// The values of filesystem.dev.
const (
	DevMinimal DevMode = "minimal"
	DevNone    DevMode = "none"
)

// Link is a symbolic link that the policy expects on every host, such as
// /bin to /usr/bin. A host on which From does not exist is no contradiction: the
// alias then leads nowhere. A host on which From is anything else is one.
type Link struct {
	// From is the absolute path of the link, To the absolute path that it leads to.
	From string   `json:"from"`
	To   string   `json:"to"`
	At   Position `json:"at"`

	toAt Position
}

// Filesystem is the [filesystem] table. A path that no entry covers is hidden.
type Filesystem struct {
	// Entries are sorted by Path, and no two have the same Path.
	Entries []PathEntry
	// Links are sorted by From.
	Links  []Link
	Proc   ProcMode
	ProcAt Position
	Dev    DevMode
	DevAt  Position
}

// Rlimit is one resource limit of setrlimit(2); soft and hard limit are both Value.
type Rlimit struct {
	// Name is the resource in lower case without RLIMIT_, for example "nofile".
	Name string `json:"name"`
	// Value is in the unit of setrlimit(2): bytes, seconds, microseconds or a count.
	Value uint64   `json:"value"`
	At    Position `json:"at"`
}

// Capability is one entry of capabilities.keep, in the spelling of
// capabilities(7): "CAP_NET_BIND_SERVICE".
type Capability struct {
	Name string
	At   Position
}

// SyscallEntry is one name of syscalls.allow or syscalls.deny.
type SyscallEntry struct {
	Name string
	At   Position
}

// SyscallRule is one [[syscalls.rule]]: it matches the arguments of a call for which
// all conditions hold.
type SyscallRule struct {
	Syscall string
	// When is sorted by text.
	When []syscalls.Condition
	At   Position
	// SyscallAt is the position of the call's name.
	SyscallAt Position

	// whenAt are the positions of When.
	whenAt []Position
}

// Syscalls is the [syscalls] table. [syscalls.Set] is its meaning.
type Syscalls struct {
	// Base names one of [syscalls.Bases].
	Base string
	At   Position
	// Allow and Deny are sorted by name.
	Allow []SyscallEntry
	Deny  []SyscallEntry
	// OnDeny is what a denied call does.
	OnDeny   syscalls.OnDeny
	OnDenyAt Position
	// Rules are sorted by call, then by their conditions.
	Rules []SyscallRule
}

// EnvironmentPattern is one entry of environment.pass: a name, or a prefix
// followed by "*".
type EnvironmentPattern struct {
	Pattern string
	At      Position
}

// EnvironmentVariable is one entry of environment.set.
type EnvironmentVariable struct {
	Name, Value string
	At          Position
}

// Environment is the [environment] table. What neither passes nor is set is removed.
type Environment struct {
	Pass []EnvironmentPattern
	Set  []EnvironmentVariable
}

// Process is the [process] table.
type Process struct {
	// User is a login name on the host; empty is the caller's.
	User   string
	UserAt Position
	// Directory is the working directory; empty is the caller's.
	Directory   string
	DirectoryAt Position
	// WallTime bounds the run; 0 is no bound.
	WallTime   time.Duration
	WallTimeAt Position
	// Memory bounds the memory of all processes together, in bytes; 0 is no bound.
	Memory   uint64
	MemoryAt Position
	// Pids bounds the number of processes and threads of the whole sandbox; 0 is no bound.
	Pids   uint64   `json:",omitempty"`
	PidsAt Position `json:",omitzero"`
}

// Accept is one written, dated exception: that a backend may enforce a clause less
// than it says.
type Accept struct {
	// Backend is one of [BackendNames].
	Backend string
	Clause  string
	Reason  string
	// Until is the last day on which it holds, at midnight UTC.
	Until   time.Time
	UntilAt Position
	At      Position
}
