//go:build linux

package integration

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"confine/policy"
)

// egressCase is the lines of [network] under which everything is attempted, and held
// against Decide.
type egressCase struct {
	name, network, tables string
	// params are the values of --param, and config the file of --params-from.
	params map[string]string
	config string
	// more are attempts besides those of everyHost.
	more []attempt
}

// everyHost is attempted under every policy: the names and ports that one or the other
// allows. Connecting alone says nothing, so answers are waited for.
var everyHost = []attempt{
	connection("api.vendor.test:443"), connection("api.vendor.test:80"), connection("api.vendor.test:7000"), connection("api.vendor.test:7001"),
	connection("a.vendor.test:443"), connection("a.b.vendor.test:443"), connection("vendor.test:443"), connection("A.Vendor.TEST:443"),
	connection("other.test:443"), connection("other.test:7000"), connection("evil.test:443"), connection("deep.sub.vendor.org:443"),
	connection(apiAddress + ":7000"), connection(apiAddress + ":7001"), connection(evilAddress + ":7000"), connection(evilAddress + ":443"),
	connection("[" + apiAddress6 + "]:7000"), connection("[" + apiAddress6 + "]:7001"), connection("[" + evilAddress6 + "]:7000"),
	connection(privateAddress + ":7000"), connection(metadataAddress + ":80"),
	{access: "resolve api.vendor.test"},
	{access: "resolve API.vendor.test."},
	{access: "resolve a.vendor.test"},
	{access: "resolve a.b.vendor.test"},
	{access: "resolve vendor.test"},
	{access: "resolve other.test"},
	{access: "resolve evil.test"},
	{access: "resolve deep.sub.vendor.org"},
}

// connection is to a host that must answer where it is allowed.
func connection(target string) attempt {
	return attempt{access: "connect " + target, deed: "exchange " + target}
}

// refusedAfterResolution is a connection that Decide allows by its name, and whose
// addresses are refused.
func refusedAfterResolution(target string) attempt {
	a := connection(target)
	a.inside, a.because = "ECONNRESET", "what the name resolves into is refused, and Decide resolves nothing"
	return a
}

var egressCases = []egressCase{
	{name: "nobody", network: "egress = []"},
	{name: "the metadata service, on another port", network: "egress = [\"169.254.169.254:443\"]\nprivate = [\"169.254.169.254/32\"]"},
	{name: "one name", network: `egress = ["api.vendor.test:443"]`},
	{name: "two ports of a name", network: `egress = ["api.vendor.test:443", "api.vendor.test:7000"]`},
	{name: "plain HTTP", network: `egress = ["api.vendor.test:80"]`},
	{name: "wildcard", network: `egress = ["*.vendor.test:443"]`},
	{name: "wildcard and name", network: `egress = ["*.vendor.test:443", "vendor.test:443", "api.vendor.test:7001", "*.vendor.org:443"]`},
	{name: "capitals and a dot", network: `egress = ["API.Vendor.Test.:443"]`},
	{name: "IPv4 literal", network: `egress = ["203.0.113.10:7000"]`},
	{name: "IPv4 literal and name", network: `egress = ["203.0.113.10:7000", "203.0.113.10:7001", "api.vendor.test:443"]`},
	{name: "private literal", network: "egress = [\"192.168.7.7:7000\", \"169.254.169.254:80\"]\nprivate = [\"192.168.7.0/24\", \"169.254.169.254/32\"]"},
	{name: "IPv6 literal", network: `egress = ["[2001:db8::10]:7000"]`},
	{name: "IPv6 literal and others", network: `egress = ["[2001:db8::10]:7001", "203.0.113.10:7000", "other.test:443"]`},
	{
		name: "names of IPv6 hosts", network: `egress = ["six.vendor.test:7000", "both.vendor.test:7000"]`,
		more: []attempt{connection("six.vendor.test:7000"), connection("both.vendor.test:7000")},
	},
	{
		name: "special addresses", network: `egress = ["intranet.test:7000", "intranet6.test:7000", "metadata.test:80", "nat64.test:80", "6to4.test:80", "mapped.test:80", "loopback.test:7000", "loopback6.test:7000"]`,
		more: []attempt{
			refusedAfterResolution("intranet.test:7000"), refusedAfterResolution("intranet6.test:7000"), refusedAfterResolution("metadata.test:80"),
			refusedAfterResolution("nat64.test:80"), refusedAfterResolution("6to4.test:80"), refusedAfterResolution("mapped.test:80"),
			refusedAfterResolution("loopback.test:7000"), refusedAfterResolution("loopback6.test:7000"),
		},
	},
	{
		name: "private", network: "egress = [\"intranet.test:7000\", \"intranet6.test:7000\", \"metadata.test:80\", \"loopback.test:7000\"]\nprivate = [\"192.168.7.0/24\", \"fd00::/64\"]",
		more: []attempt{
			connection("intranet.test:7000"), connection("intranet6.test:7000"), refusedAfterResolution("metadata.test:80"), refusedAfterResolution("loopback.test:7000"),
		},
	},
	{
		name: "private, another network", network: "egress = [\"intranet.test:7000\"]\nprivate = [\"192.168.8.0/24\", \"10.0.0.0/8\"]",
		more: []attempt{refusedAfterResolution("intranet.test:7000")},
	},
	{
		name: "one address is refused", network: `egress = ["partly.test:7000"]`,
		more: []attempt{{
			access: "connect partly.test:7000", deed: "exchange partly.test:7000", inside: "ok", because: "the other address of the name is an ordinary one",
		}},
	},
	{
		name: "one address does not answer", network: `egress = ["unreachable.test:7000"]`,
		more: []attempt{connection("unreachable.test:7000")},
	},
	{name: "fronting", network: "egress = [\"api.vendor.test:443\", \"api.vendor.test:80\"]\nfronting = \"allow\"", more: []attempt{
		{deed: "tls api.vendor.test:443 evil.test", inside: "ok", because: "fronting is allowed"},
		{deed: "http api.vendor.test:80 evil.test api.vendor.test", inside: "ok", because: "fronting is allowed"},
	}},
	{name: "max_connections", network: "egress = [\"api.vendor.test:7000\"]\nmax_connections = 3", more: []attempt{
		{deed: "crowd api.vendor.test:7000 3", inside: "ok", because: "no more than there may be"},
		{deed: "crowd api.vendor.test:7000 4", inside: "denied", because: "one more than there may be"},
	}},
	{name: "max_bytes", network: "egress = [\"api.vendor.test:7000\"]\nmax_bytes = \"64KiB\"", more: []attempt{
		{deed: "pour api.vendor.test:7000 8192", inside: "ok", because: "sent and received, it is a quarter of what may be"},
		{deed: "pour api.vendor.test:7000 262144", inside: "denied", because: "more than may be"},
		{deed: "pour api.vendor.test:7000 512", inside: "denied", because: "the bound is one of all connections"},
	}},
	{
		name: "label", network: `egress = ["${me}.vendor.test:443", "x.${me}.vendor.test:7000"]`,
		tables: "[params.me]\ntype = \"label\"\npattern = \"[a-z]+\"\n", params: map[string]string{"me": "api"},
	},
	{
		name: "host", network: `egress = ["${domain}:443"]`,
		tables: "[params.domain]\ntype = \"host\"\nsuffix = [\"vendor.test\"]\n", params: map[string]string{"domain": "a.vendor.test"},
	},
	{
		name: "below a host", network: `egress = ["*.${domain}:443"]`,
		tables: "[params.domain]\ntype = \"host\"\nsuffix = [\"vendor.test\"]\n", params: map[string]string{"domain": "b.vendor.test"},
	},
	{
		name: "parameters of a file", network: `egress = ["${me}.vendor.test:443"]`,
		tables: "[params.me]\ntype = \"label\"\npattern = \"[a-z]+\"\n", params: map[string]string{"me": "a"},
		config: `{"credentials": {"me": "a", "token": "TOKEN"}}`,
	},
}

