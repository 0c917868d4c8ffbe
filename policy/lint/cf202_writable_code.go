package lint

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"confine/policy"
)

var writableCode = Rule{
	Code:     "CF202",
	Severity: Error,
	Title:    "the program can write where code lies",
	Why: `Interpreters, libraries and packages are what every other program of the machine runs, and what this one runs at its
next launch. One that can replace them needs no way out of the sandbox: it waits until something outside executes
what it wrote.`,
	Instead: "Write into a directory that holds data alone, or into `tmp`, which is gone afterwards.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nwrite = [\"/usr/local/lib\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nwrite = [\"/srv/acme\"]\ntmp   = [\"/tmp\"]\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, e := range s.entries(policy.ModeWrite) {
			if what, ok := holdsCode(e.Path); ok {
				found = append(found, Found{
					At: e.At, Message: fmt.Sprintf("%s can be written: %s", quote(e.Path), what),
					Hint: `write = ["/srv/acme"], or tmp = ["/tmp"]`,
				})
			}
		}
		return found
	},
}

// codeDirectories hold what the machine executes (hier(7)), and the code of a connector in
// an Airbyte image.
var codeDirectories = []string{
	"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/boot", "/snap", "/nix", "/airbyte",
}

// packageDirectories are what interpreters call the directories in which they look for
// packages.
var packageDirectories = []string{"site-packages", "dist-packages", "node_modules"}

// holdsCode says what code lies in a directory, by what it is called.
func holdsCode(name string) (what string, ok bool) {
	for _, dir := range codeDirectories {
		if within(name, dir) {
			return dir + " holds code", true
		}
	}
	parts := strings.Split(name[1:], "/")
	for _, packages := range packageDirectories {
		if slices.Contains(parts, packages) {
			return "an interpreter loads what lies in " + packages, true
		}
	}
	// Of a product in /opt some directories are data, and some are code by their name.
	if within(name, "/opt") {
		switch {
		case len(parts) < 3:
			return "programs are installed there", true
		case slices.Contains([]string{"bin", "sbin", "lib", "lib64", "libexec"}, parts[2]):
			return path.Join("/opt", parts[1], parts[2]) + " holds code", true
		}
	}
	return "", false
}
