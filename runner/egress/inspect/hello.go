package inspect

import (
	"fmt"
	"strings"
)

// serverNameExtension is server_name (RFC 6066, 3).
const serverNameExtension = 0

var (
	errMalformedHello  = &Violation{"a malformed TLS hello"}
	errRepeatedInHello = &Violation{"a TLS hello with one extension twice"}
	errNoServerName    = &Violation{"a TLS hello without a server name (SNI)"}
	errServerNames     = &Violation{"a TLS hello with more than one server name"}
	errOtherServerName = &Violation{"a TLS hello with a server name that is no host name"}
	// A hello that hides another one inside names the server of the outer one alone, and
	// the host that can open the inner one serves that. Decoys (GREASE) look the same by
	// design, so that they are refused too (RFC 9849, 6.2).
	errEncryptedHello = &Violation{"an encrypted TLS hello (ECH), which can name another server than it shows"}
)

// hidesName reports whether an extension is encrypted_client_hello (RFC 9849, 0xfe0d)
// or what its drafts used: 0xfe08 to 0xfe0c and 0xff02, and 0xffce for the name alone.
func hidesName(extension int) bool {
	return extension >= 0xfe08 && extension <= 0xfe0d || extension == 0xff02 || extension == 0xffce
}

// checkHello checks that a ClientHello (RFC 8446, 4.1.2; the same since SSL 3.0), without
// the header of the handshake, names one server: name, in lower case.
func checkHello(hello wire, name string) error {
	extensions, err := extensionsOf(hello)
	if err != nil {
		return err
	}
	said, named := "", false
	seen := map[int]bool{}
	for len(extensions) > 0 {
		extension, ok := extensions.uint16()
		data, full := extensions.vector16()
		switch {
		case !ok || !full:
			return errMalformedHello
		case seen[extension]:
			return errRepeatedInHello
		case hidesName(extension):
			return errEncryptedHello
		}
		seen[extension] = true
		if extension == serverNameExtension {
			if said, err = serverName(data); err != nil {
				return err
			}
			named = true
		}
	}
	switch {
	case !named:
		return errNoServerName
	case !sameName(said, name):
		return &Violation{fmt.Sprintf("a TLS hello with the server name %q, not %q", clip(said), name)}
	}
	return nil
}

// extensionsOf gives the extensions of a ClientHello; none are there before TLS 1.0.
func extensionsOf(hello wire) (wire, error) {
	version, versionOK := hello.uint16()
	_, randomOK := hello.bytes(32)
	session, sessionOK := hello.vector8()
	suites, suitesOK := hello.vector16()
	compressions, compressionsOK := hello.vector8()
	if !versionOK || !randomOK || !sessionOK || !suitesOK || !compressionsOK ||
		version>>8 != 3 || len(session) > 32 || len(suites) == 0 || len(suites)%2 != 0 || len(compressions) == 0 {
		return nil, errMalformedHello
	}
	if len(hello) == 0 {
		return nil, nil
	}
	extensions, ok := hello.vector16()
	if !ok || len(hello) > 0 {
		return nil, errMalformedHello
	}
	return extensions, nil
}

// serverName reads the extension server_name: one name, and of the one type there is. A
// server that meets another type would have to guess how long its name is.
func serverName(data wire) (string, error) {
	list, ok := data.vector16()
	if !ok || len(data) > 0 {
		return "", errMalformedHello
	}
	kind, ok := list.uint8()
	if !ok {
		return "", errNoServerName
	}
	if kind != 0 { // host_name
		return "", errOtherServerName
	}
	name, ok := list.vector16()
	switch {
	case !ok:
		return "", errMalformedHello
	case len(name) == 0:
		return "", errNoServerName
	case len(list) > 0:
		return "", errServerNames
	case strings.HasSuffix(string(name), "."):
		return "", &Violation{fmt.Sprintf("a TLS hello with the server name %q: SNI has no trailing dot", clip(string(name)))}
	}
	return string(name), nil
}
