//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// lintedPolicies is how many policies one run looks at, each of them with two bases.
const lintedPolicies = 1000

// benchLint measures confine lint beside a run that only reads and resolves the same
// policies.
func benchLint(rounds int, confine string) error {
	dir, err := os.MkdirTemp("", "confine-bench-lint-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for i := range lintedPolicies {
		text := fmt.Sprintf("schema = 1\nname = \"p%d\"\nextends = [\"source-declarative-manifest\"]\n\n[network]\nmode = \"egress\"\negress = [\"api%d.acme.com:443\"]\n\n"+
			"[filesystem]\nread = [\"/srv/reference-%d\"]\n", i, i, i)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("p%d.toml", i)), []byte(text), 0o600); err != nil {
			return err
		}
	}
	variants := []variant{
		{name: "read and resolve, one rule", command: func() *exec.Cmd { return exec.Command(confine, "lint", "--fail-on", "never", "--select", "CF304", dir) }},
		{name: "lint, all rules", command: func() *exec.Cmd { return exec.Command(confine, "lint", "--fail-on", "never", dir) }},
	}
	for range rounds {
		for i := range variants {
			elapsed, err := measure(variants[i].command())
			if err != nil {
				return fmt.Errorf("%s: %w", variants[i].name, err)
			}
			variants[i].times = append(variants[i].times, elapsed)
		}
	}
	report(fmt.Sprintf("lint, %d policies", lintedPolicies), "ms", variants)
	return nil
}
