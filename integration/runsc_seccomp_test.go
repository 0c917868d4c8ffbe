//go:build linux

package integration

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"confine/compiler/gvisor/guestseccomp"
	"confine/policy/syscalls"
)

func nativeArch(t *testing.T) syscalls.Arch {
	t.Helper()
	arch, err := syscalls.ParseArch(runtime.GOARCH)
	if err != nil {
		t.Fatal(err)
	}
	return arch
}

// lowerFilter is what the compiler makes for runsc, also where that must not be used.
func lowerFilter(t *testing.T, set syscalls.Set) (filter syscalls.Filter, s *specs.LinuxSeccomp, refused *guestseccomp.RefusedError) {
	t.Helper()
	filter, err := set.Filter(nativeArch(t))
	if err != nil {
		t.Fatal(err)
	}
	s, _, err = guestseccomp.Lower(filter)
	if err != nil && !errors.As(err, &refused) {
		t.Fatal(err)
	}
	return filter, s, refused
}

// under gives a guest a filter.
func (b *runscBundle) under(s *specs.LinuxSeccomp) *runscBundle {
	b.Linux.Seccomp = s
	b.flags = append(b.flags, "--oci-seccomp")
	return b
}

// setOf is the [syscalls] table of a policy.
func setOf(t *testing.T, tables string) syscalls.Set {
	t.Helper()
	return parsePolicy(t, writePolicy(t, "", tables)).Syscalls.Set()
}

// TestRunscMakesTheFilter: the program that runsc makes of the lowered filter, as its debug
// log has it, says of every call what the filter says.
func TestRunscMakesTheFilter(t *testing.T) {
	const rules = "allow = [\"personality\"]\n" + argumentRules + `
[[syscalls.rule]]
syscall = "lseek"
when    = ["arg1 <= 2"]

[[syscalls.rule]]
syscall = "lseek"
when    = ["arg1 >= 0x100000001", "arg2 != 1"]
`
	for name, set := range map[string]syscalls.Set{
		"connector":  {Base: "connector"},
		"default":    {Base: "default"},
		"kill":       {Base: "default", OnDeny: syscalls.DenyKill},
		"ptrace":     {Base: "default", Allow: []string{"ptrace"}},
		"rules":      setOf(t, "[syscalls]\nbase = \"default\"\n"+rules),
		"rules kill": setOf(t, "[syscalls]\nbase = \"default\"\non_deny = \"kill\"\n"+rules),
	} {
		t.Run(name, func(t *testing.T) {
			filter, s, refused := lowerFilter(t, set)
			machine, unknown := runscProgram(t, s)
			random := rand.New(rand.NewPCG(1, 2))
			for call, number := range filter.Arch.Calls() {
				rule, _ := filter.Rule(number)
				for _, args := range runscPoints(rule, random) {
					data := syscalls.Data{Number: number, Arch: filter.Arch, Args: args}
					got, answer := runscVerdict(t, machine, data), filter.Decide(data)
					want := runscAction(answer, refused == nil)
					if unknown[call] { // and executes nothing for it
						want = runscAction(filter.Unknown, refused == nil)
					}
					if got != want {
						t.Fatalf("%s%#x: %#x by runsc, want %#x for %s", call, args, got, want, answer)
					}
				}
			}
			for _, number := range []uint32{filter.Arch.Newest() + 1, syscalls.X32Bit | 39, ^uint32(0)} {
				got := runscVerdict(t, machine, syscalls.Data{Number: number, Arch: filter.Arch})
				if want := runscAction(filter.Unknown, refused == nil); got != want {
					t.Errorf("number %d: %#x by runsc, want %#x", number, got, want)
				}
			}
		})
	}
}

// runscAction is the verdict that stands for an answer: SECCOMP_RET_TRAP for the end of the
// process, SECCOMP_RET_TRACE for ENOSYS where nothing traces, EPERM for every other error.
func runscAction(answer syscalls.Action, untraced bool) uint32 {
	const trap, trace = 0x00030000, 0x7ff00000
	switch {
	case answer == syscalls.Allow:
		return uint32(syscalls.Allow)
	case answer == syscalls.KillProcess:
		return trap
	case answer == syscalls.Fail(syscalls.ENOSYS) && untraced:
		return trace | uint32(syscalls.EPERM)
	}
	return uint32(syscalls.Fail(syscalls.EPERM))
}

