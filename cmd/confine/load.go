package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"confine/compiler"
	"confine/policy"
	"confine/runner"
)

// loaded is a policy that a person named and what it was made from.
type loaded struct {
	*policy.Policy
	// files are those on disk, the policy itself first; confine's own are not among them.
	files []string
	// with resolves the policy again, with values for parameters that have none.
	with func(values map[string]string) (*policy.Policy, error)
}

// loadPolicy resolves the policy that a person named, with the values of its
// parameters.
func loadPolicy(name string, params *parameterFlags) (loaded, error) {
	return loadWith(name, params, policy.Options{})
}

// loadWith is loadPolicy for those who can do without the value of a parameter, which
// is for options.Unbound to say.
func loadWith(name string, params *parameterFlags, options policy.Options) (loaded, error) {
	lib := &library{}
	root, err := lib.root(name)
	if err != nil {
		return loaded{}, err
	}
	values := map[string]string{}
	if params.given() {
		// Which parameters there are is known only when all files are read. What is wrong
		// with them is told below.
		if values, err = params.collect(policy.DeclaredParameters(root, &library{})); err != nil {
			return loaded{}, err
		}
	}
	options.Library, options.Parameters = lib, values
	p, err := policy.Resolve(root, options)
	if err != nil {
		return loaded{}, err
	}
	with := func(more map[string]string) (*policy.Policy, error) {
		again := options
		again.Library, again.Parameters = &library{}, maps.Clone(more)
		maps.Copy(again.Parameters, values)
		return policy.Resolve(root, again)
	}
	return loaded{p, lib.read, with}, nil
}

// explain prints an error in the form that its kind deserves. p is the policy that it
// is about, if there is one yet.
func explain(w io.Writer, p *policy.Policy, err error) {
	var diagnostics policy.Diagnostics
	var refusals compiler.Refusals
	var refusal *runner.Refusal
	switch {
	case errors.As(err, &diagnostics):
		_ = diagnostics.Render(w)
	case errors.As(err, &refusals) && p != nil:
		_ = refusals.Diagnostics(p).Render(w)
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
		return "", fmt.Errorf("no policy was given\n%s", expectedPolicy())
	}
	return "", fmt.Errorf("expected one policy, found %d: %s", len(args), strings.Join(args, " "))
}
