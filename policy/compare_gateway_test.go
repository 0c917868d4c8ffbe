package policy_test

import (
	"strings"
	"testing"

	"confine/policy"
)

func TestCompareGateways(t *testing.T) {
	const network = "[network]\nmode = \"egress\"\negress = [\"a.example:443\"]\n"
	for _, tt := range []struct {
		older, newer, clause, was, now string
		loosened                       bool
	}{
		{"", `fronting = "deny"`, "", "", "", false},
		{"", `fronting = "allow"`, policy.ClauseNetworkFronting, "deny", "allow", true},
		{`fronting = "allow"`, "", policy.ClauseNetworkFronting, "allow", "deny", false},
		{"", `max_bytes = "1GiB"`, policy.ClauseNetworkMaxBytes, "no bound", "1GiB", false},
		{`max_bytes = "1GiB"`, "", policy.ClauseNetworkMaxBytes, "1GiB", "no bound", true},
		{`max_bytes = "1GiB"`, `max_bytes = "2GiB"`, policy.ClauseNetworkMaxBytes, "1GiB", "2GiB", true},
		{`max_bytes = "1GiB"`, `max_bytes = "1024MiB"`, "", "", "", false},
		{`max_connections = 8`, `max_connections = 4`, policy.ClauseNetworkMaxConnections, "8", "4", false},
		{`max_connections = 8`, "", policy.ClauseNetworkMaxConnections, "8", "no bound", true},
	} {
		older, newer := mustParse(t, network+tt.older+"\n"), mustParse(t, network+tt.newer+"\n")
		changes := policy.Compare(older, newer)
		if tt.clause == "" {
			if len(changes) > 0 {
				t.Errorf("%q to %q: %+v", tt.older, tt.newer, changes)
			}
			continue
		}
		if len(changes) != 1 {
			t.Errorf("%q to %q: %+v", tt.older, tt.newer, changes)
			continue
		}
		c := changes[0]
		if c.Clause != tt.clause || c.Was != tt.was || c.Now != tt.now || c.Loosened != tt.loosened {
			t.Errorf("%q to %q: %+v", tt.older, tt.newer, c)
		}
	}
}

// What a base says of its gateway holds for who extends it, and the nearest file wins.
func TestGatewayOfBases(t *testing.T) {
	shelf := shelf{
		"base": "schema = 1\nname = \"base\"\n[network]\nmode = \"egress\"\negress = [\"a.example:443\"]\nfronting = \"allow\"\nmax_bytes = \"1GiB\"\nmax_connections = 8\n",
	}
	for text, want := range map[string]policy.Network{
		"": {Mode: policy.NetworkEgress, Fronting: policy.FrontingAllow, MaxBytes: 1 << 30, MaxConnections: 8},
		"[network]\nfronting = \"deny\"\nmax_bytes = 7\n": {
			Mode: policy.NetworkEgress, Fronting: policy.FrontingDeny, MaxBytes: 7, MaxConnections: 8,
		},
		"[network]\nmode = \"none\"\n": {Mode: policy.NetworkNone, Fronting: policy.FrontingAllow, MaxBytes: 1 << 30, MaxConnections: 8},
	} {
		source := policy.Source{File: "child.toml", Text: []byte("schema = 1\nname = \"child\"\nextends = [\"base\"]\n" + text)}
		p, err := policy.Resolve(source, policy.Options{Library: shelf})
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		n := p.Network
		if n.Mode != want.Mode || n.Fronting != want.Fronting || n.MaxBytes != want.MaxBytes || n.MaxConnections != want.MaxConnections {
			t.Errorf("%q: %+v", text, n)
		}
	}
	source := policy.Source{File: "child.toml", Text: []byte("schema = 1\nname = \"child\"\nextends = [\"base\"]\n[network]\nmode = \"host\"\nremove = { egress = [\"a.example:443\"] }\n")}
	if _, err := policy.Resolve(source, policy.Options{Library: shelf}); err == nil {
		t.Error("the whole network beside bounds of a gateway")
	}
	// Hosts beside an inherited mode "host" would restrict nothing.
	shelf["open"] = "schema = 1\nname = \"open\"\n[network]\nmode = \"host\"\n"
	for key, value := range map[string]string{
		"egress": `["a.example:443"]`, "private": `["10.20.0.0/16"]`, "fronting": `"deny"`, "max_bytes": `"1GiB"`, "max_connections": "8",
	} {
		source = policy.Source{File: "child.toml", Text: []byte("schema = 1\nname = \"child\"\nextends = [\"open\"]\n[network]\n" + key + " = " + value + "\n")}
		want := "network." + key + ` restricts nothing beside mode = "host"`
		if _, err := policy.Resolve(source, policy.Options{Library: shelf}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s beside the whole network: %v", key, err)
		}
	}
}
