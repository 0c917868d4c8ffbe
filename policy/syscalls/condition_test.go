package syscalls

import (
	"errors"
	"fmt"
	"testing"
)

func TestConditions(t *testing.T) {
	const garbage = 0xdeadbeef << 32
	for _, tt := range []struct {
		syscall, text string
		register      uint64
		want          bool
	}{
		{"socket", "arg0 == AF_INET", 2, true},
		{"socket", "arg0==2", garbage | 2, true},
		{"socket", " arg0  !=  AF_PACKET ", garbage | 17, false},
		{"socket", "arg0 > 0x10", garbage | 3, false},
		{"socket", "arg0 <= 0x10", garbage | 3, true},
		{"socket", "arg0 in [AF_INET, AF_INET6,AF_UNIX]", 10, true},
		{"socket", "arg0 in [AF_INET]", 10, false},
		{"socket", "arg1 & SOCK_CLOEXEC|SOCK_NONBLOCK == SOCK_CLOEXEC", 0o2000001, true},
		{"socket", "arg1 & SOCK_CLOEXEC|SOCK_NONBLOCK == SOCK_CLOEXEC", 0o2004001, false},
		{"socket", "arg1 & 0xf != SOCK_RAW", garbage | 0xf3, false},
		// clone takes a long and uses its low half.
		{"clone", "arg0 & CLONE_NEWUSER == 0", garbage | 0x10000000, false},
		{"clone", "arg0 != 0x10000000", garbage | 0x10000000, false},
		// umode_t has 16 bits.
		{"fchmod", "arg1 != 0o4755", 0x10000 | 0o4755, false},
		{"fchmod", "arg1 < 0o1000", 0x10000 | 0o755, true},
		{"openat", "arg3 & 0o6000 == 0", 0x10000 | 0o4000, false},
		// A length has 64.
		{"mmap", "arg1 <= 0x100000000", 0x100000000, true},
		{"mmap", "arg1 <= 0x100000000", 0x100000001, false},
		{"mmap", "arg1 != 4096", 1<<32 | 4096, true},
		{"mmap", "arg4 == 0xffffffff", ^uint64(0), true},
		// What the kernel takes of these depends: neither reading may get past.
		{"prctl", "arg1 != 1", 1<<32 | 1, false},
		{"prctl", "arg1 != 1", 1, false},
		{"prctl", "arg1 != 1", 2, true},
		{"prctl", "arg1 > 5", 1<<32 | 1, false},
		{"prctl", "arg1 < 5", 1<<32 | 1, false},
		{"fcntl", "arg2 & 0o2000 == 0", 1<<32 | 0o2000, false},
		{"write", "arg0 >= 1", 0, false},
		{"write", "arg0 >= 1", 0xffffffff, true},
	} {
		c, err := ParseCondition(tt.text)
		if err == nil {
			err = c.Check(tt.syscall)
		}
		if err != nil {
			t.Errorf("%s: %s: %v", tt.syscall, tt.text, err)
			continue
		}
		for _, arch := range Arches() {
			width := argumentsOf(tt.syscall)[c.Arg]
			if got := c.holds(arch, width, tt.register); got != tt.want {
				t.Errorf("%s: %s of %#x: %v", tt.syscall, tt.text, tt.register, got)
			}
			args := [6]uint64{}
			args[c.Arg] = tt.register
			if got := (Case{When: c.tests(arch, width)}).Applies(args); got != tt.want {
				t.Errorf("%s: %s of %#x: %v as tests", tt.syscall, tt.text, tt.register, got)
			}
		}
	}
}

func TestValuesByArchitecture(t *testing.T) {
	c, err := ParseCondition("arg2 & O_DIRECTORY | O_CREAT == O_DIRECTORY")
	if err != nil {
		t.Fatal(err)
	}
	if x86, arm := c.Mask.On(X86_64), c.Mask.On(AArch64); x86 != 0o200100 || arm != 0o40100 || c.Mask.Text != "O_DIRECTORY|O_CREAT" {
		t.Errorf("%s is %#o on x86_64 and %#o on aarch64", c.Mask.Text, x86, arm)
	}
}

