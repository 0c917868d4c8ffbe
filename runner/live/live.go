// Package live tries the accesses of a policy's tests inside the real sandbox, and holds
// what came of them against the meaning of the policy.
//
// confine itself is the program that is confined: a copy of it lies in a fresh directory,
// and the policy gets one more entry, exec on that directory. The same program tries the
// same accesses outside as a control: what fails there too proves nothing by failing
// inside. Neither does harm. A file is opened and never written to, a new one is removed
// again, a program is killed before its first instruction, and nothing leaves the machine
// unless the caller says that it may.
package live

import "confine/policy"

// How is what the prober does about an access.
type How string

// The ways to try an access.
const (
	HowOpen  How = "open"  // open what is there; for exec, start it and stop it at once
	HowFresh How = "fresh" // make a new file, try the access on it, and remove it
	HowLook  How = "look"  // see whether it is there, and touch nothing

	HowDial    How = "dial"    // connect to an address
	HowLocal   How = "local"   // connect to an address of the sandbox's own loopback
	HowRoute   How = "route"   // look for a way to any address: the name is asked of nobody
	HowGateway How = "gateway" // ask the gateway of the sandbox

	HowCall  How = "call"  // make a system call in a child that ends with it
	HowState How = "state" // look at what the process has: a limit, a capability, a variable
)

// Attempt is one access, and how it is tried.
type Attempt struct {
	// Access is in the text of policy.ParseAccess.
	Access string `json:"access"`
	How    How    `json:"how,omitempty"`
	// Path is what is acted on: that of the access, or a name that nothing has yet and
	// that the policy decides by the same entry.
	Path string `json:"path,omitempty"`
	// Call is what HowCall makes.
	Call *Call `json:"call,omitempty"`
	// Untried says why nothing is done; How is then empty.
	Untried string `json:"untried,omitempty"`
	// Present says that the host has what the access names.
	Present bool `json:"present,omitempty"`
	// Alone says that a denial inside needs no control: whoever answers it is a part of
	// the sandbox.
	Alone bool `json:"alone,omitempty"`
}

// Call is a system call by its number on this machine.
type Call struct {
	Number    uint32    `json:"number"`
	Arguments [6]uint64 `json:"arguments"`
}

// Outcome is what came of an attempt.
type Outcome string

// The outcomes.
const (
	Allowed Outcome = "allowed"
	Denied  Outcome = "denied"
	// Absent means that there is no such name: ENOENT.
	Absent Outcome = "absent"
	// Unclear means that what happened shows neither.
	Unclear Outcome = "unclear"
)

// Answer is the prober's line about one attempt.
type Answer struct {
	Outcome Outcome `json:"outcome"`
	// Errno is the name of the error, or of the signal, that a denial ended with.
	Errno string `json:"errno,omitempty"`
	// Why says why an outcome is unclear.
	Why string `json:"why,omitempty"`
}

// String gives the outcome in words.
func (a Answer) String() string {
	switch {
	case a.Why != "":
		return a.Why
	case a.Errno != "":
		return string(a.Outcome) + " (" + a.Errno + ")"
	}
	return string(a.Outcome)
}

// Expected is an access with what the policy decides about it, and where a case asks.
type Expected struct {
	policy.Access
	policy.Decision
	Case string
	Line policy.Position
}

// Options are one launch for the accesses of one policy.
type Options struct {
	// Version of confine, for the receipt.
	Version string
	Policy  *policy.Policy
	Backend string
	// NoNamespaces leaves a launch by the kernel alone in those of its caller.
	NoNamespaces bool
	// User runs the prober; empty is the policy's, or the caller.
	User string
	// Network lets attempts send something to other machines.
	Network  bool
	Expected []Expected
}

// Report is what a launch showed.
type Report struct {
	Policy  string `json:"policy"`
	Backend string `json:"backend"`
	Version string `json:"backend_version"`
	// OwnNamespaces says that a launch by the kernel alone made some.
	OwnNamespaces bool   `json:"own_namespaces,omitempty"`
	Kernel        string `json:"kernel"`
	User          string `json:"user"`
	// Proven and Total count the checks of the launch itself.
	Proven  int      `json:"proven"`
	Total   int      `json:"total"`
	Results []Result `json:"results"`
}
