package seccomp

import "confine/policy/syscalls"

// A Path is how many instructions a program executes before it answers.
type Path struct {
	Shortest int `json:"shortest"`
	Longest  int `json:"longest"`
}

// PathOf returns the path of a call under the program of f. given are the arguments
// that are known, by number; the others take every value of the proof.
func PathOf(f syscalls.Filter, p Program, number uint32, given map[int]uint64) (Path, error) {
	var path Path
	var failed error
	try := func(args [6]uint64) bool {
		for arg, value := range given {
			args[arg] = value
		}
		_, steps, err := Run(p, syscalls.Data{Number: number, Arch: f.Arch, Args: args})
		if err != nil {
			failed = err
			return false
		}
		if path.Shortest == 0 || steps < path.Shortest {
			path.Shortest = steps
		}
		path.Longest = max(path.Longest, steps)
		return true
	}
	if !try(filled(0)) {
		return Path{}, failed
	}
	if rule, ok := f.Rule(number); ok {
		for args := range proofArgs(rule) {
			if !try(args) {
				return Path{}, failed
			}
		}
	}
	return path, nil
}

// WorstPath returns the longest path of any call that has a name, and that call.
func WorstPath(f syscalls.Filter, p Program) (call string, longest int, err error) {
	for name, number := range f.Arch.Calls() {
		path, err := PathOf(f, p, number, nil)
		if err != nil {
			return "", 0, err
		}
		if path.Longest > longest {
			call, longest = name, path.Longest
		}
	}
	return call, longest, nil
}
