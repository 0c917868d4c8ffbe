package seccomp

import (
	"iter"
	"maps"
	"slices"

	"confine/policy/syscalls"
)

// A Source is what one instruction of a program is for.
type Source struct {
	Step Step
	// Origins are the parts of the policy whose calls execute the instruction, in
	// order. Those of StepArchitecture are none: every call executes it.
	Origins []syscalls.Origin
}

// Step is the part of a program that an instruction belongs to.
type Step string

// The steps, in the order of execution.
const (
	StepArchitecture Step = "architecture" // turns away calls of other architectures
	StepNumber       Step = "number"       // finds the call by its number
	StepArguments    Step = "arguments"    // looks at the arguments of a call
	StepAnswer       Step = "answer"       // returns an action
)

// Sources leads every instruction of p, the program of f, back to the parts of set
// that f was made from. It follows the calls that [Prove] tries through the program,
// whatever generator wrote it; what none of them reaches belongs to what jumps there.
func Sources(set syscalls.Set, f syscalls.Filter, p Program) []Source {
	reached := make([]reach, len(p))
	for call := range sourceCalls(f) {
		var origin *syscalls.Origin
		if call.Arch == f.Arch {
			o := set.Origin(f.Arch, call.Number, call.Args)
			origin = &o
		}
		step := StepArchitecture
		_, _, _ = trace(p, call, func(index int, _ bool) {
			step = stepAt(p[index], step)
			reached[index].add(step, origin)
		})
	}
	for i := range p {
		for _, next := range successors(p, i) {
			if next < len(p) && reached[next].step == "" {
				reached[next].inherit(reached[i], p[next])
			}
		}
	}
	sources := make([]Source, len(p))
	for i, r := range reached {
		sources[i] = Source{Step: r.step, Origins: slices.SortedFunc(maps.Keys(r.origins), syscalls.Origin.Compare)}
		if r.step == StepArchitecture {
			sources[i].Origins = nil
		}
	}
	return sources
}

// reach is what came by one instruction.
type reach struct {
	step    Step
	origins map[syscalls.Origin]bool
}

// add notes a call; a nil origin is a call of another architecture.
func (r *reach) add(step Step, origin *syscalls.Origin) {
	if r.step == "" {
		r.step, r.origins = step, map[syscalls.Origin]bool{}
	}
	if origin != nil {
		r.origins[*origin] = true
	}
}

// inherit makes an instruction that no call reaches serve what jumps to it.
func (r *reach) inherit(from reach, in Instruction) {
	r.step, r.origins = stepAt(in, from.step), maps.Clone(from.origins)
}

// stepAt gives the step of an instruction that is executed after one of a step.
func stepAt(in Instruction, before Step) Step {
	switch {
	case in.Code == opReturn:
		return StepAnswer
	case in.Code != opLoad:
		return before // it works on what was loaded, or goes somewhere
	case in.K == offsetArch:
		return StepArchitecture
	case in.K == offsetNumber:
		return StepNumber
	}
	return StepArguments
}

// successors are the instructions that can be executed right after one.
func successors(p Program, index int) []int {
	switch in := p[index]; in.Code {
	case opReturn:
		return nil
	case opJump:
		return []int{index + 1 + int(in.K)}
	case opLoad, opAnd:
		return []int{index + 1}
	default:
		return []int{index + 1 + int(in.JT), index + 1 + int(in.JF)}
	}
}

// maxSourcePoints is about how many arguments are tried for one rule: a map that takes
// as long as the proof would make every launch wait.
const maxSourcePoints = 1 << 10

// sourceCalls yields one call for every number, calls of the proof for rules that look
// at arguments, and one of another architecture.
func sourceCalls(f syscalls.Filter) iter.Seq[syscalls.Data] {
	return func(yield func(syscalls.Data) bool) {
		for number := range f.Arch.Newest() + 2 {
			if !yield(syscalls.Data{Number: number, Arch: f.Arch}) {
				return
			}
		}
		for _, rule := range f.Rules {
			// An odd step does not keep to one value of an argument.
			step, i := countCombinations(boundaryPoints(rule))/maxSourcePoints|1, 0
			for args := range proofArgs(rule) {
				if i++; i%step != 0 {
					continue
				}
				if !yield(syscalls.Data{Number: rule.Number, Arch: f.Arch, Args: args}) {
					return
				}
			}
		}
		_ = yield(syscalls.Data{Number: syscalls.X32Bit, Arch: f.Arch}) &&
			yield(syscalls.Data{Number: ^uint32(0), Arch: f.Arch}) &&
			yield(syscalls.Data{Arch: f.Arch ^ 1})
	}
}
