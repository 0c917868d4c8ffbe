//go:build linux

package runner

import (
	"strings"
	"testing"

	"confine/policy"
)

func TestNewCalls(t *testing.T) {
	p, err := policy.Parse("p.toml", []byte(`schema = 1
name   = "p"
[syscalls]
base  = "default"
allow = ["ptrace", "statmount"]
deny  = ["listmount"]
[[syscalls.rule]]
syscall = "epoll_pwait2"
when    = ["arg2 == 24"]
`))
	if err != nil {
		t.Fatal(err)
	}
	for kernel, want := range map[string][]string{
		"6.18.44":          nil,
		"6.8.0-31-generic": nil,
		"6.7":              {"p.toml:5:20: error: this kernel does not have the system call statmount [syscalls.allow]", "Linux 6.8 or newer"},
		"5.4.0-rc1+":       {"system call statmount", "p.toml:8:11: error: this kernel does not have the system call epoll_pwait2 [syscalls.rule]", "Linux 5.11 or newer"},
		"unknown":          {`the version of this kernel cannot be read: "unknown"`},
	} {
		err := checkNewCalls(p, kernel)
		if (err == nil) != (want == nil) {
			t.Errorf("%s: %v", kernel, err)
			continue
		}
		for _, text := range want {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%s: no %q in %v", kernel, text, err)
			}
		}
	}
}
