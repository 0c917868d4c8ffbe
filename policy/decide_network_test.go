package policy_test

import (
	"net/netip"
	"strings"
	"testing"

	"confine/policy"
)

const networkSource = `
[network]
mode    = "egress"
private = ["10.20.0.0/16", "fd00:1::/32"]
egress  = [
  "API.Example.com.:443", "api.example.com:8443", "*.Wild.example.com:443", "xn--bcher-kva.example:443", "a_b.example:443",
  "203.0.113.7:443", "[2001:DB9:0:0:0:0:0:7]:443", "10.20.0.5:5432", "[fd00:1::5]:5432",
]
`

// A connection is decided by name and port as they are written, whatever the spelling; a
// look-up by the name alone.
func TestDecideNetwork(t *testing.T) {
	p := mustParse(t, networkSource)
	for access, want := range map[string]bool{
		"connect api.example.com:443":      true,
		"connect api.example.com:8443":     true,
		"connect api.example.com:80":       false,
		"connect API.EXAMPLE.COM:443":      true,
		"connect api.example.com.:443":     true,
		"connect example.com:443":          false,
		"connect x.api.example.com:443":    false,
		"connect xapi.example.com:443":     false,
		"connect api.example.com.evil:443": false,
		"resolve api.example.com":          true,
		"resolve API.example.com.":         true,
		"resolve example.com":              false,

		"connect a.wild.example.com:443":      true,
		"connect a.b.c.wild.example.com:443":  true,
		"connect A.WILD.example.com.:443":     true,
		"connect wild.example.com:443":        false,
		"connect awild.example.com:443":       false,
		"connect a.wild.example.com:8443":     false,
		"connect wild.example.com.evil:443":   false,
		"connect a.wild.example.com.evil:443": false,
		"resolve a.wild.example.com":          true,
		"resolve wild.example.com":            false,

		"connect xn--bcher-kva.example:443": true,
		"connect XN--BCHER-KVA.example:443": true,
		"connect bcher-kva.example:443":     false,
		"resolve a_b.example":               true,

		"connect 203.0.113.7:443":                   true,
		"connect 203.0.113.7:80":                    false,
		"connect 203.0.113.8:443":                   false,
		"connect [2001:db9::7]:443":                 true,
		"connect [2001:0DB9:0000::0007]:443":        true,
		"connect [2001:db9::0.0.0.7]:443":           true,
		"connect [2001:db9::8]:443":                 false,
		"connect [::ffff:203.0.113.7]:443":          false,
		"connect [64:ff9b::203.0.113.7]:443":        false,
		"connect 7.113.0.203.in-addr.arpa:443":      false,
		"connect 10.20.0.5:5432":                    true,
		"connect 10.20.0.6:5432":                    false,
		"connect [fd00:1:0::5]:5432":                true,
		"connect 169.254.169.254:80":                false,
		"connect [fd00:ec2::254]:80":                false,
		"connect 203.0.113.7.wild.example.com:443":  true,
		"connect metadata.google.internal:80":       false,
		"connect 198.18.0.1:443":                    false,
		"resolve 169.254.169.254.wild.example.com.": true,
	} {
		a, err := policy.ParseAccess(access)
		if err != nil {
			t.Errorf("%s: %v", access, err)
			continue
		}
		d := p.Decide(a)
		if d.Allowed != want || d.Clause != policy.ClauseNetworkEgress || d.At.IsZero() {
			t.Errorf("%s: %+v, want %v", access, d, want)
		}
	}
}

// Other spellings of an address are no names.
func TestDecideNetworkSpellings(t *testing.T) {
	for _, host := range []string{
		"127.1", "0x7f000001", "0x7f.1", "2130706433", "0177.0.0.01", "203.0.113.07", "203.0.113", "1.2.3.4.5", "b\u00fccher.example", "[::1%lo]",
		"203.0.113.7.", "api..example.com", ".example.com", "*.wild.example.com", "a b.example", "api.example.com\u3002",
	} {
		if a, err := policy.ParseAccess("connect " + host + ":443"); err == nil {
			t.Errorf("%q is %+v", host, a)
		}
	}
}

