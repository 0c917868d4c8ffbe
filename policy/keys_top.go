package policy

import "strconv"

func topTable() Table {
	version := strconv.Itoa(SchemaVersion)
	aTable := func(name, doc, otherwise string) Key {
		return Key{Name: name, Doc: doc, Values: []Value{{Kind: ValueTable, Table: name}}, Otherwise: otherwise}
	}
	return Table{
		Doc: "what a program may do; what a policy names nowhere is hidden, removed or denied",
		Keys: []Key{
			{
				Name: "schema", Doc: "the version of the language", Required: true,
				Values: []Value{{Kind: ValueInteger, Says: version, Min: SchemaVersion, Max: SchemaVersion}},
			},
			{
				Name: "name", Doc: "the name of the policy, after which its artifacts are called", Required: true,
				Values: []Value{{
					Kind: ValueString, Says: "1 to " + strconv.Itoa(MaxName) + " characters of a-z, 0-9 and -", Pattern: policyName.String(),
				}},
			},
			{
				Name: "description", Doc: "what the policy is for, for people",
				Values: []Value{{Kind: ValueString, Says: "text"}}, Otherwise: "none",
			},
			{
				Name: "extends", Doc: "the policies that this one builds upon, from left to right: files NAME.toml of the same directory, or confine's own",
				Values: []Value{listOf(Value{Kind: ValueString, Says: "names of policies", Pattern: policyName.String()})}, Default: "[]",
			},
			aTable(tableNetwork, "what can be reached", "nothing is reached"),
			aTable(tableFilesystem, "what is seen of the file system", "everything is hidden"),
			aTable(tableRlimits, "the limits of setrlimit(2)", "all are inherited"),
			aTable(tableCapabilities, "the capabilities that the program holds", "none"),
			aTable(tableSyscalls, "the system calls that the program can make", "those of the base connector"),
			aTable(tableEnvironment, "the variables that the program sees", "none"),
			aTable(tableProcess, "how the program runs", "as the caller, without bounds"),
			{
				Name: "params", Doc: "values that whoever launches gives", Otherwise: "none",
				Values: []Value{{
					Kind: ValueTable, Says: "tables [params.NAME]", Names: parameterName.String(),
					Entries: []Value{{Kind: ValueTable, Table: tableParameter}},
				}},
			},
			{
				Name: "accept", Doc: "written, dated exceptions", Otherwise: "none",
				Values: []Value{listOf(Value{Kind: ValueTable, Table: tableAccept})},
			},
		},
		Example: `schema      = 1
name        = "acme"
description = "reads the API of Acme and writes its working directory"
extends     = ["source-declarative-manifest"]

[network]
mode   = "egress"
egress = ["api.example.com:443"]

[filesystem]
read   = ["/srv/reference-data?"]
remove = { write = ["/staging/files"] }

[rlimits]
as     = "2GiB"
remove = ["nproc"]

[environment]
pass   = ["ACME_*"]
sealed = true
`,
	}
}
