package guestseccomp_test

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"

	"confine/compiler/gvisor/guestseccomp"
	"confine/policy/syscalls"
)

// points are the values that a rule compares arguments with, and their neighbours: one
// more, one less, and each bit the other way, also those that the kernel does not read.
func points(r syscalls.Rule) []uint64 {
	values := map[uint64]bool{0: true, 1: true, 1 << 31: true, 1 << 32: true, 1 << 63: true, 0xffffffff: true, ^uint64(0): true}
	for _, c := range r.Cases {
		for _, test := range c.When {
			for _, v := range append(slices.Clone(test.Values), syscalls.Constant{Value: test.Bits()}, syscalls.Constant{Value: test.Mask}) {
				for _, near := range []uint64{v.Value - 1, v.Value, v.Value + 1, ^v.Value, v.Value | 0xdeadbeef<<32} {
					values[near] = true
				}
				for bit := range 64 {
					values[v.Value^1<<bit] = true
				}
			}
		}
	}
	var all []uint64
	for v := range values {
		all = append(all, v)
	}
	slices.Sort(all)
	return all
}

// calls yields arguments on all sides of a rule: around what a case compares with, one
// argument at a time, and as many mixed ones as mixed says.
func calls(r syscalls.Rule, random *rand.Rand, mixed int) iter.Seq[[6]uint64] {
	return func(yield func([6]uint64) bool) {
		var args [6]uint64
		if len(r.Cases) == 0 {
			yield(args)
			return
		}
		values := points(r)
		for _, c := range r.Cases {
			for _, test := range c.When {
				for _, v := range values {
					for _, other := range c.When {
						args[other.Arg] = other.Values[random.IntN(len(other.Values))].Value
					}
					args[test.Arg] = v
					if !yield(args) {
						return
					}
				}
			}
		}
		for range mixed {
			for arg := range args {
				args[arg] = values[random.IntN(len(values))]
			}
			if !yield(args) {
				return
			}
		}
	}
}

// want is what should happen to a call, with the losses that Lower owns up to.
func want(answer syscalls.Action, name string, losses guestseccomp.Losses) string {
	lost := slices.ContainsFunc(losses, func(l guestseccomp.Loss) bool {
		return l.Answer == answer && (slices.Contains(l.Syscalls, name) || name == "" && l.Unnamed)
	})
	switch {
	case answer == syscalls.Allow:
		return executed
	case answer == syscalls.KillProcess && lost:
		return sigsys
	case lost:
		return eperm
	}
	return answer.String()
}

// compare asks both about every call and gives the first difference, or nothing.
func compare(filter syscalls.Filter, r reading, losses guestseccomp.Losses, mixed int, seed uint64) string {
	random := rand.New(rand.NewPCG(seed, 1))
	for name, number := range filter.Arch.Calls() {
		rule, _ := filter.Rule(number)
		for args := range calls(rule, random, mixed) {
			answer := filter.Decide(syscalls.Data{Number: number, Arch: filter.Arch, Args: args})
			got, err := r.answer(name, args)
			switch {
			case err != nil:
				return err.Error()
			case r.unknown[name]:
				// runsc has no such call, and nothing to execute for it.
				if got == executed && answer != syscalls.Allow {
					return name + " is denied, and would be allowed where runsc does not know its name"
				}
			case got != want(answer, name, losses):
				return fmt.Sprintf("%s%#x: %s by runsc, want %s for %s", name, args, got, want(answer, name, losses), answer)
			}
		}
	}
	for _, number := range []uint32{filter.Arch.Newest() + 1, syscalls.X32Bit | 39, ^uint32(0)} {
		answer := filter.Decide(syscalls.Data{Number: number, Arch: filter.Arch})
		if got, err := r.answer("", [6]uint64{}); err != nil || got != want(answer, "", losses) {
			return fmt.Sprintf("number %d: %s by runsc, want %s: %v", number, got, answer, err)
		}
	}
	return ""
}