// runscPoints are arguments on both sides of what a rule compares.
func runscPoints(rule syscalls.Rule, random *rand.Rand) [][6]uint64 {
	if len(rule.Cases) == 0 {
		return make([][6]uint64, 1)
	}
	values := []uint64{0, 1, 2, 1 << 31, 0xffffffff, 1 << 32, 1 << 63, ^uint64(0)}
	for _, c := range rule.Cases {
		for _, test := range c.When {
			for _, v := range test.Values {
				values = append(values, v.Value-1, v.Value, v.Value+1, v.Value|0xdeadbeef<<32, v.Value^1<<32, v.Value^1<<31, ^v.Value)
			}
		}
	}
	points := make([][6]uint64, 3000)
	for i := range points {
		for arg := range points[i] {
			points[i][arg] = values[random.IntN(len(values))]
		}
	}
	return points
}

// runscProgram starts a guest for the log of how it starts: the program for its system
// calls, and the names that runsc left out of it because its tables lack them.
func runscProgram(t *testing.T, s *specs.LinuxSeccomp) (machine *bpf.VM, unknown map[string]bool) {
	t.Helper()
	b := newRunscBundle(t, "/usr/bin/true").under(s)
	b.flags = append(b.flags, "--debug", "--debug-log="+b.at("debug")+"/")
	b.run(t).must(t, 0)
	logs, err := filepath.Glob(b.at("debug/*.boot.txt"))
	if err != nil || len(logs) != 1 {
		t.Fatalf("logs %v: %v", logs, err)
	}
	log, text, found := strings.Cut(readText(t, logs[0]), "Installing OCI seccomp filters\nProgram:\n")
	if !found {
		t.Fatalf("no program in the log of runsc:\n%s", log)
	}
	unknown = map[string]bool{}
	for line := range strings.Lines(log) {
		var name string
		if _, rest, found := strings.Cut(line, "OCI seccomp: ignoring syscall "); found {
			if _, err := fmt.Sscanf(rest, "%q", &name); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			unknown[name] = true
		}
	}
	var program []bpf.Instruction
	for line := range strings.Lines(text) {
		instruction, ok := runscInstruction(strings.TrimSpace(line), len(program))
		if !ok {
			break
		}
		program = append(program, instruction)
	}
	if machine, err = bpf.NewVM(program); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return machine, unknown
}

// runscInstruction reads a line of pkg/bpf/decoder.go.
func runscInstruction(line string, number int) (bpf.Instruction, bool) {
	text, found := strings.CutPrefix(line, fmt.Sprintf("%d: ", number))
	if !found {
		return nil, false
	}
	var k, skip uint32
	var yes, no uint8
	scan := func(format string, into ...any) bool {
		n, err := fmt.Sscanf(text, format, into...)
		return err == nil && n == len(into)
	}
	for operator, condition := range map[string]bpf.JumpTest{
		"==": bpf.JumpEqual, ">": bpf.JumpGreaterThan, ">=": bpf.JumpGreaterOrEqual, "&": bpf.JumpBitsSet,
	} {
		var at int
		if scan("pc += (A "+operator+" %d) ? %d [%d] : %d [%d]", &k, &yes, &at, &no, &at) {
			return bpf.JumpIf{Cond: condition, Val: k, SkipTrue: yes, SkipFalse: no}, true
		}
	}
	switch {
	case scan("A <- P[%d:4]", &k):
		return bpf.LoadAbsolute{Off: k, Size: 4}, true
	case scan("A <- A & %d", &k):
		return bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: k}, true
	case scan("pc += %d", &skip):
		return bpf.Jump{Skip: skip}, true
	case scan("ret %d", &k):
		return bpf.RetConstant{Val: k}, true
	}
	return nil, false
}

// runscVerdict runs a program of runsc's. The machine reads words in network order where
// the sentry reads them in its own.
func runscVerdict(t *testing.T, machine *bpf.VM, call syscalls.Data) uint32 {
	t.Helper()
	packet := binary.BigEndian.AppendUint32(nil, call.Number)
	packet = binary.BigEndian.AppendUint32(packet, uint32(call.Arch))
	packet = append(packet, make([]byte, 8)...)
	for _, arg := range call.Args {
		packet = binary.BigEndian.AppendUint32(packet, uint32(arg))
		packet = binary.BigEndian.AppendUint32(packet, uint32(arg>>32))
	}
	verdict, err := machine.Run(packet)
	if err != nil {
		t.Fatal(err)
	}
	return uint32(verdict)
}

