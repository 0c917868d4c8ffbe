//go:build linux

package runner

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"confine/policy"
	"confine/policy/syscalls"
)

// deniedCall says that a denied system call ended the program.
type deniedCall struct {
	message string
	// lines are labelled, and stand below the message.
	lines [][2]string
}

func (d *deniedCall) Error() string {
	var b strings.Builder
	b.WriteString(d.message)
	for _, line := range d.lines {
		fmt.Fprintf(&b, "\n  %-9s %s", line[0], line[1])
	}
	return b.String()
}

// explainSIGSYS words an end that only a filter brings about, as far as the kernel
// tells, and adds it to the receipt.
func (l *launchable) explainSIGSYS(box enclosure, log *auditLog, code int) error {
	d, end := new(deniedCall), ReceiptEnd{Code: code, Signal: unix.SignalName(unix.SIGSYS)}
	if call, ok := log.killed(); ok {
		l.nameCall(d, &end, call)
	} else {
		d.message = "ended: a system call that is denied"
		_, program, onHost := box.onHost()
		if onHost && !endedBy(program, unix.SIGSYS) {
			// A shell, too, gives this code for what it waited for.
			d.message = fmt.Sprintf("exit code %d: a system call that is denied ended the program, or a process of its own", code)
		}
		if onHost {
			d.add("which", "the kernel's log has it for root: dmesg | grep type=1326")
		} else {
			d.add("which", "the sentry does not tell; firejail does: --backend firejail")
		}
	}
	if l.Policy.Syscalls.OnDeny == syscalls.DenyKill {
		d.add("instead", `on_deny = "errno" lets the program see EPERM and go on`+where(l.Policy.Syscalls.OnDenyAt))
	}
	return errors.Join(d, l.conclude(end))
}

func (d *deniedCall) add(label, text string) { d.lines = append(d.lines, [2]string{label, text}) }

// nameCall says which call it was and which line of the policy denies it.
func (l *launchable) nameCall(d *deniedCall, end *ReceiptEnd, call killedCall) {
	name, known := call.arch.Name(call.number)
	native, err := syscalls.ParseArch(l.host.Arch)
	if err != nil || call.arch != native || !known {
		end.Call = fmt.Sprintf("system call %d of architecture %#x", call.number, uint32(call.arch))
		end.Clause = policy.ClauseSyscallsBase
		d.message = "ended: " + end.Call + " is denied"
		d.add("because", "calls of other architectures than "+native.String()+" go around every rule, and end the process")
		return
	}
	end.Call = name
	d.message = "ended: the system call " + name + " is denied"
	decision := l.Policy.Decide(policy.Access{Kind: policy.AccessSyscall, Target: name})
	if decision.Allowed {
		// The program may load filters of its own (seccomp is in the base default).
		end.Clause = ""
		d.message = "ended: a filter that is not of this policy denies the system call " + name
		d.add("because", "the policy allows it: the program, or what it runs, loaded a filter of its own")
		return
	}
	end.Clause = decision.Clause
	because := decision.Because
	if !decision.At.IsZero() {
		end.At = &decision.At
		d.add("because", because)
		d.add("at", decision.At.String())
	} else {
		d.add("because", because)
	}
	switch {
	case decision.Conditional:
		d.add("", "the kernel tells no arguments; confine explain answers for those that the program gives")
	case decision.Clause == policy.ClauseSyscallsDeny:
		d.add("to allow", fmt.Sprintf("take %q out of [syscalls] deny", name))
	default:
		d.add("to allow", fmt.Sprintf("add %q to [syscalls] allow", name))
	}
}

// endedBy reports whether a signal ended the process of a pidfd, which somebody else
// has reaped. Kernels before 6.15 do not tell.
func endedBy(pidfd int, signal unix.Signal) bool {
	info := unix.PidfdInfo{Mask: unix.PIDFD_INFO_EXIT}
	if err := unix.IoctlPidfdInfo(pidfd, &info); err != nil || info.Mask&unix.PIDFD_INFO_EXIT == 0 {
		return false
	}
	return unix.WaitStatus(info.Exit_code).Signal() == signal
}
