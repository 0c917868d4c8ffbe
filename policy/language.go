package policy

// keysOf lists the keys that this version understands, by table; "" is the top
// level. It is also the list that spelling suggestions are drawn from.
var keysOf = map[string][]string{
	"": {
		"schema", "name", "description", "network", "filesystem", "rlimits",
		"capabilities", "syscalls", "environment", "process",
	},
	"network": {"mode"},
	"filesystem": {
		"read", "exec", "map", "write", "tmp", "hide", "absent", "links", "proc", "dev",
	},
	"rlimits":      rlimitNames(),
	"capabilities": {"keep"},
	"syscalls":     {"base"},
	"environment":  {"pass", "set"},
	"process":      {"user", "directory", "wall_time"},
}

// laterKeysOf lists the keys that the language defines and this version does not
// enforce. They are refused by name: an ignored clause would be a silent hole.
var laterKeysOf = map[string][]string{
	"":             {"extends", "params", "accept"},
	"network":      {"egress", "private", "remove", "sealed"},
	"filesystem":   {"remove", "sealed"},
	"rlimits":      {"remove", "sealed"},
	"capabilities": {"remove", "sealed"},
	"syscalls":     {"allow", "deny", "on_deny", "rule", "remove", "sealed"},
	"environment":  {"remove", "sealed"},
	"process":      {"memory", "remove", "sealed"},
}

// known reports whether the language defines a key of a table, whether or not
// this version enforces it.
func known(table, key string) bool {
	return contains(keysOf[table], key) || contains(laterKeysOf[table], key)
}

func contains(list []string, item string) bool {
	for _, s := range list {
		if s == item {
			return true
		}
	}
	return false
}