// TestConditionErrors: what is wrong, and where. ^ marks the token below its text.
func TestConditionErrors(t *testing.T) {
	for _, tt := range []struct{ syscall, text, token, want string }{
		{"socket", "", "", "the text ends too early: expected an argument, arg0 to arg5"},
		{"socket", "a0 == 1", "a0", `"a0" is no argument: expected an argument, arg0 to arg5 (did you mean arg0?)`},
		{"socket", "arg6 == 1", "arg6", `"arg6" is no argument: expected an argument, arg0 to arg5`},
		{"socket", "arg0", "", "the text ends too early: expected ==, !=, <, <=, >, >=, in [...] or & MASK =="},
		{"socket", "arg0 = 1", "=", `unexpected "=": expected ==, !=, <, <=, >, >=, in [...] or & MASK == (did you mean ==?)`},
		{"socket", "arg0 is 1", "is", `unexpected "is": expected ==, !=, <, <=, >, >=, in [...] or & MASK ==`},
		{"socket", "arg0 == AF_INTE", "AF_INTE", `unknown constant "AF_INTE": expected ` + expectedValue + " (did you mean AF_INET?)"},
		{"socket", "arg0 == af_inet6", "af_inet6", `unknown constant "af_inet6": expected ` + expectedValue + " (did you mean AF_INET6?)"},
		{"socket", "arg0 == -1", "-1", `values have no sign: expected ` + expectedValue + " (write 0xffffffff where the argument has 32 bits, 0xffffffffffffffff where it has 64)"},
		{"socket", "arg0 == - AF_INET", "-", `values have no sign: expected ` + expectedValue + " (write the bits of the register, such as 0xffffffff for an int of -1)"},
		{"socket", "arg0 == -0x80000001", "-0x80000001", `values have no sign: expected ` + expectedValue + " (write 0xffffffff7fffffff where the argument has 64 bits)"},
		{"fchmod", "arg1 == 0755", "0755", `"0755" has a leading zero, which is octal in C and decimal elsewhere: expected ` + expectedValue + " (did you mean 0o755?)"},
		{"socket", "arg0 == 0b1", "0b1", `"0b1" has a leading zero, which is octal in C and decimal elsewhere: expected ` + expectedValue},
		{"socket", "arg0 == 1x", "1x", `"1x" is not a number: expected ` + expectedValue},
		{"socket", "arg0 == 0x10000000000000000", "0x10000000000000000", "0x10000000000000000 does not fit into 64 bits: expected " + expectedValue},
		{"socket", "arg0 == AF_INET|", "", "the text ends too early: expected " + expectedValue},
		{"socket", "arg0 in AF_INET", "AF_INET", `unexpected "AF_INET": expected a list of values, [V, V, ...]`},
		{"socket", "arg0 in []", "]", `unexpected "]": expected ` + expectedValue},
		{"socket", "arg0 in [1 2]", "2", `unexpected "2": expected , or ] in the list of values`},
		{"socket", "arg0 in [1,", "", "the text ends too early: expected " + expectedValue},
		{"socket", "arg0 & 1", "", "the text ends too early: expected == or != after a mask"},
		{"socket", "arg0 & 1 < 1", "<", "masked bits have no order: expected == or != after a mask"},
		{"socket", "arg0 == 1 && arg1 == 1", "&", `unexpected "&": expected the end of the condition (write each condition as a string of its own in when: all of them must hold)`},
		{"socket", "arg0 == 1 or arg0 == 2", "or", `unexpected "or": expected the end of the condition (write another [[syscalls.rule]]: one of them must match)`},
		{"socket", "arg0 == 1 || arg0 == 2", "|", `unexpected "|": expected the end of the condition (write another [[syscalls.rule]]: one of them must match)`},
		{"socket", "arg0 in [AF_INET, AF_INTE6]", "AF_INTE6", `unknown constant "AF_INTE6": expected ` + expectedValue + " (did you mean AF_INET6?)"},
		{"socket", "arg0 & 0x100000000 == 0", "0x100000000", "0x100000000 exceeds the 32 bits of arg0 of socket: expected a value from 0 to 0xffffffff"},
		{"socket", "arg0 <= 0x100000000", "0x100000000", "0x100000000 exceeds the 32 bits of arg0 of socket: it would always match: expected a value from 0 to 0xffffffff"},
		{"socket", "arg0 == é", "é", `unexpected "é": expected ` + expectedValue},
		{"mmap", "arg3 & MAP_32BIT == 0", "MAP_32BIT", "MAP_32BIT exists on x86_64 only, and a policy holds on every architecture (write its number, 0x40)"},

		{"socket", "arg3 == 1", "arg3", "socket has no argument arg3: expected arg0 to arg2"},
		{"close", " arg1 == 1", "arg1", "close has no argument arg1: expected arg0"},
		{"getpid", "arg0 == 1", "arg0", "getpid has no arguments"},
		{"socket", "arg0 == 0x100000000", "0x100000000", "0x100000000 exceeds the 32 bits of arg0 of socket: it would never match: expected a value from 0 to 0xffffffff"},
		{"prctl", "arg1 != 0x100000000", "0x100000000", "0x100000000 exceeds the 32 bits that arg1 of prctl may have: it would always match: expected a value from 0 to 0xffffffff"},
		{"chmod", "arg1 == 0o200000", "0o200000", "0o200000 exceeds the 16 bits of arg1 of chmod: it would never match: expected a value from 0 to 0xffff"},
		{"socket", "arg0 & 0 == 0", "0", "no bit is set in the mask, so the answer is always the same: expected a mask with at least one bit"},
		{"socket", "arg0 & 4 == 1", "1", "1 has bits outside the mask 4: it would never match: expected a value whose bits are all in the mask"},
		{"openat", "arg2 & 0o200000 == O_DIRECTORY", "O_DIRECTORY", "O_DIRECTORY has bits outside the mask 0o200000: it would never match: expected a value whose bits are all in the mask"},
		{"socket", "arg0 >= 0", "0", "the answer is always the same: arg0 of socket has no sign, and 32 bits: expected a condition that some arguments satisfy and others do not"},
		{"socket", "arg0 < 0", "0", "the answer is always the same: arg0 of socket has no sign, and 32 bits: expected a condition that some arguments satisfy and others do not"},
		{"socket", "arg0 <= 0xffffffff", "0xffffffff", "the answer is always the same: arg0 of socket has no sign, and 32 bits: expected a condition that some arguments satisfy and others do not"},
	} {
		c, err := ParseCondition(tt.text)
		if err == nil {
			err = c.Check(tt.syscall)
		}
		var e *TextError
		if !errors.As(err, &e) {
			t.Errorf("%q: %v, want a TextError", tt.text, err)
			continue
		}
		if e.Error() != tt.want {
			t.Errorf("%q:\n got %s\nwant %s", tt.text, e, tt.want)
		}
		if token := tt.text[e.Offset : e.Offset+e.Length]; token != tt.token {
			t.Errorf("%q: the error is at %q, want %q", tt.text, token, tt.token)
		}
	}
}

