package syscalls

import "testing"

func TestCheckReportsEveryProblem(t *testing.T) {
	filter := Filter{
		Arch:    X86_64,
		Default: Fail(0),
		Unknown: Fail(ENOSYS),
		Foreign: 0x7ff00000, // SECCOMP_RET_TRACE
		Rules: []Rule{
			{Name: "write", Number: 1, Otherwise: Allow},
			{Name: "read", Number: 0, Otherwise: Allow},
			{Name: "open", Number: 3, Otherwise: Allow, Cases: []Case{
				{Then: Allow},
				{Then: Fail(MaxErrno + 1), When: []Test{
					{Arg: 6, Width: Low32, Op: OneOf, Values: []Constant{{Value: 1}}},
					{Arg: 0, Width: 8, Op: OneOf, Values: []Constant{{Value: 1}}},
					{Arg: 0, Width: Low32, Values: []Constant{{Value: 1}}},
					{Arg: 0, Width: Low32, Op: OneOf},
					{Arg: 0, Width: Low32, Op: Less, Values: []Constant{{Value: 1}, {Value: 2}}},
					{Arg: 0, Width: Low32, Op: OneOf, Values: []Constant{{Value: 1 << 32}}},
					{Arg: 0, Width: Low16, Op: OneOf, Values: []Constant{{Value: 1 << 16}}},
					{Arg: 0, Width: Low32, Op: AnyBit, Values: []Constant{{Value: 0}}},
					{Arg: 0, Width: Low32, Op: AnyBit, Mask: 1, Values: []Constant{{Value: 1}}},
					{Arg: 0, Width: Low32, Op: OneOf, Mask: 1 << 32, Values: []Constant{{Value: 0}}},
					{Arg: 0, Width: Low32, Op: OneOf, Mask: 4, Values: []Constant{{Value: 1}}},
					{Arg: 0, Width: Low32, Op: Less, Values: []Constant{{Value: 0}}},
					{Arg: 0, Width: Low32, Op: Greater, Values: []Constant{{Value: 0xffffffff}}},
				}},
			}},
		},
	}
	err := filter.Check()
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("got %v, want joined errors", err)
	}
	if got := len(joined.Unwrap()); got != 19 {
		t.Errorf("%d problems, want 19:\n%v", got, err)
	}
}
