package syscalls

// To renew: go run gen/arguments.go, which says how.

// An argumentWidth says how much of a register the kernel takes for an argument.
type argumentWidth byte

// The widths of the table, and what they are of.
const (
	width16 argumentWidth = '2' // umode_t
	width32 argumentWidth = '4' // int, unsigned int and their likes
	width64 argumentWidth = '8' // long, size_t, pointers
	// widthEither is a long of which the kernel takes the low half in some cases: for
	// some options of prctl(2), say. A condition on it must hold of both, or the
	// one that the kernel does not take would be a way past it; so its values have
	// 32 bits.
	widthEither argumentWidth = 'e'
)

// argumentsOf gives the widths of the arguments of a system call.
func argumentsOf(syscall string) []argumentWidth { return []argumentWidth(argumentWidths[syscall]) }

// Arguments returns how many arguments the kernel takes for a system call. A call
// that exists in name only has none.
func Arguments(syscall string) int { return len(argumentWidths[syscall]) }

// limit is the widest of the values that can be compared with such an argument.
func (w argumentWidth) limit() Width {
	switch w {
	case width16:
		return Low16
	case width64:
		return All64
	default:
		return Low32
	}
}

// views are the widths that a condition on such an argument must hold at.
func (w argumentWidth) views() []Width {
	if w == widthEither {
		return []Width{Low32, All64}
	}
	return []Width{w.limit()}
}