// TestRunscAnswersAsTheFilterSays makes calls on both sides of rules in a guest, also with
// what the kernel throws away of an argument. None is EPERM in a guest without the filter.
func TestRunscAnswersAsTheFilterSays(t *testing.T) {
	set := setOf(t, "[syscalls]\nbase = \"default\"\nallow = [\"personality\"]\ndeny = [\"getppid\"]\n"+argumentRules)
	filter, s, _ := lowerFilter(t, set)
	accesses := []string{"syscall getpid", "syscall getppid"}
	for _, c := range argumentCalls("") {
		accesses = append(accesses, "syscall "+c.name)
	}
	b := newRunscBundle(t)
	outside := b.try(t, accesses...)
	inside := b.under(s).try(t, accesses...)
	for _, access := range accesses {
		name, args, err := syscalls.ParseCall(strings.TrimPrefix(access, "syscall "))
		if err != nil {
			t.Fatal(err)
		}
		number, err := filter.Arch.Number(name)
		if err != nil {
			t.Fatal(err)
		}
		call := syscalls.Data{Number: number, Arch: filter.Arch}
		for i, arg := range args {
			call.Args[i], _ = arg.On(filter.Arch)
		}
		want := outside[access]
		runscControl(t, want != "EPERM", true, access+" without the filter is not EPERM")
		if filter.Decide(call) != syscalls.Allow {
			want = "EPERM"
		}
		if inside[access] != want {
			t.Errorf("%s: %s, expected %s", access, inside[access], want)
		}
	}
}

const (
	threadScript = `import threading
try:
    t = threading.Thread(target=print, args=("started",)); t.start(); t.join()
except RuntimeError as e: print(e)`

	// cloneScript makes a user namespace by clone3(2), for which glibc has no function.
	cloneScript = `import ctypes, errno, os, signal
libc = ctypes.CDLL(None, use_errno=True)
def namespace():
    CLONE_NEWUSER, SIGCHLD = 0x10000000, 17
    args = (ctypes.c_uint64 * 11)(CLONE_NEWUSER, 0, 0, 0, SIGCHLD)
    pid = libc.syscall(435, ctypes.byref(args), ctypes.sizeof(args))
    if pid == 0: os._exit(0)
    if pid > 0: os.waitpid(pid, 0)
    return ctypes.get_errno() if pid < 0 else 0
def name(e): return errno.errorcode[e] if e else "ok"
`
	// traceScript does it in a child of a tracer that lets every call go on.
	traceScript = cloneScript + `
TRACEME, CONT, SETOPTIONS, TRACESECCOMP = 0, 7, 0x4200, 0x80
child = os.fork()
if child == 0:
    if libc.ptrace(TRACEME, 0, None, None) == 0: os.kill(os.getpid(), signal.SIGSTOP)
    os._exit(namespace())
while True:
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status): break
    libc.ptrace(SETOPTIONS, child, None, ctypes.c_void_p(TRACESECCOMP)); libc.ptrace(CONT, child, None, None)
print(name(namespace()), "traced", name(os.WEXITSTATUS(status)))`
)

// TestRunscStartsThreads: glibc starts them by clone3, or by clone if clone3 answers
// ENOSYS. What is refused for it breaks them, and so would ERRNO in place of TRACE.
func TestRunscStartsThreads(t *testing.T) {
	const broken = "can't start new thread"
	for _, c := range []struct {
		name    string
		set     syscalls.Set
		refused bool
		want    string
	}{
		{"connector", syscalls.Set{Base: "connector"}, false, "started"},
		{"default", syscalls.Set{Base: "default"}, false, "started"},
		{"kill", syscalls.Set{Base: "default", OnDeny: syscalls.DenyKill}, false, "started"},
		{"ptrace", syscalls.Set{Base: "default", Allow: []string{"ptrace"}}, true, broken},
		{"ptrace and clone3", syscalls.Set{Base: "default", Allow: []string{"ptrace", "clone3"}}, false, "started"},
	} {
		_, s, refused := lowerFilter(t, c.set)
		if (refused != nil) != c.refused {
			t.Errorf("%s: refused: %v", c.name, refused)
		}
		b := newRunscBundle(t, "/usr/bin/python3", "-c", threadScript).under(s)
		if got := b.output(t); got != c.want {
			t.Errorf("%s: %s, expected %s", c.name, got, c.want)
		}
	}
	_, s, _ := lowerFilter(t, syscalls.Set{Base: "connector"})
	s.DefaultAction = specs.ActErrno
	for i := range s.Syscalls {
		if s.Syscalls[i].Action == specs.ActTrace {
			s.Syscalls[i].Action = specs.ActErrno
		}
	}
	b := newRunscBundle(t, "/usr/bin/python3", "-c", threadScript).under(s)
	runscControl(t, b.output(t), broken, "ERRNO in place of TRACE")
}

