package compiler_test

import (
	"net/netip"
	"strings"
	"testing"

	"confine/compiler"
	"confine/policy"
)

func egressPolicy(t *testing.T, network, filesystem string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("p.toml", []byte("schema = 1\nname = \"p\"\n[network]\nmode = \"egress\"\n"+network+"\n[filesystem]\n"+filesystem+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestGatewayOf(t *testing.T) {
	if g := compiler.GatewayOf(policy.Network{Mode: policy.NetworkNone}); g != nil {
		t.Errorf("mode none has a gateway: %+v", g)
	}
	names := egressPolicy(t, `egress = ["api.example.com:443", "*.example.org:80"]`, "")
	g := compiler.GatewayOf(names.Network)
	if len(g.Literals) != 0 || len(g.SandboxAddresses) != 1 || len(g.Routes()) != 1 {
		t.Errorf("%+v with routes %v", g, g.Routes())
	}
	both := egressPolicy(t, `egress = ["203.0.113.9:443", "203.0.113.9:80", "[2001:db8::9]:443", "a.example:1"]`, "")
	g = compiler.GatewayOf(both.Network)
	want := map[string]string{
		"198.19.0.0/16": "198.18.0.1", "203.0.113.9/32": "198.18.0.1", "2001:db8::9/128": "fd6f:636f:6e66::1",
	}
	for _, r := range g.Routes() {
		if want[r.To.String()] != r.Via.String() {
			t.Errorf("route %s via %s", r.To, r.Via)
		}
		delete(want, r.To.String())
	}
	if len(want) > 0 || len(g.SandboxAddresses) != 2 {
		t.Errorf("no route to %v; addresses %v", want, g.SandboxAddresses)
	}
	// Nothing of the gateway's own can be the address of a host.
	for _, a := range append(g.GatewayAddresses, g.SandboxAddresses...) {
		if _, special := policy.SpecialAddress(a.Addr()); !special || g.Names.Contains(a.Addr()) {
			t.Errorf("%s is an ordinary address, or one of a name", a)
		}
	}
	if _, special := policy.SpecialAddress(g.Names.Addr()); !special {
		t.Errorf("%s are ordinary addresses", g.Names)
	}
}

func TestGatewayFiles(t *testing.T) {
	for _, tt := range []struct {
		name, filesystem string
		want             []string
	}{
		{"neither", `read = ["/etc/ssl"]`, nil},
		{"both", `read = ["/etc/resolv.conf", "/etc/hosts?"]`, []string{"/etc/resolv.conf", "/etc/hosts"}},
		{"a directory above", `read = ["/etc"]`, nil},
		{"written", `write = ["/etc/hosts"]`, nil},
		{"a link", `read = ["/run/systemd/resolve/stub-resolv.conf"]
links = { "/etc/resolv.conf" = "/run/systemd/resolve/stub-resolv.conf" }`, []string{"/run/systemd/resolve/stub-resolv.conf"}},
	} {
		p := egressPolicy(t, `egress = ["203.0.113.9:443"]`, tt.filesystem)
		var found []string
		for _, f := range compiler.GatewayOf(p.Network).Files(p.Filesystem, "box") {
			found = append(found, f.Path)
			if strings.Contains(f.Path, "resolv") != strings.Contains(f.Text, "nameserver 198.18.0.1\n") {
				t.Errorf("%s: %s holds %q", tt.name, f.Path, f.Text)
			}
			if strings.HasSuffix(f.Path, "hosts") && !strings.Contains(f.Text, "127.0.1.1 box\n") {
				t.Errorf("%s: %s holds %q", tt.name, f.Path, f.Text)
			}
		}
		if strings.Join(found, " ") != strings.Join(tt.want, " ") {
			t.Errorf("%s: %q, expected %q", tt.name, found, tt.want)
		}
	}
}

func TestRefuseEgress(t *testing.T) {
	const resolver = `read = ["/etc/resolv.conf"]`
	for _, tt := range []struct{ host, private, want string }{
		{"api.example.com", "", ""},
		{"203.0.113.9", "", ""},
		{"10.0.0.9", "10.0.0.0/8", ""},
		{"169.254.169.254", "169.254.169.254/32", ""},
		{"fd00::9", "fd00::/8", ""},
		{"localhost", "", "the sandbox itself"},
		{"db.localhost", "", "the sandbox itself"},
		{"*.db.localhost", "", "the sandbox itself"},
		{"127.0.0.1", "127.0.0.0/8", "the sandbox itself"},
		{"127.9.9.9", "127.0.0.0/8", "the sandbox itself"},
		{"::1", "::1/128", "the sandbox itself"},
		{"255.255.255.255", "240.0.0.0/4", "not that of one host"},
		{"fe80::1", "fe80::/10", "not on a link"},
		{"198.18.0.1", "198.18.0.0/15", "the gateway's own"},
		{"198.19.255.255", "198.18.0.0/15", "the gateway's own"},
		{"fd6f:636f:6e66::1", "fd00::/8", "the gateway's own"},
	} {
		host := tt.host
		if ip, err := netip.ParseAddr(host); err == nil && ip.Is6() {
			host = "[" + host + "]"
		}
		network := `egress = ["` + host + `:443"]`
		if tt.private != "" {
			network += "\nprivate = [\"" + tt.private + "\"]"
		}
		refusals := compiler.RefuseEgress(egressPolicy(t, network, resolver))
		switch {
		case tt.want == "" && len(refusals) > 0:
			t.Errorf("%s: %v", tt.host, refusals)
		case tt.want != "" && (len(refusals) != 1 || !strings.Contains(refusals[0].Found, tt.want) || refusals[0].At.IsZero()):
			t.Errorf("%s: %v, expected %q", tt.host, refusals, tt.want)
		}
		if compiler.NoGatewayTo(tt.host) != (tt.want != "") {
			t.Errorf("%s: a gateway leads there: %v", tt.host, !compiler.NoGatewayTo(tt.host))
		}
	}
	// No policy can name these.
	for _, host := range []string{"0.0.0.0", "::", "224.0.0.1", "ff02::1", "::ffff:10.0.0.1"} {
		if !compiler.NoGatewayTo(host) {
			t.Errorf("%s: a gateway leads there", host)
		}
	}
}

// A policy of names needs the file by which they are looked up; one of addresses does not.
func TestRefuseEgressWithoutResolver(t *testing.T) {
	for network, want := range map[string]int{
		`egress = ["api.example.com:443"]`: 1, `egress = ["203.0.113.9:443"]`: 0, `egress = []`: 0,
	} {
		if refusals := compiler.RefuseEgress(egressPolicy(t, network, `read = ["/etc"]`)); len(refusals) != want {
			t.Errorf("%s: %v, expected %d", network, refusals, want)
		}
	}
}

// A refusal shows the parameter and not its value, which can be out of a configuration.
func TestRefuseEgressShowsNoValue(t *testing.T) {
	source := policy.Source{File: "p.toml", Text: []byte(`schema = 1
name = "p"
[network]
mode = "egress"
egress = ["${host}:443"]
[filesystem]
read = ["/etc/resolv.conf"]
[params.host]
type = "host"
suffix = ["*"]
`)}
	p, err := policy.Resolve(source, policy.Options{Parameters: map[string]string{"host": "hunter2.localhost"}})
	if err != nil {
		t.Fatal(err)
	}
	refusals := compiler.RefuseEgress(p)
	if len(refusals) != 1 || !strings.Contains(refusals[0].Found, "${host}:443") || strings.Contains(refusals.Error(), "hunter2") {
		t.Errorf("%v", refusals)
	}
}
