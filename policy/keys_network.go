package policy

func networkTable() Table {
	egress := Value{
		Kind: ValueString, Says: `hosts with a port, such as "api.example.com:443" or "*.example.com:443"`, Pattern: egressText,
	}
	private := Value{Kind: ValueString, Says: `networks such as "10.20.0.0/16"`, Pattern: networkText}
	return Table{
		Name: tableNetwork,
		Doc:  "what can be reached",
		Keys: append([]Key{
			{
				Name: "mode", Doc: "which network the program has", Default: `"none"`,
				Values: []Value{{Kind: ValueString, Choices: []Choice{
					{string(NetworkNone), "only the sandbox's own loopback"},
					{string(NetworkEgress), "the hosts of egress, by TCP"},
					{string(NetworkHost), "whatever the host reaches, and no other key beside it"},
				}}},
			},
			{
				Name: "egress", Doc: "what mode \"egress\" lets through: a name or an address, and one port; \"*.\" is one label or more, and ${NAME} a parameter",
				Values: []Value{listOf(egress)}, Default: "[]",
			},
			{
				Name: "private", Doc: "networks that an allowed name may resolve into although they are private, link-local or otherwise special",
				Values: []Value{listOf(private)}, Default: "[]",
			},
			{
				Name: "fronting", Doc: "under mode \"egress\", whether a connection may ask an allowed host for another name", Default: `"deny"`,
				Values: []Value{{Kind: ValueString, Choices: []Choice{
					{string(FrontingDeny), "TLS on port 443 and HTTP on port 80 must name the host that was opened"},
					{string(FrontingAllow), "nothing is looked into"},
				}}},
			},
			{
				Name: "max_bytes", Doc: "under mode \"egress\", what is sent and received in all connections of a run together",
				Values: aSize(), Otherwise: "no bound",
			},
			{
				Name: "max_connections", Doc: "under mode \"egress\", how many connections there are at one time",
				Values: []Value{{Kind: ValueInteger, Says: "a number from 1", Min: 1}}, Otherwise: "no bound",
			},
		}, inherits(removeFrom(tableNetwork, map[string][]Value{
			"egress":  {egress},
			"private": orParameter(private),
		}))...),
		Example: `schema = 1
name   = "reach"

[network]
mode            = "egress"
egress          = ["api.example.com:443", "*.cdn.example.com:443", "192.0.2.7:5432", "[2001:db8::1]:443"]
private         = ["10.20.7.4/32"]
fronting        = "deny"
max_bytes       = "10GiB"
max_connections = 64

[filesystem]
read = ["/etc/resolv.conf"]
`,
	}
}
