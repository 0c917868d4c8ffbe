//go:build linux

package egress

import (
	"time"

	"confine/policy"
)

// Verdict is what became of an attempt.
type Verdict string

// The verdicts.
const (
	// Allowed means that the policy allows it and that it was tried.
	Allowed Verdict = "allowed"
	// Denied means that the policy does not allow it.
	Denied Verdict = "denied"
	// Failed means that the policy allows it, and that the host could not be reached or the
	// connection broke.
	Failed Verdict = "failed"
)

// Kind is what was attempted.
type Kind string

// The kinds.
const (
	// KindResolve is the look-up of a name.
	KindResolve Kind = "resolve"
	// KindOpen is a connection when it begins, and KindClose when it ends.
	KindOpen  Kind = "open"
	KindClose Kind = "close"
	// KindPacket is a packet, or a connection, for which nothing listens: another port, or no
	// TCP.
	KindPacket Kind = "packet"
)

// Event is one line of the log. It never holds anything that was sent.
type Event struct {
	Time    time.Time `json:"time"`
	Kind    Kind      `json:"event"`
	Verdict Verdict   `json:"verdict"`
	// Host is a name or an address as the sandbox asked for it, in lower case.
	Host string `json:"host,omitempty"`
	Port uint16 `json:"port,omitempty"`
	// Alias is the name that [Config.Aliases] has for a denied address, if the policy names it.
	Alias string `json:"alias,omitempty"`
	// Protocol is "tcp" if empty.
	Protocol string `json:"protocol,omitempty"`
	// Address is the address of the host that was connected to.
	Address string `json:"address,omitempty"`
	// Connection numbers the connections of one run, from 1.
	Connection uint64 `json:"connection,omitempty"`
	// Sent and Received are bytes to and from the host; on KindClose alone.
	Sent     uint64 `json:"sent"`
	Received uint64 `json:"received"`
	// Because says why, in the words of people.
	Because string `json:"because,omitempty"`
	// At is the entry of the policy that allows it, or where the policy says the mode.
	At policy.Position `json:"at,omitzero"`
	// Times is how often this happened, where that is counted; Time is then the last.
	Times uint64 `json:"times,omitempty"`
}
