package compiler

import (
	"confine/policy"
	"confine/policy/syscalls"
)

// Expectation is what attestation must find inside the sandbox before the
// program starts, and what the stage adds to the sandbox by itself. It is part
// of the bundle: the same policy and target give the same expectation.
type Expectation struct {
	// Guest says that the sandbox has a kernel of its own, gVisor's sentry: what the
	// host's kernel tells of a process there is about the sentry.
	Guest bool `json:"guest,omitempty"`
	// Closed are names of a guest's own /proc and /dev that must not open.
	Closed []string `json:"closed,omitempty"`
	// SeccompFilters is how many filters the wrapper installs, on top of those
	// that its caller already runs under.
	SeccompFilters int `json:"seccomp_filters"`
	// Isolated names the namespaces, as in /proc/PID/ns, that must differ from
	// the launcher's, and Shared those that must be the launcher's.
	Isolated []string `json:"isolated"`
	Shared   []string `json:"shared"`
	// Network is the mode that the connect canaries must find.
	Network policy.NetworkMode `json:"network"`
	// NetworkAt is the position of the mode.
	NetworkAt policy.Position `json:"network_at"`
	// Gateway is what the sandbox is connected to in mode "egress", and Egress are the
	// hosts that it leads to.
	Gateway *Gateway             `json:"gateway,omitempty"`
	Egress  []policy.EgressEntry `json:"egress,omitempty"`
	// Paths are the entries of [filesystem], each with what must be true of it.
	Paths []PathExpectation `json:"paths"`
	// Emptied are directories that no entry makes visible and that the wrapper
	// replaced with an empty one instead of closing it.
	Emptied []string `json:"emptied"`
	// Residual are paths of the wrapper's own that its mounts leave open and that
	// only Landlock closes.
	Residual []string `json:"residual"`
	// Aliases are the links that the policy expects on the host.
	Aliases []policy.Link   `json:"aliases"`
	Proc    policy.ProcMode `json:"proc"`
	ProcAt  policy.Position `json:"proc_at"`
	Dev     policy.DevMode  `json:"dev"`
	DevAt   policy.Position `json:"dev_at"`
	// Landlock are the rules of the ruleset that the stage adds.
	Landlock []LandlockRule `json:"landlock"`
	// Rlimits are set by the stage right before execve(2).
	Rlimits []policy.Rlimit `json:"rlimits"`
	// Filter is the seccomp program that the stage loads, as sock_filter records.
	Filter []byte `json:"filter"`
	// Unfiltered says that the policy wants no filter, and that Filter is empty.
	Unfiltered bool `json:"unfiltered,omitempty"`
	// FilterAt is the position of syscalls.base.
	FilterAt policy.Position `json:"filter_at"`
	// FilterCanaries are what the stage tries of the filter before the program starts.
	FilterCanaries []FilterCanary `json:"filter_canaries"`
	// Unwrapped is there where nothing wraps the stage, which makes the whole sandbox.
	Unwrapped *Unwrapped `json:"unwrapped,omitempty"`
	// Guard is a second filter; nil is none.
	Guard *Guard `json:"guard,omitempty"`
}

// Unwrapped is how a sandbox is made that is otherwise the wrapper's.
type Unwrapped struct {
	// Namespaces says that the launch has mounts and processes of its own: each entry of
	// Paths is a mount then, and tmp entries, /dev/shm and /proc are new ones.
	Namespaces bool `json:"namespaces,omitempty"`
}

// Mediated reports whether the runner answers connect(2) in the program's place. There is a
// gateway then, and no network namespace that is connected to it.
func (e Expectation) Mediated() bool { return e.Guard != nil && e.Guard.Mediated }

// Guard is a filter beside that of the policy: it denies what goes around other mechanisms.
type Guard struct {
	// Program is a seccomp program, as sock_filter records, and Canaries are what the stage
	// tries of it.
	Program  []byte         `json:"program"`
	Canaries []FilterCanary `json:"canaries"`
	// Mediated says that it asks the runner about connect(2).
	Mediated bool `json:"mediated,omitempty"`
}

// FilterCanary is one thing that a filter answers, and calls that show it.
type FilterCanary struct {
	Clause string          `json:"clause"`
	At     policy.Position `json:"at"`
	// Subject is what is shown, for people.
	Subject string `json:"subject"`
	// Calls show it each by itself. The stage takes the first that ends otherwise
	// without the filter; without any, nothing is known that could be tried.
	Calls []CanaryCall `json:"calls,omitempty"`
}

// CanaryCall is a system call that harms nobody, whatever is answered to it, when a
// process makes it that ends right afterwards.
type CanaryCall struct {
	// Text is the call, for people.
	Text  string      `json:"text"`
	Entry CanaryEntry `json:"entry,omitempty"`
	// Number and Arguments are what is put into the registers.
	Number    uint32    `json:"number"`
	Arguments [6]uint64 `json:"arguments"`
	// Answer is the filter's.
	Answer syscalls.Action `json:"answer"`
}

// CanaryEntry is the way into the kernel; empty is the machine's own.
type CanaryEntry string

// EntryI386 is the interrupt 0x80 of x86, which takes the numbers of i386.
const EntryI386 CanaryEntry = "i386"

// PathExpectation is one entry of [filesystem] as the stage must find it.
type PathExpectation struct {
	policy.PathEntry
	// Replaced paths are not the host's own: firejail mounts a fresh sysfs and shows
	// copies of some files in /etc, so that their device and inode differ.
	Replaced bool `json:"replaced,omitempty"`
}

// LandlockAccess is a class of Landlock rights; compiler/landlock says which
// rights of landlock(7) each stands for.
type LandlockAccess string

// The classes.
const (
	LandlockRead    LandlockAccess = "read"
	LandlockExecute LandlockAccess = "execute"
	LandlockWrite   LandlockAccess = "write"
	LandlockDevice  LandlockAccess = "device"
)

// LandlockRule allows one class of access beneath a path.
type LandlockRule struct {
	Path   string         `json:"path"`
	Access LandlockAccess `json:"access"`
	// Except are paths below that have less access. Landlock cannot take anything out of a
	// directory again, so the rule is then on everything beside them, and on no directory
	// that leads to one.
	Except []string `json:"except,omitempty"`
	// Fresh rules are on a directory that is made for this launch, in Path.
	Fresh bool `json:"fresh,omitempty"`
	// Optional rules are left out where the path is missing.
	Optional bool `json:"optional,omitempty"`
}

// Mount is something that a root runner mounts in a private mount namespace
// before the wrapper starts. An ordinary runner refuses a bundle that has any.
type Mount struct {
	// Path is the mount point, which must be a directory on the host.
	Path string `json:"path"`
	// Size of the tmpfs in bytes; 0 is the kernel's default, half of the memory.
	Size   uint64          `json:"size,omitempty"`
	Clause string          `json:"clause"`
	At     policy.Position `json:"at"`
}