func TestParseCall(t *testing.T) {
	for text, want := range map[string]string{
		"socket":                                  "socket",
		"socket(arg0=AF_INET)":                    "socket(arg0=0x2)",
		"socket ( arg2 = 0 , arg0=0o2 )":          "socket(arg0=0x2, arg2=0x0)",
		"socket(arg0=SOCK_STREAM|SOCK_CLOEXEC)":   "socket(arg0=0x80001)",
		"openat(arg2=O_DIRECTORY)":                "openat(arg2=O_DIRECTORY)",
		"openat(arg2=O_CREAT|O_DIRECTORY|O_EXCL)": "openat(arg2=O_DIRECTORY|0xc0)",
		"openat(arg2=O_EXCL|O_DIRECTORY|0x40)":    "openat(arg2=O_DIRECTORY|0xc0)",
	} {
		name, args, err := ParseCall(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := FormatCall(name, args)
		if got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
		if again, sameArgs, err := ParseCall(got); err != nil || again != name || sameArgs != args {
			t.Errorf("%s comes back as %s%v, %v", got, again, sameArgs, err)
		}
	}
	for text, want := range map[string]string{
		"scoket":                         `unknown system call "scoket"; did you mean socket?`,
		"":                               `unknown system call ""`,
		"socket(":                        "the text ends too early: expected an argument, arg0 to arg5",
		"socket()":                       `unexpected ")": expected an argument, arg0 to arg5`,
		"socket(arg0)":                   `unexpected ")": expected = and a value`,
		"socket(arg0=1":                  "the text ends too early: expected , or ) after a value",
		"socket(arg0=1) x":               `unexpected "x": expected the end of the call`,
		"socket(arg3=1)":                 "socket has 3 arguments, and no arg3",
		"socket(arg0=1, arg0=1)":         "arg0 is given twice",
		"socket[arg0=1]":                 `unexpected "[": expected NAME or NAME(arg0=VALUE, ...)`,
		"socket(arg0=AF_INTE)":           `unknown constant "AF_INTE": expected ` + expectedValue + " (did you mean AF_INET?)",
		"socket(arg0=1, arg1==1)":        `unexpected "=": expected ` + expectedValue,
		"socketcall(arg0=1)":             `neither x86_64 nor aarch64 has the system call "socketcall"; did you mean socketpair?`,
		fmt.Sprintf("socket(%s=1)", "x"): `"x" is no argument: expected an argument, arg0 to arg5`,
	} {
		if _, _, err := ParseCall(text); err == nil || err.Error() != want {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
}

// FuzzParseCondition: whatever parses is decided alike as a condition and as the
// tests of a filter; whatever does not says where.
func FuzzParseCondition(f *testing.F) {
	for _, text := range []string{"arg0 == AF_INET", "arg1 & 0xf != SOCK_RAW|1", "arg2 in [0o1, 2,3]", "arg5 <= 9", "arg0 == é", "arg0 = |"} {
		f.Add("socket", text, uint64(2))
		f.Add("prctl", text, uint64(1)<<32)
	}
	f.Fuzz(func(t *testing.T, syscall, text string, register uint64) {
		c, err := ParseCondition(text)
		if err == nil {
			err = c.Check(syscall)
		}
		var e *TextError
		switch {
		case errors.As(err, &e):
			if e.Offset < 0 || e.Length < 0 || e.Offset+e.Length > len(text) || e.Error() == "" {
				t.Fatalf("%q: %+v", text, e)
			}
			return
		case err != nil:
			t.Fatalf("%q: %v, want a TextError", text, err)
		}
		for _, arch := range Arches() {
			width := argumentsOf(syscall)[c.Arg]
			var args [6]uint64
			args[c.Arg] = register
			tests := c.tests(arch, width)
			for _, test := range tests {
				if err := test.check(); err != nil {
					t.Fatalf("%s: %q: %v", syscall, text, err)
				}
			}
			if got, want := (Case{When: tests}).Applies(args), c.holds(arch, width, register); got != want {
				t.Fatalf("%s: %q of %#x: %v as tests, %v as a condition", syscall, text, register, got, want)
			}
		}
	})
}
