package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"confine/compiler"
	"confine/policies"
	"confine/policy"
	"confine/runner"
)

// loadPolicy reads the policy that a person named: one of the binary's own, or a
// file. The returned file is empty for the binary's own.
func loadPolicy(name string) (p *policy.Policy, file string, err error) {
	if display, src, ok := policies.Source(name); ok {
		p, err = policy.Parse(display, src)
		return p, "", err
	}
	src, err := readPolicy(name)
	if err != nil {
		return nil, "", err
	}
	p, err = policy.Parse(name, src)
	return p, name, err
}

// readPolicy reads a regular file of bounded size: not a pipe that never ends,
// not a directory.
func readPolicy(name string) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, os.ErrNotExist) && !strings.ContainsAny(name, "/."):
		return nil, fmt.Errorf("no policy %q: expected a file, or one of confine's own: %s",
			name, strings.Join(policies.Names(), ", "))
	case err != nil:
		return nil, fmt.Errorf("read the policy: %w", err)
	case info.IsDir():
		return nil, fmt.Errorf("the policy %q is a directory: expected a file", name)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("the policy %q is a %s: expected a regular file", name, kindOf(info.Mode()))
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read the policy: %w", err)
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, policy.MaxSource+1))
	if err != nil {
		return nil, fmt.Errorf("read the policy: %w", err)
	}
	return src, nil
}

// kindOf names what can stand where a policy file was expected.
func kindOf(mode os.FileMode) string {
	switch {
	case mode&os.ModeNamedPipe != 0:
		return "pipe"
	case mode&os.ModeSocket != 0:
		return "socket"
	case mode&os.ModeDevice != 0:
		return "device"
	}
	return "special file"
}

// explain prints an error in the form that its kind deserves.
func explain(w io.Writer, err error) {
	var diagnostics policy.Diagnostics
	var refusals compiler.Refusals
	var refusal *runner.Refusal
	switch {
	case errors.As(err, &diagnostics):
		_ = diagnostics.Render(w)
	case errors.As(err, &refusals):
		fmt.Fprintln(w, refusals.Error())
	case errors.As(err, &refusal):
		fmt.Fprintln(w, "confine: "+refusal.Explain())
	default:
		fmt.Fprintf(w, "confine: %v\n", err)
	}
}

// onePolicy takes the one argument of a command that works on a policy.
func onePolicy(args []string) (string, error) {
	args = slices.DeleteFunc(slices.Clone(args), func(a string) bool { return a == "" })
	switch len(args) {
	case 1:
		return args[0], nil
	case 0:
		return "", fmt.Errorf("no policy was given: expected a file, or one of confine's own: %s",
			strings.Join(policies.Names(), ", "))
	}
	return "", fmt.Errorf("expected one policy, found %d: %s", len(args), strings.Join(args, " "))
}
