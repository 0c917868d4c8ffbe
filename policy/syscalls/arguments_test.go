package syscalls

import (
	"strings"
	"testing"
)

func TestEveryCallHasWidths(t *testing.T) {
	for _, name := range names() {
		widths, ok := argumentWidths[name]
		if !ok {
			t.Errorf("%s has no widths", name)
		}
		if len(widths) > 6 || strings.Trim(widths, "248e") != "" {
			t.Errorf("%s has the widths %q", name, widths)
		}
	}
	for name := range argumentWidths {
		if CheckName(name) != nil {
			t.Errorf("%s has widths, and no number", name)
		}
	}
}

// TestWidthsByHand has prototypes of include/linux/syscalls.h, written out.
func TestWidthsByHand(t *testing.T) {
	for name, want := range map[string]string{
		"accept4":         "4884",
		"bpf":             "484",
		"brk":             "8",
		"clone":           "48888", // the flags are cut to the low half by kernel/fork.c
		"clone3":          "88",
		"close_range":     "444",
		"fchmodat":        "482",
		"fchmodat2":       "4824",
		"fcntl":           "44e",
		"futex":           "844e84",
		"getpid":          "",
		"ioctl":           "44e",
		"io_submit":       "888",
		"kill":            "44",
		"mkdir":           "82",
		"mknodat":         "4824",
		"mmap":            "888848",
		"mprotect":        "888",
		"mq_open":         "8428",
		"open":            "842",
		"openat":          "4842",
		"openat2":         "4888",
		"personality":     "4",
		"prctl":           "4eeee",
		"process_madvise": "48e44",
		"ptrace":          "84ee",
		"readv":           "48e",
		"setsockopt":      "44484",
		"socket":          "444",
		"umount2":         "84",
		"unshare":         "8",
		"write":           "488",
	} {
		if got := argumentWidths[name]; got != want {
			t.Errorf("%s has the widths %q, want %q", name, got, want)
		}
	}
}
