package live

import (
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"

	"confine/compiler/filter"
	"confine/policy"
	"confine/policy/syscalls"
)

// Kind is what the host has at a path.
type Kind string

// The kinds.
const (
	KindMissing   Kind = "missing"
	KindFile      Kind = "file"
	KindDirectory Kind = "directory"
	// KindOther is what does something when it is opened: a device, a pipe, a socket.
	KindOther Kind = "other"
)

// Planner chooses for every access a way to try it that harms nobody.
type Planner struct {
	Policy *policy.Policy
	// Machine is as uname(2) spells it.
	Machine string
	// Look says what the host has at a path, and where its links lead; "" is that nobody
	// knows.
	Look func(path string) (kind Kind, real string)
	// Interpreter gives the real path of the program that starts another one, such as the
	// dynamic loader; "" is that none does.
	Interpreter func(path string) string
	// Fresh is a file name that nothing has.
	Fresh string
	// Network lets attempts send something to other machines.
	Network bool
}

// Plan gives the attempt for an access.
func (p Planner) Plan(a policy.Access) Attempt {
	var planned Attempt
	switch a.Kind {
	case policy.AccessRead, policy.AccessWrite, policy.AccessExec, policy.AccessMap:
		planned = p.path(a)
	case policy.AccessConnect, policy.AccessResolve:
		planned = p.network(a)
	case policy.AccessSyscall:
		planned = p.call(a)
	default:
		planned = Attempt{How: HowState}
	}
	planned.Access = a.String()
	return planned
}

func untried(format string, args ...any) Attempt {
	return Attempt{Untried: fmt.Sprintf(format, args...)}
}

// path plans for a file. What the sandbox keeps to itself starts empty, whatever the host
// has there: a new file stands for what is named.
func (p Planner) path(a policy.Access) Attempt {
	if private := p.private(a); private != "" {
		if private == p.Policy.Filesystem.ResolveLinks(a.Target) {
			return p.there(a, KindDirectory)
		}
		return p.fresh(a, private)
	}
	kind, real := p.Look(a.Target)
	if kind != KindMissing {
		// The policy names real paths, and does not know what a link of this host leads to.
		if real != "" && p.Policy.Decide(a).Allowed != p.Policy.Decide(policy.Access{Kind: a.Kind, Target: real}).Allowed {
			return untried("leads to %s on this host, where the policy decides otherwise", real)
		}
		if a.Kind == policy.AccessExec && kind == KindFile && p.Policy.Decide(a).Allowed {
			if starter := p.starter(a.Target); starter != "" {
				return untried("%s starts it, which the policy does not let execute", starter)
			}
		}
		planned := p.there(a, kind)
		planned.Present = true
		return planned
	}
	planned := p.fresh(a, p.above(a.Target))
	if planned.Untried != "" {
		return untried("does not exist on this host")
	}
	return planned
}

// maxInterpreters is how many the kernel takes one after the other, see execve(2); a
// loader is one more.
const maxInterpreters = 5

// starter gives an interpreter without which a program does not start, and which the
// policy does not let execute, or "".
func (p Planner) starter(program string) string {
	for range maxInterpreters {
		program = p.Interpreter(program)
		if program == "" {
			return ""
		}
		if !p.Policy.Decide(policy.Access{Kind: policy.AccessExec, Target: program}).Allowed {
			return program
		}
	}
	return ""
}

// above gives the nearest directory above a path that the host has.
func (p Planner) above(name string) string {
	for {
		name = path.Dir(name)
		if kind, _ := p.Look(name); kind != KindMissing || name == "/" {
			return name
		}
	}
}

// private gives the directory of the sandbox's own that decides a path, or "".
func (p Planner) private(a policy.Access) string {
	fs := &p.Policy.Filesystem
	name := fs.ResolveLinks(a.Target)
	if name == "/dev/shm" || strings.HasPrefix(name, "/dev/shm/") {
		if fs.Dev == policy.DevMinimal {
			return "/dev/shm"
		}
		return ""
	}
	if entry, ok := fs.Entry(name); ok && entry.Mode == policy.ModeTmp {
		return entry.Path
	}
	return ""
}

