//go:build linux

package integration

import (
	"fmt"
	"testing"

	"confine/policy/syscalls"
)

// operatorRules are on calls that the kernel answers whatever the value is, so that
// values on both sides of every operator can be tried: umask(2), alarm(2) and dup2(2)
// look at 32 bits of an argument, brk(2) at 64.
var operatorRules = []struct {
	rule   string
	call   string
	values []uint64
}{
	{`syscall = "umask"
when    = ["arg0 >= 0o22", "arg0 <= 0o77"]`, "umask(arg0=%s)", []uint64{0, 0o21, 0o22, 0o23, 0o76, 0o77, 0o100, 1<<32 | 0o22, 1<<32 | 0o21, 1<<63 | 0o77, 1 << 32}},
	{`syscall = "alarm"
when    = ["arg0 & 0xff0f == 0x1205"]`, "alarm(arg0=%s)", []uint64{0x1205, 0x12f5, 0x1204, 0x1305, 0x71205, 0x20, 0x1 << 40, 1<<40 | 0x1205}},
	{`syscall = "brk"
when    = ["arg0 in [0, 1, 0x100000001, 0x7fffffffffffffff]"]`, "brk(arg0=%s)", []uint64{
		0, 1, 2, 0x100000001, 0x100000000, 0x200000001, 0x7fffffffffffffff, 0xffffffffffffffff, 0x7fffffff, 0xffffffff,
	}},
	{`syscall = "close_range"
when    = ["arg0 > 0x7ffffff0", "arg1 != 0x7ffffff7", "arg2 < 1"]`, "close_range(arg0=%s, arg1=0x7fffffff, arg2=0)", []uint64{
		0x7ffffff1, 0x7ffffff0, 0x7fffffff, 0x7ff00000, 0x17ffffff0, 0x17ffffff1, 1<<63 | 0x7ffffff2,
	}},
	{"", "close_range(arg0=0x7ffffff2, arg1=%s, arg2=0)", []uint64{0x7ffffff7, 0x7ffffff6, 0x7ffffff8, 0xffffffff, 0x17ffffff7, 0x17ffffff8}},
}

// operatorWorlds try them where a denied call fails. The kernel throws the upper half of
// most arguments away, and neither engine may look at it.
func operatorWorlds(t *testing.T) []world {
	tables := "[syscalls]\nbase = \"default\"\n"
	for _, o := range operatorRules {
		if o.rule != "" {
			tables += "[[syscalls.rule]]\n" + o.rule + "\n"
		}
	}
	file := accessPolicy(t, nil, nil, "proc = \"self\"", tables)
	p := parsePolicy(t, file)
	w := world{name: "operators", policy: file}
	for _, o := range operatorRules {
		for _, v := range o.values {
			access := "syscall " + fmt.Sprintf(o.call, syscalls.Argument(fmt.Sprintf("%#x", v)))
			inside := "EPERM"
			if decide(t, p, access).Allowed {
				inside = "ok"
			}
			w.attempts = append(w.attempts, attempt{access: access, inside: inside, because: "which error a denied call ends with is no part of an access"})
		}
	}
	return []world{w}
}
