package policy

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// EgressEntry is one entry of network.egress.
type EgressEntry struct {
	// Host is a DNS name in lower case, "*." before one for one or more labels, or an
	// IP address.
	Host string
	// Port is from 1.
	Port uint16
	At   Position
}

// String gives the entry as a policy states it.
func (e EgressEntry) String() string { return joinHostPort(e.Host, e.Port) }

// Address gives the address that an entry names; ok is false for a DNS name.
func (e EgressEntry) Address() (ip netip.Addr, ok bool) {
	ip, err := netip.ParseAddr(e.Host)
	return ip, err == nil
}

// MatchesHost reports whether the entry names a host, which is in lower case and
// without a trailing dot. "*.x" is one or more labels before x, not x itself.
func (e EgressEntry) MatchesHost(host string) bool {
	if domain, wildcard := strings.CutPrefix(e.Host, "*"); wildcard {
		return len(host) > len(domain) && strings.HasSuffix(host, domain) && !isAddress(host)
	}
	return host == e.Host
}

// PrivateNetwork is one entry of network.private.
type PrivateNetwork struct {
	Prefix netip.Prefix
	At     Position
}

// isPublicSuffix reports whether anybody can register a name under a domain: a
// registry's, such as co.uk, or a company's that gives names to its customers, such
// as github.io (publicsuffix.org).
func isPublicSuffix(domain string) bool {
	suffix, _ := publicsuffix.PublicSuffix(domain)
	return suffix == domain
}

// isRegistry reports whether a domain is a public suffix of a registry.
func isRegistry(domain string) bool {
	suffix, icann := publicsuffix.PublicSuffix(domain)
	return suffix == domain && (icann || !strings.Contains(domain, "."))
}

// egressEntry reads "HOST:PORT". The error says what was expected; the hint is an
// edit, or empty.
func egressEntry(text string) (e EgressEntry, hint string, err error) {
	if scheme, rest, ok := strings.Cut(text, "://"); ok {
		port := map[string]string{"https": "443", "http": "80"}[strings.ToLower(scheme)]
		host, _, _ := strings.Cut(rest, "/")
		if port != "" && !strings.ContainsAny(host, ":@") {
			hint = strconv.Quote(host + ":" + port)
		}
		return e, hint, fmt.Errorf("%s is a URL, not a host and port", quote(text))
	}
	if strings.Contains(text, "/") {
		return e, "", fmt.Errorf("%s has a path, which no network rule can tell apart", quote(text))
	}
	if name, _, _ := strings.Cut(text, ":"); name == "*" {
		return e, "", fmt.Errorf("%s names every host", quote(text))
	}
	host, port, err := splitHostPort(text)
	if err != nil {
		// "a:b:c" may be an address with a port or without.
		switch name, plain := normalHost(strings.Trim(strings.TrimPrefix(text, "*."), "[]")); {
		case plain == nil && strings.Contains(name, ":") && text[0] != '*':
			hint = strconv.Quote(bracketed(text))
		case plain == nil && (text[0] == '[' || !strings.Contains(text, ":")):
			hint = strconv.Quote(text + ":443")
		}
		return e, hint, err
	}
	number, err := strconv.ParseUint(port, 10, 16)
	switch {
	case port == "":
		if _, plain := normalHost(strings.TrimPrefix(host, "*.")); plain == nil {
			hint = strconv.Quote(text + "443")
		}
		return e, hint, fmt.Errorf("%s has no port: expected HOST:PORT", quote(text))
	case port == "*" || strings.ContainsAny(port, "-,"):
		return e, "", fmt.Errorf("%s names more than one port: write one entry for each", quote(text))
	case err != nil || number == 0:
		return e, "", fmt.Errorf("%s is not a port: expected 1 to 65535", quote(port))
	}
	domain, wildcard := strings.CutPrefix(host, "*.")
	name, err := normalHost(domain)
	switch {
	case err != nil && !isASCII(domain):
		if ascii, idnaErr := idna.Lookup.ToASCII(domain); idnaErr == nil {
			hint = strconv.Quote(strings.TrimSuffix(host, domain) + ascii + ":" + port)
		}
		return e, hint, fmt.Errorf("%s is not ASCII: two names can look alike", quote(host))
	case err != nil && strings.Contains(domain, "*"):
		return e, "", fmt.Errorf("%s has a wildcard that is not its first label", quote(host))
	case err != nil:
		return e, "", err
	case wildcard && isAddress(name):
		return e, "", fmt.Errorf("%s is a wildcard before an address", quote(host))
	case wildcard && !hasParameter(name) && isPublicSuffix(name):
		hint = strconv.Quote("*.example." + name + ":" + port)
		if !isRegistry(name) {
			hint = `the whole name of a host of your own, without "*."` // every example is a stranger's
		}
		return e, hint, fmt.Errorf("anybody can have a name under %q, a public suffix", name)
	case wildcard:
		name = "*." + name
	}
	return EgressEntry{Host: name, Port: uint16(number)}, "", nil
}

// bracketed gives what an IPv6 address without brackets most likely means: its last
// group is the port, if what is before it is an address by itself.
func bracketed(text string) string {
	text = strings.Trim(text, "[]")
	colon := strings.LastIndexByte(text, ':')
	if _, err := netip.ParseAddr(text[:colon]); err == nil {
		return "[" + text[:colon] + "]" + text[colon:]
	}
	return "[" + text + "]:443"
}

// normalHost normalises a host; labels that are a parameter without a value stay
// as they are.
func normalHost(text string) (string, error) {
	if !hasParameter(text) {
		return hostName(text)
	}
	// The parameter's name may have capitals; its value is checked when it is bound.
	var kept []string
	marked := parameterUse.ReplaceAllStringFunc(text, func(use string) string {
		kept = append(kept, use)
		return "p"
	})
	if _, err := hostName(marked); err != nil {
		return "", fmt.Errorf("%s is not a host name", quote(text))
	}
	if strings.HasPrefix(text, "${") && len(kept) == 1 && kept[0] == text {
		return text, nil
	}
	parts := parameterUse.Split(text, -1)
	var out strings.Builder
	for i, part := range parts {
		out.WriteString(strings.ToLower(part))
		if i < len(kept) {
			out.WriteString(kept[i])
		}
	}
	return strings.TrimSuffix(out.String(), "."), nil
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return false
		}
	}
	return true
}
