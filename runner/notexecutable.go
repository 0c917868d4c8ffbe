//go:build linux

package runner

import (
	"bytes"
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"confine/policy"
)

// explainNotExecutable says what exit code 126 cannot: which part of a program
// the policy does not let the kernel execute. It looks at the host's file, which
// is the one that the sandbox shows.
func explainNotExecutable(root string, p *policy.Policy, program string, environment []string) *Refusal {
	r := refuse("command cannot be executed inside the sandbox: %q", program)
	path, ok := findProgram(root, p, program, environment)
	if !ok {
		return r
	}
	if d := p.Decide(policy.Access{Kind: policy.AccessExec, Target: path}); !d.Allowed {
		r.Found, r.Expected = d.Because+where(d.At), "exec "+path
		return r
	}
	if !r.blamesLoader(root, p, path) {
		r.Found, r.Expected = path+" is allowed by the policy", "a program with an execute bit, in a format of this kernel"
	}
	return r
}

// blamesLoader says what is wrong with the dynamic loader of a program, if it has one.
func (r *Refusal) blamesLoader(root string, p *policy.Policy, path string) bool {
	loader, ok := interpreterOf(filepath.Join(root, path))
	if !ok {
		return false
	}
	real, err := resolveIn(root, loader)
	if err != nil {
		r.Found = err.Error()
		return true
	}
	r.Expected = fmt.Sprintf("exec %s, which the kernel executes to start %s", real, path)
	if d := p.Decide(policy.Access{Kind: policy.AccessExec, Target: real}); !d.Allowed {
		r.Found = d.Because + where(d.At)
		r.Instead = []string{fmt.Sprintf("add %q to [filesystem] exec", real)}
		return true
	}
	r.Found = fmt.Sprintf("%s asks for its loader as %s, a name that does not lead there inside", path, loader)
	r.Instead = []string{fmt.Sprintf("add %q, where that name is a link, to [filesystem] map", p.Filesystem.ResolveLinks(filepath.Dir(loader)))}
	return true
}

// explainNotFound says what exit code 127 cannot: why a name led to nothing.
func explainNotFound(root string, p *policy.Policy, program string, environment []string) *Refusal {
	r := refuse("command not found inside the sandbox: %q", program)
	path := ""
	for _, variable := range environment {
		if value, ok := strings.CutPrefix(variable, "PATH="); ok {
			path = value
		}
	}
	found, onHost := findProgram(root, p, program, environment)
	switch {
	case onHost:
		if d := p.Decide(policy.Access{Kind: policy.AccessExec, Target: found}); !d.Allowed {
			r.Found, r.Expected = d.Because+where(d.At), "exec "+found
			r.Instead = []string{fmt.Sprintf("add %q to [filesystem] exec", found)}
		} else if !r.blamesLoader(root, p, found) {
			r.Found, r.Expected = found+" is allowed by the policy", "an interpreter, in its first line, that is there inside"
		}
	case strings.Contains(program, "/"):
		r.Found = "no such file on this host either"
	case path == "":
		r.Found, r.Expected = "no PATH: the policy neither passes nor sets it", "an absolute path, or a PATH"
		r.Instead = []string{`add PATH = "/usr/bin" to [environment.set]`}
	default:
		r.Found = "not in PATH " + path
	}
	return r
}

// findProgram looks where the stage looks, by the policy's names.
func findProgram(root string, p *policy.Policy, program string, environment []string) (string, bool) {
	candidates := []string{program}
	if !strings.Contains(program, "/") {
		candidates = nil
		for _, variable := range environment {
			if value, ok := strings.CutPrefix(variable, "PATH="); ok {
				for _, dir := range filepath.SplitList(value) {
					candidates = append(candidates, filepath.Join(dir, program))
				}
			}
		}
	}
	for _, c := range candidates {
		if resolved, err := resolveIn(root, c); err == nil && filepath.IsAbs(resolved) {
			return p.Filesystem.ResolveLinks(resolved), true
		}
	}
	return "", false
}

// interpreterOf reads the dynamic loader that a program asks for, see elf(5).
func interpreterOf(path string) (string, bool) {
	// The program's user may have put a pipe there, which would be waited for.
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return "", false
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return "", false
	}
	f, err := elf.NewFile(file)
	if err != nil {
		return "", false
	}
	for _, header := range f.Progs {
		if header.Type == elf.PT_INTERP && header.Filesz < 4096 {
			text := make([]byte, header.Filesz)
			if _, err := header.ReadAt(text, 0); err == nil {
				return string(bytes.TrimRight(text, "\x00")), true
			}
		}
	}
	return "", false
}
