// Package inspect reads what a sandboxed client says on a connection that it opened to
// a name, and refuses what is meant for another name. Many names share one address, so
// that the address that is connected to does not say whom the client talks to: what it
// says first does, in TLS as in HTTP.
//
// What is said inside TLS is not seen: a host that serves other names behind its own
// certificate, by the Host of a request that TLS carries or by a renegotiation of TLS
// 1.2, can still be asked for them.
package inspect

import "strings"

// Violation is what a client said that does not fit the name it opened; functions
// return it as *Violation. What says so was not sent to the host.
type Violation struct {
	// Because says what it was in the words of people, and nothing that was sent but the
	// name of a server.
	Because string
}

func (v *Violation) Error() string { return v.Because }

// longestName is how many bytes a name of DNS has at most as text (RFC 1035, 2.3.4).
const longestName = 253

// clip shortens a name that no host can have, for messages.
func clip(name string) string {
	if len(name) > longestName {
		return name[:longestName] + "..."
	}
	return name
}

// sameName compares a name that a client wrote with one in lower case. Only ASCII has
// case here: Unicode knows other characters that fold to a letter.
func sameName(said, name string) bool {
	return len(said) == len(name) && lower(said) == name
}

// lower gives text with its ASCII letters in lower case.
func lower(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + ('a' - 'A')
		}
		return r
	}, text)
}