// The two spellings of one name are one entry, and the hint for a name that is not ASCII is
// an entry.
func TestNetworkNames(t *testing.T) {
	for entry, hint := range map[string]string{
		"b\u00fccher.example:443":   `write "xn--bcher-kva.example:443"`,
		"*.b\u00dccher.example:443": `write "*.xn--bcher-kva.example:443"`,
		"\u0430pi.example.com:443":  `write "xn--pi-6kc.example.com:443"`,
		"example.com\u3002:443":     "",
	} {
		_, err := policy.Parse("a.toml", []byte(headed("a", "[network]\nmode = \"egress\"\negress = [\""+entry+"\"]\n")))
		if err == nil {
			t.Errorf("%q is taken", entry)
			continue
		}
		text := told(err)
		if hint != "" && !strings.Contains(text, "= hint: "+hint+"\n") || !strings.Contains(text, "is not ASCII") {
			t.Errorf("%q:\n%s", entry, text)
		}
	}
	_, err := policy.Parse("a.toml", []byte(headed("a", "[network]\nmode = \"egress\"\negress = [\"a.example:443\", \"A.EXAMPLE.:0443\"]\n")))
	if err == nil || !strings.Contains(err.Error(), "named twice") {
		t.Errorf("two spellings of one entry: %v", err)
	}
}

func TestRefuses(t *testing.T) {
	n := mustParse(t, networkSource).Network
	for address, want := range map[string]string{
		"203.0.113.7": "", "2606:4700::1": "", "8.8.8.8": "", "100.63.255.255": "", "100.128.0.0": "", "168.63.129.17": "", "172.32.0.1": "",
		"10.20.255.255": "", "fd00:1::1": "", "198.17.255.255": "", "198.20.0.0": "",
		"10.21.0.0": "a private network", "10.19.255.255": "a private network", "fd00:2::1": "a private network", "0.0.0.0": "this network",
		"127.0.0.53": "this machine", "::1": "this machine", "::": "this machine", "169.254.169.254": "link-local, with the clouds' metadata services",
		"100.100.100.200": "a provider's network", "168.63.129.16": "Azure's metadata service", "192.168.1.1": "a private network",
		"172.31.255.255": "a private network", "198.19.255.255": "a network for benchmarks", "224.0.0.1": "multicast", "255.255.255.255": "reserved",
		"fe80::1": "link-local", "fe80::1%eth0": "link-local", "ff02::1": "multicast", "fec0::1": "a private network",
		"::10.20.0.5":      "an IPv4 address in IPv6",
		"::ffff:10.20.0.5": "", "64:ff9b::10.20.0.5": "", "64:ff9b::203.0.113.7": "", // as the address of IPv4 inside
		"::ffff:10.21.0.0": "a private network", "64:ff9b::10.21.0.0": "a private network",
		"::ffff:169.254.169.254": "link-local, with the clouds' metadata services", "64:ff9b::a9fe:a9fe": "link-local, with the clouds' metadata services",
		"64:ff9b:1::1": "an IPv4 address behind NAT64", "2002:a9fe:a9fe::1": "a 6to4 tunnel", "2001::1": "a Teredo tunnel", "2001:1::1": "",
	} {
		what, refused := n.Refuses(netip.MustParseAddr(address))
		if what != want || refused != (want != "") {
			t.Errorf("%s: %q, %v, want %q", address, what, refused, want)
		}
	}
}

// What carries an address of IPv4 that cannot be told, and what is the address of no one host,
// stays closed however much private opens.
func TestRefusesWhatPrivateCannotHold(t *testing.T) {
	n := mustParse(t, "[network]\nmode = \"egress\"\nprivate = [\"::/0\", \"0.0.0.0/0\"]\n").Network
	for address, want := range map[string]bool{
		"10.0.0.1": false, "127.0.0.1": false, "::1": false, "fd00::1": false, "::ffff:10.0.0.1": false, "64:ff9b::10.0.0.1": false,
		"0.0.0.0": true, "::ffff:0.0.0.0": true, "::": true, "224.0.0.1": true, "ff02::1": true, "::10.0.0.1": true,
		"64:ff9b:1::a9fe:a9fe": true, "2001::1": true, "2002:a9fe:a9fe::1": true,
	} {
		if what, refused := n.Refuses(netip.MustParseAddr(address)); refused != want {
			t.Errorf("%s: %q, %v", address, what, refused)
		}
	}
	for _, address := range []string{"[::ffff:10.0.0.1]:443", "[2002:a00::1]:443", "0.0.0.0:80", "[::ffff:169.254.169.254]:80"} {
		text := headed("a", "[network]\nmode = \"egress\"\nprivate = [\"::/0\", \"0.0.0.0/0\"]\negress = [\""+address+"\"]\n")
		if _, err := policy.Parse("a.toml", []byte(text)); err == nil {
			t.Errorf("%s is taken", address)
		}
		access, err := policy.ParseAccess("connect " + address)
		if err != nil {
			t.Fatal(err)
		}
		if r, ok := mustParse(t, networkSource).Remedy(access); ok {
			t.Errorf("%s: %+v", address, r)
		}
	}
}
