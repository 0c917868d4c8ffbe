package policy

func filesystemTable() Table {
	optional := anOptionalPath()
	paths := func(mode PathMode, doc, otherwise string) Key {
		return Key{Name: string(mode), Doc: doc, Values: []Value{listOf(optional)}, Otherwise: otherwise}
	}
	removable := map[string][]Value{"links": {aPath()}}
	for _, mode := range pathModes {
		removable[string(mode)] = []Value{aPath()}
	}
	return Table{
		Name: tableFilesystem,
		Doc:  "what is seen of the file system",
		Keys: append([]Key{
			paths(ModeRead, "open, list, and map without PROT_EXEC", "hidden"),
			paths(ModeExec, "what read and map allow, and execve", "hidden"),
			paths(ModeMap, "what read allows, and mmap with PROT_EXEC: shared objects", "hidden"),
			paths(ModeWrite, "read, create, delete, rename, truncate, chmod; never exec or map", "hidden"),
			{
				Name: string(ModeTmp), Doc: "private, empty, writable, and gone afterwards", Default: "[]",
				Values: []Value{listOf(aPath(), Value{
					Kind: ValueTable, Says: `or { path = "/scratch", size = "256MiB" }`, Keys: []Key{
						{Name: "path", Doc: "where it is", Values: []Value{aPath()}, Required: true},
						{Name: "size", Doc: "how much fits into it; takes a root caller under firejail", Values: aSize(), Otherwise: "no bound"},
					},
				})},
			},
			paths(ModeHide, "carved out of the above", "nothing"),
			paths(ModeAbsent, "does not even exist (ENOENT)", "nothing"),
			{
				Name: "links", Doc: "the host's symbolic links to what the policy shows, each with what it leads to", Otherwise: "none",
				Values: []Value{{
					Kind: ValueTable, Says: `a table of paths such as { "/bin" = "/usr/bin" }`, Names: pathText, Entries: []Value{aPath()},
				}},
			},
			{
				Name: "proc", Doc: "what is seen of /proc", Default: `"none"`,
				Values: []Value{{Kind: ValueString, Choices: []Choice{
					{string(ProcSelf), "the sandbox's own processes"},
					{string(ProcNone), "nothing"},
				}}},
			},
			{
				Name: "dev", Doc: "which devices there are", Default: `"none"`,
				Values: []Value{{Kind: ValueString, Choices: []Choice{
					{string(DevMinimal), "null, zero, full, random, urandom, tty, and shm"},
					{string(DevNone), "none"},
				}}},
			},
		}, inherits(removeFrom(tableFilesystem, removable))...),
		Notes: []string{
			"Paths are absolute, literal and real: no globs, no `..`, no links but for `/etc/resolv.conf`. The longest path decides.",
			"`remove` names them without their `?`.",
		},
		Example: `schema = 1
name   = "files"

[filesystem]
read   = ["/etc/ssl", "/usr/share/zoneinfo?"]
exec   = ["/usr/bin"]
map    = ["/usr/lib"]
write  = ["/srv/data"]
tmp    = ["/tmp", { path = "/scratch", size = "256MiB" }]
hide   = ["/etc/ssl/private"]
absent = ["/run/secrets"]
links  = { "/bin" = "/usr/bin", "/lib" = "/usr/lib" }
proc   = "self"
dev    = "minimal"
`,
	}
}
