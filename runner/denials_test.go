//go:build linux

package runner

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"confine/policy"
	"confine/runner/egress"
)

func denialsPolicy(t *testing.T) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("my.toml", []byte("schema = 1\nname = \"my\"\n[network]\nmode = \"egress\"\negress = [\"api.example.com:443\"]\n"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestDenials(t *testing.T) {
	p := denialsPolicy(t)
	at := p.Network.At
	for _, tt := range []struct {
		event egress.Event
		want  string
	}{
		{
			egress.Event{Kind: egress.KindResolve, Host: "evil.example", Because: "not in egress", At: at},
			"confine: denied resolve evil.example, not in egress: my.toml:4:8\n         to allow it: add \"evil.example:443\" to [network] egress\n",
		},
		{
			egress.Event{Kind: egress.KindPacket, Host: "api.example.com", Port: 22, Because: "egress names it with port 443", At: at},
			"confine: denied connect api.example.com:22, egress names it with port 443: my.toml:4:8\n         to allow it: add \"api.example.com:22\" to [network] egress\n",
		},
		{
			egress.Event{Kind: egress.KindPacket, Host: "2001:db8::9", Port: 80, Because: "not in egress", At: at},
			"confine: denied connect [2001:db8::9]:80, not in egress: my.toml:4:8\n         to allow it: add \"[2001:db8::9]:80\" to [network] egress\n",
		},
		{
			egress.Event{Kind: egress.KindPacket, Host: "192.0.2.9", Port: 443, Alias: "api.example.com", Because: "not in egress", At: at},
			"confine: denied connect 192.0.2.9:443, not in egress: my.toml:4:8\n" +
				"         /etc/hosts has it as api.example.com, and confine was not asked for that name\n" +
				"         to allow it: take the name out of /etc/hosts, or add \"192.0.2.9:443\" to [network] egress\n",
		},
		{
			egress.Event{Kind: egress.KindPacket, Host: "api.example.com", Port: 443, Protocol: "udp", Because: "egress is TCP alone", At: at},
			"confine: denied udp to api.example.com:443, egress is TCP alone: my.toml:4:8\n",
		},
		{
			egress.Event{Kind: egress.KindOpen, Host: "api.example.com", Port: 443, Because: "not TLS", At: at},
			"confine: denied connect api.example.com:443, not TLS: my.toml:4:8\n",
		},
		{
			// Nothing that could be added leads there.
			egress.Event{Kind: egress.KindPacket, Host: "198.18.0.1", Port: 80, Because: "not in egress", At: at},
			"confine: denied connect 198.18.0.1:80, not in egress: my.toml:4:8\n",
		},
	} {
		var out bytes.Buffer
		d := newDenials(&out, p)
		d.tell(tt.event)
		d.tell(tt.event)
		if out.String() != tt.want {
			t.Errorf("%q, expected %q", out.String(), tt.want)
		}
	}
}

func TestManyDenials(t *testing.T) {
	var out bytes.Buffer
	d := newDenials(&out, denialsPolicy(t))
	for i := range 100 {
		d.tell(egress.Event{Kind: egress.KindResolve, Host: fmt.Sprintf("x%d.example", i), Because: "not in egress"})
	}
	if n := strings.Count(out.String(), "denied resolve"); n != maxDenials || !strings.Contains(out.String(), "--egress-log FILE has all of it") {
		t.Errorf("%d said:\n%s", n, out.String())
	}
}
