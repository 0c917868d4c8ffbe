package policy

import "strings"

func testsTable() Table {
	return Table{
		Name: tableTests,
		Doc:  "NAME.test.toml, beside NAME.toml: what the policy must allow and deny",
		Keys: []Key{
			{
				Name: tableCase, Doc: "what must be allowed and denied", Required: true,
				Values: []Value{{Kind: ValueList, NotEmpty: true, Entries: []Value{{Kind: ValueTable, Table: tableCase}}}},
			},
		},
		Example: caseExample,
	}
}

const caseExample = `[[case]]
name   = "its own tenant"
params = { subdomain = "acme", upload_host = "p1.example.net" }
allow  = ["connect acme.example.com:443", "connect p1.example.net:443"]

[[case]]
name   = "decided by the clause that is meant"
params = { subdomain = "acme", upload_host = "p1.example.net" }
by     = "network.egress"
deny   = ["connect evil.example:443"]
`

func caseTable() Table {
	accesses := listOf(Value{Kind: ValueString, Says: `accesses such as "read /etc/shadow"`, Pattern: accessText()})
	return Table{
		Name: tableCase, Repeated: true,
		Doc: "asks a policy about some accesses; nothing is started",
		Keys: []Key{
			{
				Name: "name", Doc: "what the case is about; no two of a file have the same", Required: true,
				Values: []Value{{Kind: ValueString, Says: "text"}},
			},
			{
				Name: "params", Doc: "the values of the policy's parameters", Otherwise: "none",
				Values: []Value{{
					Kind: ValueTable, Says: `a table of strings such as { subdomain = "acme" }`, Names: parameterName.String(),
					Entries: []Value{{Kind: ValueString, Says: "the value of the parameter"}},
				}},
			},
			{
				Name: "by", Doc: "the clause that has to decide", Values: []Value{aClause()}, Otherwise: "any",
			},
			{
				Name: "allow", Doc: "accesses that the policy must allow", Values: []Value{accesses}, Default: "[]",
			},
			{
				Name: "deny", Doc: "accesses that the policy must deny", Values: []Value{accesses}, Default: "[]",
			},
		},
		Some:    []string{"allow", "deny"},
		Notes:   []string{"A case has `allow`, `deny` or both."},
		Example: caseExample,
	}
}

// Verb describes one kind of access.
type Verb struct {
	Kind AccessKind
	// Target is what follows the verb, such as "HOST:PORT", and Doc what the access is.
	Target, Doc string
	// pattern of the target, as far as a pattern can tell.
	pattern string
}

// Verbs describes what accesses there are, in the order of the language.
func Verbs() []Verb {
	return []Verb{
		{AccessRead, "PATH", "to open for reading, to list, to map without PROT_EXEC", "/"},
		{AccessWrite, "PATH", "to open for writing, create, delete, rename, truncate, chmod", "/"},
		{AccessExec, "PATH", "execve(2)", "/"},
		{AccessMap, "PATH", "mmap(2) with PROT_EXEC", "/"},
		{AccessConnect, "HOST:PORT", "a connection; an IPv6 address has brackets", `\S+:[0-9]+`},
		{AccessResolve, "NAME", "the look-up of a name", `\S`},
		{AccessSyscall, "NAME", "to make a system call; where arguments decide, they are given: NAME(arg0=AF_INET, arg1=1)", `\S`},
		{AccessCapability, "NAME", "to hold a capability in any of the five sets", `\S`},
		{AccessRlimit, "NAME=VALUE", "to have that much of a resource, such as as=4GiB", "(?:" + strings.Join(rlimitNames(), "|") + `)=\S`},
		{AccessEnv, "NAME", "to see a variable", "[A-Za-z_]"},
	}
}

// accessText is a pattern of accesses.
func accessText() string {
	var alternatives []string
	for _, v := range Verbs() {
		alternatives = append(alternatives, string(v.Kind)+" +"+v.pattern)
	}
	return `^\s*(?:` + strings.Join(alternatives, "|") + ")"
}
