package policy

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"confine/policy/syscalls"
)

// AccessKind is the verb of an [Access].
type AccessKind string

// The verbs that an access can have.
const (
	AccessRead       AccessKind = "read"       // open for reading, list a directory, map without PROT_EXEC
	AccessWrite      AccessKind = "write"      // open for writing, create, delete, rename, truncate, chmod
	AccessExec       AccessKind = "exec"       // execve
	AccessMap        AccessKind = "map"        // mmap with PROT_EXEC
	AccessConnect    AccessKind = "connect"    // open a connection to a host and port
	AccessResolve    AccessKind = "resolve"    // look up a host name
	AccessSyscall    AccessKind = "syscall"    // make a system call
	AccessCapability AccessKind = "capability" // hold a capability
	AccessRlimit     AccessKind = "rlimit"     // have this much of a resource
	AccessEnv        AccessKind = "env"        // see a variable of the environment
)

var accessKinds = []string{
	string(AccessRead), string(AccessWrite), string(AccessExec), string(AccessMap),
	string(AccessConnect), string(AccessResolve), string(AccessSyscall),
	string(AccessCapability), string(AccessRlimit), string(AccessEnv),
}

// Access is one thing that a program might do. Its text is a verb, a space and
// what the verb is about:
//
//	read PATH  write PATH  exec PATH  map PATH
//	connect HOST:PORT  resolve NAME
//	syscall NAME  syscall NAME(arg0=VALUE, ...)
//	capability NAME  rlimit NAME=VALUE  env NAME
type Access struct {
	Kind AccessKind
	// Target is an absolute, clean path; a host in lower case without brackets; or a
	// name: of a system call, a capability (CAP_X), a limit or a variable.
	Target string
	// Port is the port of a connect, from 1.
	Port uint16
	// Value is the amount of a rlimit, in the unit of setrlimit(2).
	Value uint64
	// Args are what is known of the arguments of a syscall.
	Args [6]syscalls.Argument
}

// String gives the text that [ParseAccess] reads.
func (a Access) String() string {
	switch a.Kind {
	case AccessConnect:
		return fmt.Sprintf("%s %s", a.Kind, joinHostPort(a.Target, a.Port))
	case AccessRlimit:
		return fmt.Sprintf("%s %s=%d", a.Kind, a.Target, a.Value)
	case AccessSyscall:
		return string(a.Kind) + " " + syscalls.FormatCall(a.Target, a.Args)
	default:
		return string(a.Kind) + " " + a.Target
	}
}

var hostLabel = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$`)

// ParseAccess reads the text of one access. Names are normalised, so that two
// spellings of one access are equal. The error says what was expected.
func ParseAccess(text string) (Access, error) {
	verb, target, _ := strings.Cut(strings.TrimSpace(text), " ")
	target = strings.TrimSpace(target)
	if !contains(accessKinds, verb) {
		return Access{}, fmt.Errorf("%s is no kind of access%s", quote(verb), didYouMean(verb, accessKinds))
	}
	if target == "" {
		return Access{}, fmt.Errorf("access %q says nothing about what", verb)
	}
	a := Access{Kind: AccessKind(verb), Target: target}
	var err error
	switch a.Kind {
	case AccessRead, AccessWrite, AccessExec, AccessMap:
		if message, _ := badPath(target); message != "" {
			err = errors.New(message)
		}
	case AccessConnect:
		err = a.parseConnect()
	case AccessResolve:
		a.Target, err = hostName(target)
	case AccessSyscall:
		a.Target, a.Args, err = syscalls.ParseCall(target)
	case AccessCapability:
		name, ok := capabilityName(target)
		if !ok {
			err = fmt.Errorf("%s is not a capability%s", quote(target), didYouMean("CAP_"+strings.TrimPrefix(strings.ToUpper(target), "CAP_"), capabilityNames))
		}
		a.Target = name
	case AccessRlimit:
		err = a.parseRlimit()
	case AccessEnv:
		if !variableName.MatchString(target) {
			err = fmt.Errorf("%s is not a variable name", quote(target))
		}
	}
	if err != nil {
		return Access{}, err
	}
	return a, nil
}

// didYouMean is the part of a message that suggests a candidate, or is empty.
func didYouMean(word string, candidates []string) string {
	near, ok := nearest(word, candidates)
	if !ok {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", near)
}

func (a *Access) parseConnect() error {
	host, port, err := splitHostPort(a.Target)
	if err != nil {
		return err
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return fmt.Errorf("%s is not a port: expected 1 to 65535", quote(port))
	}
	a.Port = uint16(number)
	a.Target, err = hostName(host)
	return err
}

// joinHostPort is what splitHostPort takes apart.
func joinHostPort(host string, port uint16) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return fmt.Sprintf("%s:%d", host, port)
}

// splitHostPort takes HOST:PORT apart; an IPv6 address has brackets.
func splitHostPort(text string) (host, port string, err error) {
	if inner, bracketed := strings.CutPrefix(text, "["); bracketed {
		var closed bool
		if host, port, closed = strings.Cut(inner, "]:"); !closed {
			return "", "", fmt.Errorf("%s is not [ADDRESS]:PORT", quote(text))
		}
		if ip, err := netip.ParseAddr(host); err != nil || !ip.Is6() {
			return "", "", fmt.Errorf("%s is not an IPv6 address", quote(host))
		}
		return host, port, nil
	}
	colon := strings.LastIndexByte(text, ':')
	if colon < 0 {
		return "", "", fmt.Errorf("%s has no port: expected HOST:PORT", quote(text))
	}
	host, port = text[:colon], text[colon+1:]
	if strings.Contains(host, ":") {
		return "", "", fmt.Errorf("%s is ambiguous: expected [ADDRESS]:PORT", quote(text))
	}
	return host, port, nil
}

// hostName normalises a DNS name or an IP literal.
func hostName(text string) (string, error) {
	if ip, err := netip.ParseAddr(text); err == nil {
		if ip.Zone() != "" {
			return "", fmt.Errorf("%s has a zone", quote(text))
		}
		return ip.String(), nil
	}
	name := strings.TrimSuffix(strings.ToLower(text), ".")
	bad := fmt.Errorf("%s is not a host name", quote(text))
	if name == "" || len(name) > 253 {
		return "", bad
	}
	labels := strings.Split(name, ".")
	for _, label := range labels {
		if !hostLabel.MatchString(label) {
			return "", bad
		}
	}
	// No top-level domain is a number: "1.2.3" is a mistaken address, and "0x7f000001" is
	// 127.0.0.1 to inet_aton(3), which getaddrinfo(3) asks first.
	last := labels[len(labels)-1]
	hex, prefixed := strings.CutPrefix(last, "0x")
	if strings.Trim(last, "0123456789") == "" || prefixed && strings.Trim(hex, "0123456789abcdef") == "" {
		return "", bad
	}
	return name, nil
}

func (a *Access) parseRlimit() error {
	name, value, ok := strings.Cut(a.Target, "=")
	if !ok {
		return fmt.Errorf("%s has no value: expected NAME=VALUE", quote(a.Target))
	}
	kind, ok := rlimitKindOf(name)
	if !ok {
		return fmt.Errorf("%s is not a resource limit%s: expected one of %s",
			quote(name), didYouMean(name, rlimitNames()), strings.Join(rlimitNames(), ", "))
	}
	number, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		if number, _, err = kind.parse(value); err != nil {
			return err
		}
	}
	a.Target, a.Value = name, number
	return nil
}
