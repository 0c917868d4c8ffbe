//go:build linux

// Package change says what doctoredfirejail does differently from firejail. The
// tests write a change, the double reads it.
package change

import "encoding/json"

// Change is what one launch does differently; the zero value changes nothing.
type Change struct {
	// Drop are lines of the profile that are left out, First and Last lines that
	// are added before all others and after them.
	Drop  []string `json:"drop,omitempty"`
	First []string `json:"first,omitempty"`
	Last  []string `json:"last,omitempty"`

	// Unmount and Mount change what firejail finds, in this order and in a mount
	// namespace of the double's own.
	Unmount []string `json:"unmount,omitempty"`
	Mount   []Mount  `json:"mount,omitempty"`

	// Order and Controls replace parts of the sealed files for the stage; a key is
	// the way to the part, with dots: "expectation.filter".
	Order    map[string]json.RawMessage `json:"order,omitempty"`
	Controls map[string]json.RawMessage `json:"controls,omitempty"`

	// Answers are system calls that do nothing and return an errno, 0 for success.
	Answers []Answer `json:"answers,omitempty"`
	// Limits are hard and soft resource limits, by number.
	Limits []Limit `json:"limits,omitempty"`

	// Environment is added to that of firejail.
	Environment []string `json:"environment,omitempty"`
	// Leak is opened and passed on into the sandbox, as descriptor LeakFD.
	Leak string `json:"leak,omitempty"`

	// IgnoreTerminate starts firejail with SIGTERM ignored, which execve(2) passes on.
	IgnoreTerminate bool `json:"ignore_terminate,omitempty"`
	// Place opens files at descriptors that firejail inherits and passes on.
	Place map[int]string `json:"place,omitempty"`

	// As starts firejail as another user.
	As *User `json:"as,omitempty"`
	// Inheritable is a mask of capabilities in the inheritable set.
	Inheritable uint32 `json:"inheritable,omitempty"`

	// Child starts firejail as a child instead of becoming it.
	Child bool `json:"child,omitempty"`
	// Interface starts it in a network namespace with an interface besides lo.
	Interface bool `json:"interface,omitempty"`
	// HostNetwork starts it in the caller's network namespace. Link adds an
	// interface, and Route a default route by the gateway, to the one that it is in.
	HostNetwork bool `json:"host_network,omitempty"`
	Link        bool `json:"link,omitempty"`
	Route       bool `json:"route,omitempty"`
}

// LeakFD is a descriptor that no launch of confine's uses.
const LeakFD = 20

// Mount binds a file or a directory over another, or mounts a tmpfs of a size
// where From is empty.
type Mount struct {
	From string `json:"from"`
	At   string `json:"at"`
	Size uint64 `json:"size,omitempty"`
}

// Answer is what one system call returns instead of doing anything.
type Answer struct {
	Call uint32 `json:"call"`
	// Argument, counted from 0, must have Value in its lower half for the answer to
	// be given; with Not it must have another. Without arguments every call counts.
	Arguments []Argument `json:"arguments,omitempty"`
	Errno     uint16     `json:"errno"`
}

// Argument is a condition on one argument of a system call.
type Argument struct {
	Number uint32 `json:"number"`
	Not    bool   `json:"not,omitempty"`
	Value  uint32 `json:"value"`
}

// Limit is a resource limit of setrlimit(2).
type Limit struct {
	Resource int    `json:"resource"`
	Value    uint64 `json:"value"`
}

// User is whom firejail finds as its caller.
type User struct {
	UID    int   `json:"uid"`
	GID    int   `json:"gid"`
	Groups []int `json:"groups,omitempty"`
}