// TestEgressAccesses does what policies of mode egress allow and forbid, and holds it
// against Decide.
func TestEgressAccesses(t *testing.T) {
	t.Parallel()
	w := newInternet(t)
	for _, c := range egressCases {
		t.Run(c.name, func(t *testing.T) {
			path := egressPolicy(t, c.network, c.tables)
			p, err := policy.Resolve(policy.Source{File: path, Text: []byte(readText(t, path))}, policy.Options{Parameters: c.params})
			if err != nil {
				t.Fatal(err)
			}
			var flags []string
			if c.config != "" {
				config := file(t, filepath.Join(tree(t), "config.json"), strings.ReplaceAll(c.config, "TOKEN", token), 0o644)
				flags = append(flags, "--params-from", config+":/credentials")
			} else {
				for name, value := range c.params {
					flags = append(flags, "--param", fmt.Sprintf("%s=%s", name, value))
				}
			}
			hosts := everyHost
			if p.Network.MaxBytes+p.Network.MaxConnections > 0 {
				hosts = nil // a bound must not count what another attempt left
			}
			w.try(t, path, p, flags, append(append([]attempt{}, hosts...), c.more...))
		})
	}
}

// TestEgressDecides: the table shows every clause of the mode both ways, or says why not.
func TestEgressDecides(t *testing.T) {
	allowed, denied := 0, 0
	for _, c := range egressCases {
		path := egressPolicy(t, c.network, c.tables)
		p, err := policy.Resolve(policy.Source{File: path, Text: []byte(readText(t, path))}, policy.Options{Parameters: c.params})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range append(append([]attempt{}, everyHost...), c.more...) {
			if a.access == "" || a.inside != "" {
				continue
			}
			if decide(t, p, a.access).Allowed {
				allowed++
			} else {
				denied++
			}
		}
	}
	const enough = 30
	if allowed < enough || denied < enough {
		t.Errorf("%d attempts that are allowed and %d that are denied, expected at least %d of each", allowed, denied, enough)
	}
}

// TestEgressParameters: a value that is none stops the launch, and nothing of it is shown.
func TestEgressParameters(t *testing.T) {
	w := newInternet(t)
	label := egressPolicy(t, `egress = ["${me}.vendor.test:443"]`, "[params.me]\ntype = \"label\"\npattern = \"[a-z]+\"\n")
	host := egressPolicy(t, `egress = ["${me}:443"]`, "[params.me]\ntype = \"host\"\nsuffix = [\"vendor.test\"]\n")
	for _, c := range []struct{ policy, value string }{
		{label, "evil.test"},
		{label, "evil.test/"},
		{label, "evil-test:443"},
		{label, "*"},
		{label, ""},
		{host, "evil.test"},
		{host, "vendor.test.evil.test"},
		{host, "evilvendor.test"},
		{host, apiAddress},
		{host, "api.vendor.test:22"},
	} {
		t.Run(c.value, func(t *testing.T) {
			for _, l := range oneEgressEach() {
				o := w.finish(t, with(l.cmd(c.policy, "/usr/bin/true"), "--param", "me="+c.value))
				wants(t, o.must(t, 125), "nothing ran", "parameter me")
			}
		})
	}
}

// oneEgressEach is a launch of each backend.
func oneEgressEach() []launch { return []launch{egressLaunches[0], egressLaunches[3]} }
