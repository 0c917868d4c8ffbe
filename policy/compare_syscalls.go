package policy

func (c *comparison) syscalls() {
	a, b := c.older.Syscalls, c.newer.Syscalls
	if a.Base != b.Base {
		c.undecided(ClauseSyscallsBase, "base", a.Base, b.Base, a.At, b.At)
	}
}
