package policy

// SyscallsConnector names the list of system calls that a connector needs; it is
// the default of syscalls.base.
const SyscallsConnector = "connector"

func (b *builder) syscalls(t table) {
	m, ok := t.node.member("base")
	if !ok {
		return
	}
	if m.value.kind == kindString {
		if base, err := decodeString(b.src.slice(m.value.at)); err == nil && base == "unrestricted" {
			b.unsupported(m.value.at, `syscalls.base = "unrestricted"`)
			return
		}
	}
	if base, ok := b.choice(m.value, "syscalls.base", SyscallsConnector); ok {
		b.layer.Syscalls = Syscalls{Base: base, At: b.at(m.value)}
	}
}
