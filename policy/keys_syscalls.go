package policy

import "confine/policy/syscalls"

func syscallsTable() Table {
	var bases []Choice
	for _, base := range syscalls.Bases() {
		bases = append(bases, Choice{base.Name, base.Purpose})
	}
	return Table{
		Name: tableSyscalls,
		Doc:  "the system calls that the program can make",
		Keys: append([]Key{
			{
				Name: "base", Doc: "the list of calls to start from; \"unrestricted\" goes with no other key of the table",
				Values: []Value{{Kind: ValueString, Choices: bases}}, Default: `"` + SyscallsConnector + `"`,
			},
			{
				Name: "allow", Doc: "calls beyond the base, taken whole: what the base says of their arguments no longer counts",
				Values: []Value{listOf(aSyscall())}, Default: "[]",
			},
			{
				Name: "deny", Doc: "calls taken out; a call in both lists is an error, and execve cannot be one",
				Values: []Value{listOf(aSyscall())}, Default: "[]",
			},
			{
				Name: "on_deny", Doc: "what a denied call does", Default: `"` + string(syscalls.DenyErrno) + `"`,
				Values: []Value{{Kind: ValueString, Choices: []Choice{
					{string(syscalls.DenyErrno), "it fails with EPERM, or with the error that programs fall back from"},
					{string(syscalls.DenyKill), "it ends the process"},
				}}},
			},
			{
				Name: "rule", Doc: "calls that are allowed with some arguments only", Otherwise: "none",
				Values: []Value{listOf(Value{Kind: ValueTable, Table: ClauseSyscallsRule})},
			},
		}, inherits(removeFrom(tableSyscalls, map[string][]Value{
			"allow": orParameter(aSyscall()),
			"deny":  orParameter(aSyscall()),
			"rule":  orParameter(aSyscall()),
		}))...),
		Example: `schema = 1
name   = "calls"

[syscalls]
base    = "default"
allow   = ["ptrace"]
deny    = ["mknodat"]
on_deny = "errno"

[[syscalls.rule]]
syscall = "socket"
when    = ["arg0 in [AF_UNIX, AF_INET, AF_INET6]"]
`,
	}
}

func syscallsRuleTable() Table {
	return Table{
		Name: ClauseSyscallsRule, Repeated: true,
		Doc: "narrows a call to some arguments: all conditions of a rule must hold, and one rule of the call",
		Keys: []Key{
			{
				Name: "syscall", Doc: "the call; execve cannot be one", Values: []Value{aSyscall()}, Required: true,
			},
			{
				Name: "when", Doc: "conditions, all of which must hold", Required: true,
				Values: []Value{{
					Kind: ValueList, NotEmpty: true,
					Entries: []Value{{Kind: ValueString, Says: `conditions such as "arg0 == AF_INET"`, Pattern: conditionText}},
				}},
			},
		},
		Notes: []string{
			"A condition is `argN`, one of `== != < <= > >=` and a value, `in [...]`, or `& MASK ==` or `!=` a value. Values are",
			"numbers, names of the headers such as `AF_INET`, or several of them with `|`. Arguments are compared as wide as the",
			"kernel reads them, without a sign, and a pointer as the address that it is.",
		},
		Example: `schema = 1
name   = "narrow"

[[syscalls.rule]]
syscall = "socket"
when    = ["arg0 in [AF_UNIX, AF_INET, AF_INET6]", "arg1 & 0xf == SOCK_STREAM"]
`,
	}
}
