package syscalls

// setIDGuards keep a program from leaving set-user-ID and set-group-ID files
// behind. Inside, NoNewPrivs makes them harmless; on the host any other user could
// run one, and with it code of the program's under the program's user and under
// no sandbox.
func setIDGuards() []Guard {
	const reason = "files and their modes, but no set-user-ID and set-group-ID bits: others could run such a file outside the sandbox"
	setID := []Constant{{Name: "S_ISUID", Value: 0o4000}, {Name: "S_ISGID", Value: 0o2000}}
	// Without one of these open(2) ignores its mode, and callers leave anything there.
	creates := []Constant{{Name: "O_CREAT", Value: 0o100}, {Name: "__O_TMPFILE", Value: 0o20000000}}

	var guards []Guard
	for _, call := range []struct {
		name        string
		flags, mode int
	}{
		{"chmod", -1, 1},
		{"creat", -1, 1},
		{"fchmod", -1, 1},
		{"fchmodat", -1, 2},
		{"fchmodat2", -1, 2},
		{"mknod", -1, 1},
		{"mknodat", -1, 2},
		{"open", 1, 2},
		{"openat", 2, 3},
	} {
		when := []Test{{Arg: call.mode, Width: Low32, Op: AnyBit, Values: setID}}
		if call.flags >= 0 {
			when = append(when, Test{Arg: call.flags, Width: Low32, Op: AnyBit, Values: creates})
		}
		guards = append(guards, Guard{
			Syscall: call.name, Reason: reason, Cases: []Case{{When: when, Then: Fail(EPERM)}}, Otherwise: Allow,
		})
	}
	return append(guards, Guard{
		// Its mode lies behind a pointer, where no filter can look.
		Syscall: "openat2", Reason: "the mode cannot be told; callers fall back to openat on ENOSYS", Otherwise: Fail(ENOSYS),
	})
}
