//go:build linux

// moby makes its profile on Linux only.

package firejail_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	docker "github.com/moby/profiles/seccomp"
	oci "github.com/opencontainers/runtime-spec/specs-go"

	"confine/compiler/firejail"
	"confine/policy/syscalls"
)

// A list says whether some arguments, given ones or any, let a call through.
type list func(name string, args ...uint64) bool

// baseList is a base list of this program.
func baseList(t *testing.T, base string) list {
	filter, err := syscalls.Set{Base: base}.Filter(syscalls.X86_64)
	if err != nil {
		t.Fatal(err)
	}
	return func(name string, args ...uint64) bool {
		number, err := syscalls.X86_64.Number(name)
		if err != nil {
			t.Fatal(err)
		}
		rule, ok := filter.Rule(number)
		if !ok {
			return filter.Default == syscalls.Allow
		}
		if args == nil {
			return rule.Otherwise == syscalls.Allow ||
				slices.ContainsFunc(rule.Cases, func(c syscalls.Case) bool { return c.Then == syscalls.Allow })
		}
		call := syscalls.Data{Number: number, Arch: syscalls.X86_64}
		copy(call.Args[:], args)
		return filter.Decide(call) == syscalls.Allow
	}
}

// dockerDefault is Docker's default profile for a container that got no capability on
// top of the usual ones.
func dockerDefault(t *testing.T) list {
	usual := []string{
		"CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_MKNOD",
		"CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT",
	}
	profile, err := docker.GetDefaultProfile(&oci.Spec{Process: &oci.Process{Capabilities: &oci.LinuxCapabilities{Bounding: usual}}})
	if err != nil {
		t.Fatal(err)
	}
	if profile.DefaultAction != oci.ActErrno {
		t.Fatalf("Docker's default action is %s", profile.DefaultAction)
	}
	return func(name string, args ...uint64) bool {
		for _, entry := range profile.Syscalls {
			matches := entry.Action == oci.ActAllow && slices.Contains(entry.Names, name)
			for _, arg := range entry.Args {
				matches = matches && (args == nil || dockerMatches(t, arg, args[arg.Index]))
			}
			if matches {
				return true
			}
		}
		return false
	}
}

func dockerMatches(t *testing.T, arg oci.LinuxSeccompArg, value uint64) bool {
	switch arg.Op {
	case oci.OpEqualTo:
		return value == arg.Value
	case oci.OpLessThan:
		return value < arg.Value
	case oci.OpMaskedEqual:
		return value&arg.Value == arg.ValueTwo
	}
	t.Fatalf("Docker's profile compares with %s", arg.Op)
	return false
}

// firejailDefault is what the line "seccomp" alone leaves.
func firejailDefault(*testing.T) list {
	denied := firejail.DefaultList()
	return func(name string, _ ...uint64) bool { return !slices.Contains(denied, name) }
}

// dangerous are calls with which programs leave sandboxes or reach other processes, as
// the README groups them.
var dangerous = []struct {
	name string
	args []uint64
}{
	{"ptrace", nil},
	{"process_vm_readv", nil},
	{"process_vm_writev", nil},
	{"pidfd_getfd", nil},
	{"process_madvise", nil},
	{"kcmp", nil},
	{"bpf", nil},
	{"perf_event_open", nil},
	{"userfaultfd", nil},
	{"io_uring_setup", nil},
	{"io_uring_enter", nil},
	{"io_uring_register", nil},
	{"unshare", nil},
	{"setns", nil},
	{"clone(CLONE_NEWUSER)", []uint64{0x10000000, 0, 0, 0, 0, 0}},
	{"clone3", nil},
	{"mount", nil},
	{"mount_setattr", nil},
	{"move_mount", nil},
	{"open_tree", nil},
	{"open_tree_attr", nil},
	{"fsopen", nil},
	{"pivot_root", nil},
	{"chroot", nil},
	{"add_key", nil},
	{"keyctl", nil},
	{"request_key", nil},
	{"kexec_load", nil},
	{"kexec_file_load", nil},
	{"init_module", nil},
	{"finit_module", nil},
	{"open_by_handle_at", nil},
	{"name_to_handle_at", nil},
	{"memfd_create", nil},
	{"execveat", nil},
	{"modify_ldt", nil},
	{"personality", nil},
	{"socket(AF_VSOCK)", []uint64{40, 1, 0, 0, 0, 0}},
	{"socket(AF_ALG)", []uint64{38, 5, 0, 0, 0, 0}},
	{"socket(AF_PACKET)", []uint64{17, 3, 0, 0, 0, 0}},
}

func count(l list) int {
	n := 0
	for name := range syscalls.X86_64.Calls() {
		if l(name) {
			n++
		}
	}
	return n
}

func open(l list) []string {
	var names []string
	for _, call := range dangerous {
		name, _, _ := strings.Cut(call.name, "(")
		if l(name, call.args...) {
			names = append(names, "`"+call.name+"`")
		}
	}
	return names
}

// TestConnectorIsAThirdOfDocker is the bound on the list that policies get by default.
func TestConnectorIsAThirdOfDocker(t *testing.T) {
	docker := dockerDefault(t)
	if narrow, wide := count(baseList(t, "connector")), count(docker); narrow*3 > wide || wide < 250 || narrow < 65 {
		t.Errorf("connector allows %d calls, Docker's default %d", narrow, wide)
	}
	connector := baseList(t, "connector")
	for name := range syscalls.X86_64.Calls() {
		if connector(name) && !docker(name) {
			t.Errorf("connector allows %s, Docker's default does not", name)
		}
	}
}

// TestDefaultComparesWithDocker: what Docker's default allows on top is exactly what
// the list says that it leaves out.
func TestDefaultComparesWithDocker(t *testing.T) {
	docker, standard := dockerDefault(t), baseList(t, "default")
	var leftOut, missing, more []string
	for _, base := range syscalls.Bases() {
		for _, group := range base.LeftOut {
			leftOut = append(leftOut, group.Syscalls...)
		}
	}
	for name := range syscalls.X86_64.Calls() {
		switch {
		case docker(name) && !standard(name):
			missing = append(missing, name)
		case standard(name) && !docker(name):
			more = append(more, name)
		}
	}
	slices.Sort(leftOut)
	slices.Sort(missing)
	if !slices.Equal(leftOut, missing) {
		t.Errorf("left out with a reason:\n%s\nallowed by Docker's default only:\n%s", leftOut, missing)
	}
	if len(more) > 0 {
		t.Errorf("Docker's default denies %s", more)
	}
}

// TestReadmeComparesLists holds the table of the README against the lists.
func TestReadmeComparesLists(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		title string
		list  list
	}{
		{"`connector`, the default of a policy", baseList(t, "connector")},
		{"`default`", baseList(t, "default")},
		{"Docker's default profile", dockerDefault(t)},
		{"firejail's `seccomp`", firejailDefault(t)},
	} {
		openly := strings.Join(open(row.list), ", ")
		if openly == "" {
			openly = "none"
		}
		line := fmt.Sprintf("| %s | %d | %s |\n", row.title, count(row.list), openly)
		if !strings.Contains(string(readme), line) {
			t.Errorf("the README has no line\n%s", line)
		}
	}
	total := 0
	for range syscalls.X86_64.Calls() {
		total++
	}
	if text := fmt.Sprintf("of the %d calls of Linux on x86_64", total); !strings.Contains(string(readme), text) {
		t.Errorf("the README does not say %q", text)
	}
}
