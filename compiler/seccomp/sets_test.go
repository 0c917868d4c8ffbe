package seccomp

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"confine/policy/syscalls"
)

// rules are conditions of every form, by call, on arguments of every width.
var rules = []struct {
	syscall    string
	conditions []string
}{
	{"socket", []string{"arg0 in [AF_INET, AF_INET6]", "arg1 & 0xf != SOCK_RAW"}},
	{"socket", []string{"arg0 == AF_UNIX"}},
	{"openat", []string{"arg2 & O_DIRECTORY|O_CREAT == O_DIRECTORY"}},
	{"fchmod", []string{"arg1 <= 0o777", "arg0 > 2"}},
	{"clone", []string{"arg0 & CLONE_VM == CLONE_VM"}},
	{"prctl", []string{"arg1 != 0x80000000"}},
	{"fcntl", []string{"arg1 < F_SETOWN", "arg2 & O_NONBLOCK == 0"}},
	{"mmap", []string{"arg1 <= 0x140000000", "arg4 == 0xffffffff"}},
	{"mmap", []string{"arg2 & PROT_EXEC == 0", "arg1 > 0x200000000"}},
	{"lseek", []string{"arg1 >= 0x8000000000000000"}},
}

func setWithRules(t *testing.T) syscalls.Set {
	t.Helper()
	set := syscalls.Set{Base: "default", Allow: []string{"bpf", "ioctl"}, Deny: []string{"uname", "clone3"}}
	for _, r := range rules {
		rule := syscalls.SetRule{Syscall: r.syscall}
		for _, text := range r.conditions {
			c, err := syscalls.ParseCondition(text)
			if err != nil {
				t.Fatal(err)
			}
			rule.When = append(rule.When, c)
		}
		set.Rules = append(set.Rules, rule)
	}
	return set
}

// TestSetsCompile: what a set says of arguments can be proven of a program, and
// shows in review.
func TestSetsCompile(t *testing.T) {
	plain := map[string]bool{}
	for _, arch := range syscalls.Arches() {
		for line := range strings.Lines(baseFilter(t, "default", arch).String()) {
			plain[line] = true
		}
		filter, err := setWithRules(t).Filter(arch)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Compile(filter); err != nil {
			t.Fatal(err)
		}
		var changed strings.Builder
		for line := range strings.Lines(filter.String()) {
			if !plain[line] {
				changed.WriteString(line)
			}
		}
		path := filepath.Join("testdata", "rules_"+arch.String()+".golden")
		if *update {
			if err := os.WriteFile(path, []byte(changed.String()), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if changed.String() != string(want) {
			t.Errorf("%s differs; run go test -update and look at the difference:\n%s", path, changed.String())
		}
	}
}
