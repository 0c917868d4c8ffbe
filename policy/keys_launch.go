package policy

func parameterTable() Table {
	return Table{
		Name: tableParameter,
		Doc:  "a value given at launch: ${NAME} in network.egress, the paths of [filesystem] and process.directory",
		Keys: []Key{
			{
				Name: "type", Doc: "what the value stands for", Required: true,
				Values: []Value{{Kind: ValueString, Choices: []Choice{
					{string(ParameterLabel), "one DNS label, or one component of a path"},
					{string(ParameterHost), "a whole host name"},
				}}},
			},
			{
				Name: "pattern", Doc: "what the whole of a label matches", Only: string(ParameterLabel), Otherwise: "letters, digits, - and _",
				Values: []Value{{Kind: ValueString, Says: `a regular expression of RE2, such as "[a-z0-9-]+"`}},
			},
			{
				Name: "suffix", Doc: "what a host is, or lies in; \"*\" is any", Only: string(ParameterHost), Required: true,
				Values: []Value{{
					Kind: ValueList, NotEmpty: true, Entries: []Value{{Kind: ValueString, Says: `domains such as "example.com"`, Pattern: domainText}},
				}},
			},
		},
		Notes: []string{
			"NAME has letters, digits and _, and does not start with a digit. Values come with `--param` and `--params-from`.",
		},
		Example: `schema = 1
name   = "tenant"

[network]
mode   = "egress"
egress = ["${subdomain}.example.com:443", "${upload_host}:443"]

[filesystem]
read = ["/etc/resolv.conf"]

[params.subdomain]
type    = "label"
pattern = "[a-z0-9-]+"

[params.upload_host]
type   = "host"
suffix = ["example.net"]
`,
	}
}

func acceptTable() Table {
	return Table{
		Name: tableAccept, Repeated: true,
		Doc: "signs for a clause that a backend enforces less than the policy says; without it, compiling is refused",
		Keys: []Key{
			{
				Name: "backend", Doc: "the backend that it is for", Required: true,
				Values: []Value{{Kind: ValueString, Choices: choices(BackendNames()...)}},
			},
			{
				Name: "clause", Doc: "what is enforced less, as coverage.json names it", Values: []Value{aClause()}, Required: true,
			},
			{
				Name: "reason", Doc: "why this is good enough, and for how long", Required: true,
				Values: []Value{{Kind: ValueString, Says: "a sentence", Pattern: notBlankText}},
			},
			{
				Name: "until", Doc: "the last day; after it, compile and run refuse", Required: true,
				Values: []Value{{Kind: ValueDate, Says: "a date such as 2027-06-30, without quotes", Pattern: dateText}},
			},
		},
		Example: `schema = 1
name   = "signed"

[[accept]]
backend = "native"
clause  = "filesystem.map"
reason  = "no namespaces on this cluster; the connector writes nowhere but /source"
until   = 2099-06-30
`,
	}
}
