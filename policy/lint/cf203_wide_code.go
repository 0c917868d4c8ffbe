package lint

import (
	"fmt"
	"slices"

	"confine/policy"
)

var wideCode = Rule{
	Code:     "CF203",
	Severity: Info,
	Title:    "a directory of many things is executable as a whole",
	Why: `The directory holds data, programs and products that have nothing to do with this one, and what is installed there
tomorrow. An attacker inside picks from all of it; that a file can be executed should say that somebody meant it.`,
	Instead: "Name the directory of the interpreter in `exec`, and those of its libraries in `map`.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nexec = [\"/usr\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nexec = [\"/usr/bin/python3.11\"]\nmap  = [\"/usr/lib\"]\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, e := range s.entries(policy.ModeExec, policy.ModeMap) {
			if slices.Contains(manifoldDirectories, e.Path) {
				verb := "executed"
				if e.Mode == policy.ModeMap {
					verb = "mapped executable"
				}
				found = append(found, Found{At: e.At, Message: fmt.Sprintf("everything in %s can be %s", quote(e.Path), verb)})
			}
		}
		return found
	},
}

// manifoldDirectories hold more than one kind of thing (hier(7)).
var manifoldDirectories = []string{"/usr", "/opt", "/srv", "/home", "/root", "/var", "/var/lib", "/etc", "/run", "/mnt", "/media", "/snap", "/nix"}
