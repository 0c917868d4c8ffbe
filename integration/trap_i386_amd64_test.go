//go:build linux

package integration

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestTrapI386: to the filters of firejail, a call by the i386 entry is one of a
// foreign architecture, which they allow (include/seccomp.h, VALIDATE_ARCHITECTURE);
// seccomp.32 does nothing without its 64-bit form, and seccomp.32.keep makes a filter
// for the wrong one, under which nothing runs (seccomp.c). Only seccomp.block-secondary
// helps, and the filter of the stage kills.
func TestTrapI386(t *testing.T) {
	dir := tree(t)
	made := filepath.Join(owned(t, filepath.Join(dir, "write")), "made")
	program := file(t, filepath.Join(filepath.Dir(probe), "i386-mkdir"), string(standaloneI386Mkdir(made)), 0o755)
	t.Cleanup(func() { os.Remove(program) })
	for _, c := range []struct {
		line string
		code int
	}{
		{"seccomp.drop mkdir", 0},
		{"seccomp.keep execve,exit,exit_group,brk,arch_prctl,mmap,munmap,mprotect,write", 0},
		{"seccomp.32 mkdir", 0},
		{"seccomp.block-secondary", int(unix.EPERM)},
	} {
		t.Run(c.line, func(t *testing.T) {
			o := finish(t, standaloneWorld{}.command(naive(t, c.line), program))
			if o.code != c.code {
				t.Errorf("exit code %d, expected %d: the trap is gone\n%s", o.code, c.code, o.stderr)
			}
			_ = os.Remove(made)
		})
	}
	finish(t, standaloneWorld{}.command(naive(t, "seccomp.32.keep mkdir,exit"), "/usr/bin/true")).must(t, 128+int(unix.SIGSEGV))
	policy := writePolicy(t, "write = ["+quoted(filepath.Dir(made))+"]", "")
	o := finish(t, confined(policy, program))
	if o.code != int(unix.EPERM) && o.code != 128+int(unix.SIGSYS) {
		t.Errorf("exit code %d under confine\n%s", o.code, o.stderr)
	}
	if err := os.Remove(made); err == nil {
		t.Error("the directory was made")
	}
	finish(t, standaloneWorld{}.command("", program)).must(t, 0)
	if err := os.Remove(made); err != nil {
		t.Errorf("control: %v", err)
	}
}
