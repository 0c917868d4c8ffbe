//go:build linux

package runner

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"confine/policy"
)

// firejailConfigs are the configurations that a firejail is built to read, by the
// place where its own install puts it (configure.ac, sysconfdir).
var firejailConfigs = map[string]string{
	"/usr/bin/firejail":       "/etc/firejail/firejail.config",
	"/usr/local/bin/firejail": "/usr/local/etc/firejail/firejail.config",
}

// firejailFeatures are the switches that our profiles rely on: in a profile, a
// directive whose feature is off is ignored with a warning (profile.c,
// warning_feature_disabled). restricted-network, which Debian sets, gates no
// directive of ours; "net none" has no switch.
var firejailFeatures = map[string]struct{ directives, clause string }{
	"seccomp": {"seccomp, protocol and restrict-namespaces", policy.ClauseSyscallsBase},
	"userns":  {"noroot", policy.ClauseCapabilitiesKeep},
	"dbus":    {"nodbus", policy.ClauseFilesystem},
}

// firejailSetting is one line of firejail.config that firejail goes by.
type firejailSetting struct {
	line        int
	name, value string
}

// readFirejailConfig is firejail's own reader (checkcfg.c, checkcfg; util.c,
// line_remove_spaces): at most 8191 bytes at a time, "#" at the start of such a
// piece makes it a comment, NUL, CR and LF end a line, blanks collapse, and of two
// lines for one name the last is valid.
func readFirejailConfig(text string) []firejailSetting {
	const piece = 8191
	var settings []firejailSetting
	for number, line := range strings.Split(text, "\n") {
		for ; line != ""; line = line[min(len(line), piece):] {
			read, _, _ := strings.Cut(line[:min(len(line), piece)], "\x00")
			read, _, _ = strings.Cut(read, "\r")
			if strings.HasPrefix(read, "#") {
				continue
			}
			words := strings.FieldsFunc(read, func(r rune) bool { return r == ' ' || r == '\t' })
			if len(words) < 2 {
				continue
			}
			settings = slices.DeleteFunc(settings, func(s firejailSetting) bool { return s.name == words[0] })
			settings = append(settings, firejailSetting{number + 1, words[0], strings.Join(words[1:], " ")})
		}
	}
	return settings
}

// firejailConfigProblems looks for settings that take something away from what our
// profiles say. A line that it does not know of is no problem: firejail ends where
// it does not understand one, and the attestation finds what does not work.
func firejailConfigProblems(path string) []Problem {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return []Problem{{Message: "firejail's configuration cannot be read", Found: err.Error()}}
	}
	var problems []Problem
	for _, s := range readFirejailConfig(string(data)) {
		if message, expected := s.weakens(); message != "" {
			problems = append(problems, Problem{
				Message:  "firejail's configuration " + message,
				Found:    fmt.Sprintf("%s:%d: %s %s", path, s.line, s.name, s.value),
				Expected: expected, Instead: []string{"edit " + filepath.Clean(path)},
			})
		}
	}
	return problems
}

// weakens says what a setting takes away, and what is expected instead.
// seccomp-error-action is for profiles that have the directive of that name; ours
// do not (profile.c), and nothing changes.
func (s firejailSetting) weakens() (message, expected string) {
	if feature, ours := firejailFeatures[s.name]; ours && s.value == "no" {
		return fmt.Sprintf("turns off %s: it would ignore %s in the profile, which %s needs",
			s.name, feature.directives, feature.clause), s.name + " yes"
	}
	switch s.name {
	case "whitelist-disable-topdir":
		return "keeps whitelist from hiding a directory, which " + policy.ClauseFilesystem + " needs", "no whitelist-disable-topdir"
	case "seccomp-filter-add":
		// It takes entries out, too: "!ptrace" out of firejail's list, "=ptrace" out of
		// ours (main.c, profile_list_augment).
		return "changes the list of denied system calls, which " + policy.ClauseSyscallsBase + " needs", "no seccomp-filter-add"
	}
	return "", ""
}
