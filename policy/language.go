package policy

// Names of tables. Those of the last three are for keysOf: the table itself is
// [params.NAME], [[accept]] or [[case]].
const (
	tableNetwork      = "network"
	tableFilesystem   = "filesystem"
	tableRlimits      = "rlimits"
	tableCapabilities = "capabilities"
	tableSyscalls     = "syscalls"
	tableEnvironment  = "environment"
	tableProcess      = "process"
	tableParameter    = "params.NAME"
	tableAccept       = "accept"
	tableCase         = "case"
	// tableTests is the top of a file of tests.
	tableTests = "tests"
)

// keysOf lists the keys of the language, by table; "" is the top level. It is also
// the list that spelling suggestions are drawn from.
var keysOf = map[string][]string{
	"": {
		"schema", "name", "description", "extends", tableNetwork, tableFilesystem, tableRlimits,
		tableCapabilities, tableSyscalls, tableEnvironment, tableProcess, "params", "accept",
	},
	tableNetwork: {"mode", "egress", "private", "fronting", "max_bytes", "max_connections", "remove", "sealed"},
	tableFilesystem: {
		"read", "exec", "map", "write", "tmp", "hide", "absent", "links", "proc", "dev", "remove", "sealed",
	},
	tableRlimits:      append(rlimitNames(), "remove", "sealed"),
	tableCapabilities: {"keep", "remove", "sealed"},
	tableSyscalls:     {"base", "allow", "deny", "on_deny", "rule", "remove", "sealed"},
	tableEnvironment:  {"pass", "set", "remove", "sealed"},
	tableProcess:      {"user", "directory", "wall_time", "memory", "pids", "remove", "sealed"},

	// The tables of the array [[syscalls.rule]].
	ClauseSyscallsRule: {"syscall", "when"},
	tableParameter:     {"type", "pattern", "suffix"},
	tableAccept:        {"backend", "clause", "reason", "until"},
	tableCase:          {"name", "params", "by", "allow", "deny"},

	// Those of confine.toml.
	tableSettings: {tableLint},
	tableLint:     {"select", "ignore", "exclude", "fail_on", "path"},
	tableLintPath: {"path", "ignore"},
}

// known reports whether the language defines a key of a table.
func known(table, key string) bool {
	return contains(keysOf[table], key)
}

func contains(list []string, item string) bool {
	for _, s := range list {
		if s == item {
			return true
		}
	}
	return false
}

// without gives a list without some of its items.
func without(list []string, items ...string) []string {
	return drop(list, func(s string) bool { return contains(items, s) })
}