// TestRunscTraceNeedsTracersDenied: a tracer can have the calls of SCMP_ACT_TRACE executed, so
// none of them stands beside ptrace. To allow clone3 instead is to allow user namespaces.
func TestRunscTraceNeedsTracersDenied(t *testing.T) {
	run := func(s *specs.LinuxSeccomp) string {
		return newRunscBundle(t, "/usr/bin/python3", "-c", traceScript).under(s).output(t)
	}
	_, s, _ := lowerFilter(t, syscalls.Set{Base: "default"})
	if got := run(s); got != "ENOSYS traced ENOSYS" {
		t.Errorf("the list default: %s", got)
	}
	s.Syscalls = append([]specs.LinuxSyscall{{Names: []string{"ptrace"}, Action: specs.ActAllow}}, s.Syscalls...)
	runscTrap(t, run(s), "ENOSYS traced ok", "does not let a tracer go on with SCMP_ACT_TRACE", "pkg/sentry/kernel/ptrace.go")

	_, s, _ = lowerFilter(t, syscalls.Set{Base: "default", Allow: []string{"ptrace"}})
	if got := run(s); got != "EPERM traced EPERM" {
		t.Errorf("ptrace allowed: %s", got)
	}
	_, s, _ = lowerFilter(t, syscalls.Set{Base: "default", Allow: []string{"clone3"}})
	runscTrap(t, run(s), "ok traced ok", "makes no user namespaces by clone3", "pkg/sentry/kernel/task_clone.go")
}

// TestRunscFiltersExec: a process that runsc exec adds to the guest is under the filter, and
// so can trace nothing in it either; the flag of the sandbox counts.
func TestRunscFiltersExec(t *testing.T) {
	const access = "syscall ptrace"
	for want, set := range map[string]syscalls.Set{"EPERM": {Base: "default"}, "ok": {Base: "default", Allow: []string{"ptrace"}}} {
		_, s, _ := lowerFilter(t, set)
		b := newRunscBundle(t).sh("echo ready; sleep 60").under(s)
		b.start(t)
		b.flags = b.flags[:len(b.flags)-1]
		got := answers(t, finish(t, b.runsc("exec", b.id, guestProbe, access)).must(t, 0).stdout)
		if got[access] != want {
			t.Errorf("%s by exec: %s, expected %s", access, got[access], want)
		}
	}
}

// TestRunscAnswersOfBaseLists: errors that programs fall back from stay ENOSYS, and all
// others become EPERM.
func TestRunscAnswersOfBaseLists(t *testing.T) {
	type answer struct{ access, outside, connector, standard string }
	tries := []answer{
		{"syscall getpid", "ok", "ok", "ok"},
		{"syscall socket:AF_UNIX", "ok", "ok", "ok"},
		{"syscall socket:NETLINK_ROUTE", "ok", "ok", "ok"},
		{"syscall getppid", "ok", "EPERM", "ok"},
		{"syscall personality", "ok", "EPERM", "EPERM"},
		{"syscall unshare", "ok", "EPERM", "EPERM"},
		{"syscall clone:CLONE_NEWUSER", "ok", "EPERM", "EPERM"},
		{"syscall mount", "ok", "EPERM", "EPERM"},
		{"syscall ptrace", "ok", "EPERM", "EPERM"},
		{"syscall memfd_create", "ok", "EPERM", "EPERM"},
		{"syscall clone3", "ok", "ENOSYS", "ENOSYS"},
		{"syscall openat2", "ok", "ENOSYS", "ENOSYS"},
		{"syscall pidfd_open", "ok", "ENOSYS", "ok"},
		// The filter has the sentry's own error for it.
		{"syscall socket:AF_VSOCK", "EAFNOSUPPORT", "EPERM", "EPERM"},
		// The sentry has neither: the former because no name of it is known.
		{"syscall landlock_create_ruleset", "ENOSYS", "ENOSYS", "ENOSYS"},
		{"syscall int80", "ENOSYS", "ENOSYS", "ENOSYS"},
	}
	var accesses []string
	for _, a := range tries {
		if !strings.HasSuffix(a.access, "int80") || runtime.GOARCH == "amd64" {
			accesses = append(accesses, a.access)
		}
	}
	outside := newRunscBundle(t).try(t, accesses...)
	_, s, _ := lowerFilter(t, syscalls.Set{Base: "connector"})
	connector := newRunscBundle(t).under(s).try(t, accesses...)
	_, s, _ = lowerFilter(t, syscalls.Set{Base: "default"})
	standard := newRunscBundle(t).under(s).try(t, accesses...)
	for _, a := range tries {
		got := answer{a.access, outside[a.access], connector[a.access], standard[a.access]}
		if got.outside != "" && got != a {
			t.Errorf("found %+v, expected %+v", got, a)
		}
	}
}

