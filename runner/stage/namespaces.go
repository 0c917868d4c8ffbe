//go:build linux

package stage

import (
	"fmt"
	"os"

	"confine/compiler"
	"confine/policy"
)

// NamespaceNames are the links of /proc/PID/ns that attestation compares.
var NamespaceNames = []string{"ipc", "mnt", "net", "pid", "user"}

// ReadNamespaces reads the namespace links of a process; pid may be "self".
func ReadNamespaces(pid string) (map[string]string, error) {
	links := map[string]string{}
	for _, name := range NamespaceNames {
		link, err := os.Readlink("/proc/" + pid + "/ns/" + name)
		if err != nil {
			return nil, fmt.Errorf("read namespace: %w", err)
		}
		links[name] = link
	}
	return links, nil
}

// CheckNamespaces compares the namespaces of a process with the launcher's.
func CheckNamespaces(seen string, e compiler.Expectation, outside, inside map[string]string) []Check {
	var checks []Check
	clause := func(name string) (string, policy.Position) {
		if name == "net" {
			return "network.mode", e.NetworkAt
		}
		return sandboxClause, policy.Position{}
	}
	for _, name := range e.Isolated {
		c := Check{
			Subject: name + " namespace" + seen, Expected: "not " + outside[name], Found: inside[name], Status: Proven,
		}
		c.Clause, c.At = clause(name)
		if inside[name] == "" || inside[name] == outside[name] {
			c.Status = Failed
		}
		checks = append(checks, c)
	}
	for _, name := range e.Shared {
		c := equal("", name+" namespace"+seen, policy.Position{}, outside[name], inside[name])
		c.Clause, c.At = clause(name)
		checks = append(checks, c)
	}
	return checks
}
