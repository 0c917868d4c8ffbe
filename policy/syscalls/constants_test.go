package syscalls

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestConstantsByHand has values from the headers of Linux, written out: those
// that differ between the architectures, and one or two of every family.
func TestConstantsByHand(t *testing.T) {
	for _, want := range []constantEntry{
		// arch/arm64/include/uapi/asm/fcntl.h against asm-generic/fcntl.h
		{"O_DIRECTORY", 0o200000, 0o40000, 0},
		{"O_NOFOLLOW", 0o400000, 0o100000, 0},
		{"O_DIRECT", 0o40000, 0o200000, 0},
		{"O_LARGEFILE", 0o100000, 0o400000, 0},
		{"O_TMPFILE", 0o20200000, 0o20040000, 0},
		{"__O_TMPFILE", 0o20000000, 0o20000000, 0},
		{"O_CREAT", 0o100, 0o100, 0},
		{"O_CLOEXEC", 0o2000000, 0o2000000, 0},
		{"O_RDONLY", 0, 0, 0},
		{"O_WRONLY", 1, 1, 0},

		{"AF_UNIX", 1, 1, 0},
		{"AF_INET", 2, 2, 0},
		{"AF_INET6", 10, 10, 0},
		{"AF_NETLINK", 16, 16, 0},
		{"AF_PACKET", 17, 17, 0},
		{"AF_ALG", 38, 38, 0},
		{"AF_VSOCK", 40, 40, 0},
		{"AT_FDCWD", 0xffffff9c, 0xffffff9c, 0},
		{"CLONE_NEWUSER", 0x10000000, 0x10000000, 0},
		{"CLONE_VM", 0x100, 0x100, 0},
		{"F_SETFL", 4, 4, 0},
		{"F_SETPIPE_SZ", 1031, 1031, 0},
		{"IPPROTO_TCP", 6, 6, 0},
		{"KEYCTL_READ", 11, 11, 0},
		{"MADV_DONTNEED", 4, 4, 0},
		{"MAP_32BIT", 0x40, 0, X86_64},
		{"MAP_ANONYMOUS", 0x20, 0x20, 0},
		{"MAP_FIXED_NOREPLACE", 0x100000, 0x100000, 0},
		{"NETLINK_AUDIT", 9, 9, 0},
		{"NETLINK_ROUTE", 0, 0, 0},
		{"PROT_BTI", 0, 0x10, AArch64},
		{"PROT_EXEC", 4, 4, 0},
		{"PR_SET_DUMPABLE", 4, 4, 0},
		{"PR_SET_VMA", 0x53564d41, 0x53564d41, 0},
		{"PTRACE_TRACEME", 0, 0, 0},
		{"RLIMIT_NOFILE", 7, 7, 0},
		{"SECCOMP_SET_MODE_FILTER", 1, 1, 0},
		{"SIGCHLD", 17, 17, 0},
		{"SIGKILL", 9, 9, 0},
		{"SOCK_CLOEXEC", 0o2000000, 0o2000000, 0},
		{"SOCK_DGRAM", 2, 2, 0},
		{"SOCK_RAW", 3, 3, 0},
		{"SOCK_STREAM", 1, 1, 0},
		{"SOL_SOCKET", 1, 1, 0},
		{"S_IFREG", 0o100000, 0o100000, 0},
		{"S_ISGID", 0o2000, 0o2000, 0},
		{"S_ISUID", 0o4000, 0o4000, 0},
		{"TIOCLINUX", 0x541c, 0x541c, 0},
		{"TIOCSTI", 0x5412, 0x5412, 0},
		{"WNOHANG", 1, 1, 0},
	} {
		if got, ok := constantNamed(want.name); !ok || got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

// TestConstantsOfTheBases compares what the base lists write out with the table.
func TestConstantsOfTheBases(t *testing.T) {
	for _, base := range Bases() {
		for _, guard := range base.Guards {
			for _, constant := range constantsOf(guard) {
				if got, ok := constantNamed(constant.Name); !ok || got.x86_64 != constant.Value || got.aarch64 != constant.Value {
					t.Errorf("%s: %s is %#x, the table has %+v", guard.Syscall, constant.Name, constant.Value, got)
				}
			}
		}
	}
}

func constantsOf(guard Guard) []Constant {
	var all []Constant
	for _, c := range guard.Cases {
		for _, test := range c.When {
			all = append(all, test.Values...)
		}
	}
	return all
}

// TestConstantsAreCurrent reads golang.org/x/sys in another way than the
// generator, so that a new version without go generate is noticed.
func TestConstantsAreCurrent(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/sys").Output()
	if err != nil {
		t.Fatalf("no go command to find golang.org/x/sys with: %v", err)
	}
	line := regexp.MustCompile(`(?m)^\t([A-Z_][A-Za-z0-9_]*) += (0x[0-9a-f]+|[0-9]+)$`)
	compared := 0
	for arch, goarch := range map[Arch]string{X86_64: "amd64", AArch64: "arm64"} {
		for _, file := range []string{"zerrors_linux.go", "zerrors_linux_" + goarch + ".go"} {
			source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "unix", file))
			if err != nil {
				t.Fatal(err)
			}
			for _, match := range line.FindAllStringSubmatch(string(source), -1) {
				entry, ok := constantNamed(match[1])
				if !ok || match[1] == "O_LARGEFILE" {
					continue
				}
				compared++
				want, _ := strconv.ParseUint(match[2], 0, 64)
				got := Value{x86_64: entry.x86_64, aarch64: entry.aarch64}.On(arch)
				if got != want || entry.only != 0 && entry.only != arch {
					t.Errorf("%s on %s: %+v, want %#x", match[1], arch, entry, want)
				}
			}
		}
	}
	if compared < 2*len(constants)*9/10 {
		t.Errorf("only %d values of %d constants were compared", compared, len(constants))
	}
	if !slices.IsSortedFunc(constants[:], func(x, y constantEntry) int { return strings.Compare(x.name, y.name) }) {
		t.Error("the table is not sorted")
	}
}