// there plans for what exists.
func (p Planner) there(a policy.Access, kind Kind) Attempt {
	switch {
	case kind == KindDirectory && a.Kind == policy.AccessWrite:
		return p.fresh(a, a.Target)
	case kind == KindDirectory && a.Kind != policy.AccessRead:
		return untried("a directory is neither executed nor mapped")
	case kind == KindOther && !slices.Contains(policy.MinimalDevices(), a.Target):
		return Attempt{How: HowLook, Path: a.Target}
	}
	return Attempt{How: HowOpen, Path: a.Target}
}

// fresh plans for a new file in a directory, where the same entry decides about it. To
// try anything but writing, the file has to be made first, which the policy must allow.
func (p Planner) fresh(a policy.Access, directory string) Attempt {
	name := path.Join(directory, p.Fresh)
	want := p.Policy.Decide(a)
	got := p.Policy.Decide(policy.Access{Kind: a.Kind, Target: name})
	if !Same(want, got) {
		return untried("no new name beside it is decided by the same entry")
	}
	if a.Kind != policy.AccessWrite && !p.Policy.Decide(policy.Access{Kind: policy.AccessWrite, Target: name}).Allowed {
		return untried("no file to try it on can be made there")
	}
	return Attempt{How: HowFresh, Path: name}
}

// Same reports whether two decisions are one: by the same entry, with the same answer.
func Same(a, b policy.Decision) bool {
	return a.Allowed == b.Allowed && a.Conditional == b.Conditional && a.Clause == b.Clause && a.At == b.At
}

// network plans for a connection and for a look-up. An allowed one would go out.
func (p Planner) network(a policy.Access) Attempt {
	d := p.Policy.Decide(a)
	if d.Allowed && !p.Network {
		return untried("it would leave this machine (--network lets it)")
	}
	address, err := netip.ParseAddr(a.Target)
	literal := err == nil
	switch p.Policy.Network.Mode {
	case policy.NetworkHost:
		return untried(`mode "host" is the network of this machine`)
	case policy.NetworkEgress:
		if literal && a.Kind == policy.AccessResolve {
			return untried("an address is not looked up")
		}
		if literal && address.IsLoopback() {
			return Attempt{How: HowLocal}
		}
		return Attempt{How: HowGateway, Alone: !literal && !d.Allowed}
	}
	switch {
	case a.Kind == policy.AccessResolve && literal:
		return untried("an address is not looked up")
	case literal && address.IsLoopback(), a.Kind == policy.AccessConnect && a.Target == "localhost":
		return Attempt{How: HowLocal}
	case literal:
		return Attempt{How: HowDial}
	}
	return Attempt{How: HowRoute}
}

func (p Planner) call(a policy.Access) Attempt {
	call, ok := harmless(a, p.Machine)
	if !ok {
		return untried("no call of it is known that does no harm")
	}
	return Attempt{How: HowCall, Call: &call}
}

// harmless finds a call that the canaries of a filter may make, with the arguments that
// the access states. They are asked for by a table that is about this call alone.
func harmless(a policy.Access, machine string) (Call, bool) {
	arch, err := syscalls.ParseArch(machine)
	if err != nil {
		return Call{}, false
	}
	// A call that is denied has a canary with the arguments that harm nobody, and one that
	// is allowed by a rule has one with those of the rule.
	calls, clause := policy.Syscalls{Base: "connector"}, policy.ClauseSyscallsDeny
	given, when := map[int]uint64{}, []syscalls.Condition{}
	for i, argument := range a.Args {
		value, known := argument.On(arch)
		if !known {
			continue
		}
		condition, err := syscalls.ParseCondition(fmt.Sprintf("arg%d == %d", i, value))
		if err != nil {
			return Call{}, false
		}
		given[i], when = value, append(when, condition)
	}
	if len(given) == 0 {
		calls.Deny = []policy.SyscallEntry{{Name: a.Target}}
	} else {
		clause = policy.ClauseSyscallsRule
		calls.Allow = []policy.SyscallEntry{{Name: a.Target}}
		calls.Rules = []policy.SyscallRule{{Syscall: a.Target, When: when}}
	}
	for _, canary := range filter.Canaries(calls, machine) {
		for _, call := range canary.Calls {
			if canary.Clause == clause && states(call.Arguments, given) {
				return Call{Number: call.Number, Arguments: call.Arguments}, true
			}
		}
	}
	return Call{}, false
}

// states reports whether registers hold what is given.
func states(registers [6]uint64, given map[int]uint64) bool {
	for i, value := range given {
		if registers[i] != value {
			return false
		}
	}
	return true
}
