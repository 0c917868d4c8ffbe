package syscalls

// setIDGuards keep a program from leaving set-user-ID and set-group-ID files behind
// by the calls of these names. Inside, NoNewPrivs makes them harmless; on the host
// any other user could run one, and with it code of the program's under the program's
// user and under no sandbox. A call without a mode in modeArguments is a mistake in a
// base list, and panics.
func setIDGuards(names ...string) []Guard {
	const reason = "files and their modes, but no set-user-ID and set-group-ID bits: others could run such a file outside the sandbox"
	setID := []Constant{{Name: "S_ISUID", Value: 0o4000}, {Name: "S_ISGID", Value: 0o2000}}
	// Without one of these open(2) ignores its mode, and callers leave anything there.
	creates := []Constant{{Name: "O_CREAT", Value: 0o100}, {Name: "__O_TMPFILE", Value: 0o20000000}}

	var guards []Guard
	for _, name := range names {
		arg, known := modeArguments[name]
		if !known {
			panic("no mode is known of " + name)
		}
		when := []Test{{Arg: arg.mode, Width: Low32, Op: AnyBit, Values: setID}}
		if arg.creates {
			when = append(when, Test{Arg: arg.mode - 1, Width: Low32, Op: AnyBit, Values: creates})
		}
		guards = append(guards, Guard{
			Syscall: name, Reason: reason, Cases: []Case{{When: when, Then: Fail(EPERM)}}, Otherwise: Allow,
		})
	}
	return guards
}

// modeArguments say which argument of a call is a mode, and whether it counts only
// with flags that create a file, which are the argument before it.
var modeArguments = map[string]struct {
	mode    int
	creates bool
}{
	"chmod":     {mode: 1},
	"creat":     {mode: 1},
	"fchmod":    {mode: 1},
	"fchmodat":  {mode: 2},
	"fchmodat2": {mode: 2},
	"mknod":     {mode: 1},
	"mknodat":   {mode: 2},
	"open":      {mode: 2, creates: true},
	"openat":    {mode: 3, creates: true},
}