// TestRunscKills: TRAP ends a process of several threads, which KILL does not, but a program
// that ignores or blocks SIGSYS goes on.
func TestRunscKills(t *testing.T) {
	const script = `import ctypes, os, signal, sys, threading, time
libc = ctypes.CDLL(None)
def call(): print("answer", libc.personality(0), flush=True)
def ignored(): signal.signal(signal.SIGSYS, signal.SIG_IGN); call()
def blocked(): signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGSYS}); call()
def thread():
    threading.Thread(target=call).start()
    while len(os.listdir("/proc/self/task")) > 1: time.sleep(0.01)
    print("another thread goes on", flush=True); os._exit(0)
{"call": call, "ignored": ignored, "blocked": blocked, "thread": thread}[sys.argv[1]]()`
	run := func(s *specs.LinuxSeccomp, how string) string {
		o := newRunscBundle(t, "/usr/bin/python3", "-c", script, how).under(s).run(t)
		return strings.TrimSpace(fmt.Sprintf("%s %d", strings.TrimSpace(o.stdout), o.code))
	}
	filter, trap, _ := lowerFilter(t, syscalls.Set{Base: "default", OnDeny: syscalls.DenyKill})
	number, err := filter.Arch.Number("personality")
	if err != nil {
		t.Fatal(err)
	}
	_, errno, _ := lowerFilter(t, syscalls.Set{Base: "default"})
	runscControl(t, run(errno, "call"), "answer -1 0", "an error in place of the end")
	ended, answered := fmt.Sprint(128+int(unix.SIGSYS)), fmt.Sprintf("answer %d 0", number)
	for how, want := range map[string]string{"call": ended, "thread": ended, "ignored": answered, "blocked": answered} {
		if got := run(trap, how); got != want {
			t.Errorf("%s: %s, expected %s", how, got, want)
		}
	}
	_, kill, _ := lowerFilter(t, syscalls.Set{Base: "default", OnDeny: syscalls.DenyKill})
	for i := range kill.Syscalls {
		if kill.Syscalls[i].Action == specs.ActTrap {
			kill.Syscalls[i].Action = specs.ActKill
		}
	}
	runscTrap(t, run(kill, "thread"), "another thread goes on 0", "ends more than the thread on SCMP_ACT_KILL", "pkg/sentry/kernel/task_syscall.go")
	// The runtime of Go catches the signal, and ends with a code of its own.
	b := newRunscBundle(t, guestProbe, "syscall personality").under(trap)
	if o := b.run(t); o.code != 2 || !strings.Contains(o.stderr, "SIGSYS: bad system call") || o.stdout != "" {
		t.Errorf("a Go program: exit code %d, stdout %q", o.code, o.stdout)
	}
}

// TestRunscLoadsTheLargestFilter: what is not too large for the compiler is none for runsc.
func TestRunscLoadsTheLargestFilter(t *testing.T) {
	set := syscalls.Set{Base: "default"}
	largest := (*specs.LinuxSeccomp)(nil)
	for _, call := range []string{"mmap", "mprotect", "munmap", "lseek", "read", "write", "readv", "writev"} {
		for _, text := range []string{"arg1 > 1", "arg1 <= 1"} {
			condition, err := syscalls.ParseCondition(text)
			if err != nil {
				t.Fatal(err)
			}
			set.Rules = append(set.Rules, syscalls.SetRule{Syscall: call, When: []syscalls.Condition{condition}})
		}
		filter, err := set.Filter(nativeArch(t))
		if err != nil {
			t.Fatal(err)
		}
		s, _, err := guestseccomp.Lower(filter)
		var large *guestseccomp.TooLargeError
		if errors.As(err, &large) {
			break
		}
		largest = s
	}
	if len(set.Rules) == 16 {
		t.Fatal("control: no filter was too large")
	}
	newRunscBundle(t, "/usr/bin/true").under(largest).run(t).must(t, 0)
}
