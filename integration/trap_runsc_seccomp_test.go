//go:build linux

package integration

import (
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// filtered gives a guest a filter that allows what no rule names.
func (b *runscBundle) filtered(rules ...specs.LinuxSyscall) *runscBundle {
	b.flags = append(b.flags, "--oci-seccomp")
	b.Linux.Seccomp = &specs.LinuxSeccomp{DefaultAction: specs.ActAllow, Syscalls: rules}
	return b
}

func rule(action specs.LinuxSeccompAction, name string, args ...specs.LinuxSeccompArg) specs.LinuxSyscall {
	return specs.LinuxSyscall{Names: []string{name}, Action: action, Args: args}
}

func errnoRule(errno unix.Errno, name string) specs.LinuxSyscall {
	code := uint(errno)
	return specs.LinuxSyscall{Names: []string{name}, Action: specs.ActErrno, ErrnoRet: &code}
}

// equal compares all 64 bits of an argument, masked the 32 that the kernel takes of an int.
func equal(index uint, value uint64) specs.LinuxSeccompArg {
	return specs.LinuxSeccompArg{Index: index, Value: value, Op: specs.OpEqualTo}
}

func masked(index uint, value uint64) specs.LinuxSeccompArg {
	return specs.LinuxSeccompArg{Index: index, Value: 0xffffffff, ValueTwo: value, Op: specs.OpMaskedEqual}
}

const seccompSource = "runsc/specutils/seccomp/seccomp.go"

// TestTrapRunscSeccompIsIgnored: linux.seccomp is ignored without --oci-seccomp, with a
// warning in the debug log alone (runsc/boot/seccomp.go).
func TestTrapRunscSeccompIsIgnored(t *testing.T) {
	const access = "syscall getppid"
	b := newRunscBundle(t).filtered(rule(specs.ActErrno, "getppid"))
	runscControl(t, b.try(t, access)[access], "EPERM", "a filter with --oci-seccomp")
	b.flags = b.flags[:len(b.flags)-1]
	runscTrap(t, b.try(t, access)[access], "ok", "honours linux.seccomp without --oci-seccomp", "runsc/boot/seccomp.go")
}

// TestTrapRunscErrnoIsAlwaysEPERM: errnoRet and defaultErrnoRet are ignored.
func TestTrapRunscErrnoIsAlwaysEPERM(t *testing.T) {
	const access, other = "syscall getppid", "syscall sched_yield"
	b := newRunscBundle(t).filtered(errnoRule(unix.ENOSYS, "getppid"))
	got := b.try(t, access, other)
	runscTrap(t, got[access], "EPERM", "honours errnoRet", seccompSource)
	runscControl(t, got[other], "ok", "a call that no rule names")
}

// TestTrapRunscClone3BreaksThreads: so a rule that answers clone3 with ENOSYS, as that of
// Docker's profile, answers EPERM, from which glibc does not fall back to clone.
func TestTrapRunscClone3BreaksThreads(t *testing.T) {
	const script = `import threading
try:
    t = threading.Thread(target=print, args=("started",)); t.start(); t.join()
except RuntimeError as e: print(e)`
	b := newRunscBundle(t, "/usr/bin/python3", "-c", script).filtered(errnoRule(unix.ENOSYS, "clone3"))
	runscTrap(t, b.output(t), "can't start new thread", "lets glibc fall back from clone3", seccompSource)
	b.Linux.Seccomp.Syscalls[0] = errnoRule(unix.ENOSYS, "getppid")
	runscControl(t, b.output(t), "started", "no rule for clone3")
}

// TestTrapRunscComparesWideArguments: a condition compares 64 bits, and the kernel takes 32
// of an int: what a rule denies can be had with a bit set above them.
func TestTrapRunscComparesWideArguments(t *testing.T) {
	const narrow, wide = "syscall socket(arg0=2)", "syscall socket(arg0=0x100000002)"
	b := newRunscBundle(t).filtered(rule(specs.ActErrno, "socket", equal(0, unix.AF_INET)))
	got := b.try(t, narrow, wide)
	runscTrap(t, got[narrow], "EPERM", "reads SCMP_CMP_EQ otherwise", seccompSource)
	runscTrap(t, got[wide], "ok", "compares 32 bits of an int", seccompSource)
	b.Linux.Seccomp.Syscalls[0] = rule(specs.ActErrno, "socket", masked(0, unix.AF_INET))
	got = b.try(t, narrow, wide)
	runscControl(t, got[narrow]+" "+got[wide], "EPERM EPERM", "SCMP_CMP_MASKED_EQ")
	b.Linux.Seccomp.Syscalls[0] = rule(specs.ActErrno, "socket", masked(0, unix.AF_INET6))
	got = b.try(t, narrow, wide)
	runscControl(t, got[narrow]+" "+got[wide], "ok ok", "SCMP_CMP_MASKED_EQ of another value")
}

// TestTrapRunscFirstRuleDecides: of several rules for a call the first that fits decides,
// in the order of the file. libseccomp would take the one that is the more severe.
func TestTrapRunscFirstRuleDecides(t *testing.T) {
	const access = "syscall getppid"
	allow, deny := rule(specs.ActAllow, "getppid"), rule(specs.ActErrno, "getppid")
	for want, rules := range map[string][]specs.LinuxSyscall{"EPERM": {deny, allow}, "ok": {allow, deny}} {
		b := newRunscBundle(t).filtered(rules...)
		runscTrap(t, b.try(t, access)[access], want, "takes another rule than the first", seccompSource)
	}
}

// TestTrapRunscConditionsOnOneArgument: two conditions on one argument are alternatives;
// those on different arguments must all hold.
func TestTrapRunscConditionsOnOneArgument(t *testing.T) {
	const inet, unixStream, packet = "syscall socket(arg0=2)", "syscall socket(arg0=1)", "syscall socket(arg0=16, arg1=3)"
	notInet := specs.LinuxSeccompArg{Index: 0, Value: unix.AF_INET, Op: specs.OpNotEqual}
	notUnix := specs.LinuxSeccompArg{Index: 0, Value: unix.AF_UNIX, Op: specs.OpNotEqual}
	b := newRunscBundle(t).filtered(rule(specs.ActErrno, "socket", notInet, notUnix))
	got := b.try(t, inet, unixStream, packet)
	runscTrap(t, got[inet]+" "+got[unixStream]+" "+got[packet], "EPERM EPERM EPERM", "joins conditions on one argument by and", seccompSource)

	b.Linux.Seccomp.Syscalls[0] = rule(specs.ActErrno, "socket", masked(0, unix.AF_UNIX), masked(1, unix.SOCK_RAW))
	got = b.try(t, inet, unixStream, packet)
	runscControl(t, got[inet]+" "+got[unixStream]+" "+got[packet], "ok ok ok", "conditions on two arguments of which one holds")
	b.Linux.Seccomp.Syscalls[0] = rule(specs.ActErrno, "socket", masked(0, unix.AF_UNIX), masked(1, unix.SOCK_STREAM))
	got = b.try(t, inet, unixStream, packet)
	runscControl(t, got[inet]+" "+got[unixStream]+" "+got[packet], "ok EPERM ok", "conditions on two arguments that both hold")
}

// TestTrapRunscFilterWithoutAList: a default of ERRNO without a list of what is allowed denies the
// end of the program too, and it faults.
func TestTrapRunscFilterWithoutAList(t *testing.T) {
	b := newRunscBundle(t, "/usr/bin/true").filtered()
	b.Linux.Seccomp.DefaultAction = specs.ActErrno
	runscTrap(t, b.run(t).code, 128+int(unix.SIGSEGV), "lets a program end that may do nothing", seccompSource)
}

// TestTrapRunscActions: runsc knows some actions and refuses the rest.
func TestTrapRunscActions(t *testing.T) {
	const sigsys = 128 + int(unix.SIGSYS)
	for action, want := range map[specs.LinuxSeccompAction]int{
		specs.ActKill: sigsys, specs.ActTrap: sigsys, specs.ActErrno: 0,
		specs.ActKillProcess: 128, specs.ActKillThread: 128, specs.ActLog: 128, specs.ActNotify: 128,
	} {
		b := newRunscBundle(t).sh("kill -0 $$; exit 0").filtered(rule(action, "kill"))
		runscTrap(t, b.run(t).code, want, "answers "+string(action)+" otherwise", seccompSource)
		if want == 128 {
			refused := strings.Contains(b.logged(t, "error"), "invalid action")
			runscTrap(t, refused, true, "accepts "+string(action), seccompSource)
		}
	}
}

// TestTrapRunscKillEndsAThread: KILL ends the thread that made the call, and the rest of the
// program goes on without it. TRAP ends the whole.
func TestTrapRunscKillEndsAThread(t *testing.T) {
	// ctypes lets go of the interpreter's lock around the call.
	const script = `import ctypes, os, threading, time
t = threading.Thread(target=ctypes.CDLL(None).getppid, daemon=True); t.start()
while len(os.listdir("/proc/self/task")) > 1: time.sleep(0.01)
print("went on", flush=True); os._exit(0)`
	b := newRunscBundle(t, "/usr/bin/python3", "-c", script).filtered(rule(specs.ActKill, "getppid"))
	runscTrap(t, b.output(t), "went on", "ends the whole program by SCMP_ACT_KILL", seccompSource)
	b.Linux.Seccomp.Syscalls[0].Action = specs.ActTrap
	o := b.run(t)
	runscControl(t, o.code, 128+int(unix.SIGSYS), "SCMP_ACT_TRAP")
	runscControl(t, o.stdout, "", "SCMP_ACT_TRAP")
}

// TestTrapRunscUnknownCallIsSkipped: a name that is no system call is skipped, and the list of
// architectures is not looked at.
func TestTrapRunscUnknownCallIsSkipped(t *testing.T) {
	const access = "syscall getppid"
	b := newRunscBundle(t).filtered(rule(specs.ActErrno, "nosuchcall"), rule(specs.ActErrno, "getppid"))
	b.Linux.Seccomp.Architectures = []specs.Arch{specs.ArchS390X}
	runscTrap(t, b.try(t, access)[access], "EPERM", "looks at names or architectures", seccompSource)
	b.Linux.Seccomp.Syscalls[1] = rule(specs.ActErrno, "getpppid")
	runscTrap(t, b.try(t, access)[access], "ok", "refuses a misspelt name", seccompSource)
}
