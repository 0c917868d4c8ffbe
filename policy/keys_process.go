package policy

import "fmt"

func environmentTable() Table {
	passed := Value{Kind: ValueString, Says: `names of variables, or prefixes such as "WORKER_*"`, Pattern: variablePattern.String()}
	name := Value{Kind: ValueString, Says: "a name of a variable", Pattern: variableName.String()}
	return Table{
		Name: tableEnvironment,
		Doc:  "the variables that the program sees",
		Keys: append([]Key{
			{
				Name: "pass", Doc: "variables of the caller that are passed on", Values: []Value{listOf(passed)}, Default: "[]",
			},
			{
				Name: "set", Doc: "variables with a fixed value; no message, artifact or receipt shows it", Otherwise: "none",
				Values: []Value{{
					Kind: ValueTable, Says: `a table of strings such as { LANG = "C.UTF-8" }`, Names: variableName.String(),
					Entries: []Value{{Kind: ValueString, Says: "the value of the variable"}},
				}},
			},
		}, inherits(removeFrom(tableEnvironment, map[string][]Value{
			"pass": orParameter(passed),
			"set":  orParameter(name),
		}))...),
		Example: `schema = 1
name   = "variables"

[environment]
pass = ["LANG", "WORKER_*"]
set  = { PATH = "/usr/bin", HOME = "/nonexistent" }
`,
	}
}

func processTable() Table {
	return Table{
		Name: tableProcess,
		Doc:  "how the program runs",
		Keys: append([]Key{
			{
				Name: "user", Doc: "the login name on the host that runs the program; never root", Otherwise: "the caller",
				Values: []Value{{Kind: ValueString, Says: `a login name such as "airbyte"`, Pattern: loginName.String()}},
			},
			{
				Name: "directory", Doc: "the working directory, which the policy must allow", Values: []Value{aPath()}, Otherwise: "the caller's",
			},
			{
				Name: "wall_time", Doc: "how long the program may run, by the clock on the wall", Values: []Value{aDuration()}, Otherwise: "no bound",
			},
			{
				Name: "memory", Doc: "memory of all processes together; takes a root caller, or a container with a limit that is no higher", Values: aSize(), Otherwise: "no bound",
			},
			{
				Name: "pids", Doc: "processes and threads of the whole sandbox together; takes a root caller, or a container with a limit that is no higher",
				Values: []Value{{Kind: ValueInteger, Says: fmt.Sprintf("a number from 1 to %d", maxPids), Min: 1, Max: maxPids}}, Otherwise: "no bound",
			},
		}, inherits(removeKeys(tableProcess))...),
		Example: `schema = 1
name   = "bounded"

[filesystem]
write = ["/srv/airbyte"]

[process]
user      = "airbyte"
directory = "/srv/airbyte"
wall_time = "72h"
memory    = "2GiB"
pids      = 256
`,
	}
}
