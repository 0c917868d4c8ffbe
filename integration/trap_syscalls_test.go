//go:build linux

package integration

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"confine/compiler"
	"confine/compiler/firejail"
)

// firejailSyscalls are the names that firejail knows, from firejail --debug-syscalls.
func firejailSyscalls(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, line := range strings.Split(finish(t, exec.Command(firejailPath, "--debug-syscalls")).must(t, 0).stdout, "\n") {
		if fields := strings.Fields(line); len(fields) == 3 && fields[1] == "-" {
			names = append(names, fields[2])
		}
	}
	if len(names) < 300 {
		t.Fatalf("only %d system calls", len(names))
	}
	return names
}

// TestTrapIoUring: neither the default list nor protocol knows io_uring, which does
// without any other system call what they deny; our profile denies it by name.
func TestTrapIoUring(t *testing.T) {
	const access = "syscall io_uring_setup"
	for _, lines := range [][]string{{"seccomp"}, {"protocol unix"}, {"seccomp", "protocol unix", "restrict-namespaces"}, {"seccomp.drop mkdir"}} {
		trapped(t, standaloneWorld{}, naive(t, lines...), map[string]string{access: "ok"})
	}
	held(t, standaloneWorld{}, writePolicy(t, "", ""), map[string]string{access: "EPERM"})
}

// TestTrapNamespacesStayOpen: without capabilities and in a user namespace of its own, a
// program can still make another one, in which it has every capability;
// restrict-namespaces closes that.
func TestTrapNamespacesStayOpen(t *testing.T) {
	program := []string{"/usr/bin/unshare", "--user", "--map-root-user", "--net", "/usr/bin/grep", "^CapEff", "/proc/self/status"}
	o := finish(t, standaloneWorld{}.command(naive(t, "caps.drop all", "nonewprivs", "noroot", "seccomp", "protocol unix"), program...))
	if o.code != 0 || strings.Contains(o.stdout, "0000000000000000") {
		t.Errorf("exit code %d, %q: the trap is gone\n%s", o.code, o.stdout, o.stderr)
	}
	finish(t, standaloneWorld{}.command(standalonePolicy{rest: "proc = 'self'\n"}.profile(t), program...)).must(t, 1)
	finish(t, confined(writePolicy(t, "proc = \"self\"", ""), program...)).must(t, 1)
}

// TestTrapUnknownSystemCall: firejail takes a list with names that do not exist, and
// none of it is an error. Every name in our profiles is one that firejail knows.
func TestTrapUnknownSystemCall(t *testing.T) {
	trapped(t, standaloneWorld{}, naive(t, "seccomp.drop userfaultfdd,confine_none"), map[string]string{"syscall userfaultfd": "ok"})
	trapped(t, standaloneWorld{}, naive(t, "seccomp.drop userfaultfd"), map[string]string{"syscall userfaultfd": "EPERM"})
	known := firejailSyscalls(t)
	for _, name := range denied(t) {
		if !slices.Contains(known, name) {
			t.Errorf("firejail does not know %q of our profile", name)
		}
	}
}

// denied are the names in the seccomp line of our profiles.
func denied(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, line := range profileOf(t) {
		if list, ok := strings.CutPrefix(line, "seccomp "); ok {
			names = append(names, strings.Split(list, ",")...)
		}
	}
	if len(names) == 0 {
		t.Fatal("no list of system calls in the profile")
	}
	return names
}

// profileOf are the lines of the launched profile of a small policy.
func profileOf(t *testing.T) []string {
	t.Helper()
	bundle, err := firejail.Compile(parsePolicy(t, writePolicy(t, "", "")), compiler.Target{
		Backend: compiler.Firejail, Version: firejail.Known[0], Arch: "x86_64",
	})
	if err != nil {
		t.Fatal(err)
	}
	data, _ := bundle.Artifact(firejail.LaunchedProfile)
	return strings.Split(string(data), "\n")
}

// TestTrapLongDropList: beyond 255 names the jump of the first ones does not fit into
// a byte, and they are allowed (fsec-optimize/optimizer.c). Our list has three.
func TestTrapLongDropList(t *testing.T) {
	// A name takes an instruction each time that it is there.
	list := func(n int) string { return "seccomp.drop userfaultfd" + strings.Repeat(",acct", n-1) }
	const access = "syscall userfaultfd"
	trapped(t, standaloneWorld{}, naive(t, list(255)), map[string]string{access: "EPERM"})
	trapped(t, standaloneWorld{}, naive(t, list(256)), map[string]string{access: "ok"})
	if n := len(denied(t)); n > 100 {
		t.Errorf("%d names in our list, which goes on top of firejail's own", n)
	}
}

// TestTrapSeccompListsReplaceEachOther: seccomp.drop takes the default list away, and
// of two lists the last one counts (seccomp.c, seccomp_filter_drop).
func TestTrapSeccompListsReplaceEachOther(t *testing.T) {
	for _, c := range []struct {
		lines []string
		want  map[string]string
	}{
		{[]string{"seccomp"}, map[string]string{"syscall userfaultfd": "EPERM"}},
		{[]string{"seccomp", "seccomp.drop mkdir"}, map[string]string{"syscall userfaultfd": "ok"}},
		{[]string{"seccomp io_uring_setup", "seccomp mkdir"}, map[string]string{"syscall io_uring_setup": "ok"}},
	} {
		trapped(t, standaloneWorld{}, naive(t, c.lines...), c.want)
	}
	lists := 0
	for _, line := range profileOf(t) {
		switch word, _, _ := strings.Cut(line, " "); word {
		case "seccomp":
			lists++
		case "seccomp.drop", "seccomp.keep", "seccomp.32", "seccomp.32.drop", "seccomp.32.keep":
			t.Errorf("our profile has %q", line)
		}
	}
	if lists != 1 {
		t.Errorf("%d seccomp lines in our profile", lists)
	}
	held(t, standaloneWorld{}, writePolicy(t, "", ""), map[string]string{"syscall userfaultfd": "EPERM", "syscall io_uring_setup": "EPERM"})
}

// TestTrapProgramWithoutLibrary: "seccomp.drop execve" is left to a preloaded library
// (seccomp.c, check_postexec), which static programs do not load. Our filter comes last,
// loaded by the stage right before the program, and has no such exception.
func TestTrapProgramWithoutLibrary(t *testing.T) {
	trapped(t, standaloneWorld{}, naive(t, "seccomp.drop execve"), map[string]string{"exec " + filepath.Join(filepath.Dir(probe), "probe"): "ok"})
	for _, line := range profileOf(t) {
		if strings.Contains(line, "execve") {
			t.Errorf("our profile has %q", line)
		}
	}
}
