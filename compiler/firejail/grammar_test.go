package firejail_test

import (
	"regexp"
	"strings"
)

// This is a second reader of profiles, made from firejail's manual page and the notes
// on its source, byte by byte, and not from the compiler. The first one, readProfile,
// says what a profile contains; this one says whether every line means what we mean.

// argumentOf says what may follow a word in a profile of ours; a word that is not here
// is one that we never mean: include, ignore, quiet, a condition, env, ...
var argumentOf = map[string]*regexp.Regexp{
	"whitelist":   grammarPath,
	"noblacklist": grammarPath,
	"blacklist":   grammarPattern,
	"read-only":   grammarPath,
	"read-write":  grammarPath,
	"noexec":      grammarPath,
	"private-cwd": grammarPath,

	"net":                     regexp.MustCompile(`^none$`),
	"x11":                     regexp.MustCompile(`^none$`),
	"caps.drop":               regexp.MustCompile(`^all$`),
	"protocol":                regexp.MustCompile(`^(unix|inet|inet6|netlink)(,(unix|inet|inet6|netlink))*$`),
	"seccomp":                 regexp.MustCompile(`^[a-z0-9_]+(,[a-z0-9_]+)*$`),
	"rlimit-as":               grammarNumber,
	"rlimit-cpu":              grammarNumber,
	"rlimit-fsize":            grammarNumber,
	"rlimit-nofile":           grammarNumber,
	"rlimit-nproc":            grammarNumber,
	"rlimit-sigpending":       grammarNumber,
	"seccomp.block-secondary": grammarNothing, "restrict-namespaces": grammarNothing,
	"nonewprivs": grammarNothing, "nogroups": grammarNothing, "noroot": grammarNothing, "ipc-namespace": grammarNothing,
	"private-dev": grammarNothing, "writable-etc": grammarNothing, "writable-var": grammarNothing,
	"nodbus": grammarNothing, "no3d": grammarNothing, "nosound": grammarNothing, "novideo": grammarNothing, "notv": grammarNothing,
	"nodvd": grammarNothing, "nou2f": grammarNothing, "noinput": grammarNothing, "noprinters": grammarNothing,
	"deterministic-exit-code": grammarNothing, "deterministic-shutdown": grammarNothing,
}

var (
	grammarNothing = regexp.MustCompile(`^$`)
	grammarNumber  = regexp.MustCompile(`^[1-9][0-9]{0,18}$`)
	// grammarPath has what no release rejects or expands (lib/common.c, macros.c): no
	// macro at its start, no pattern, no byte that reject_meta_chars of any release knows.
	grammarPath = regexp.MustCompile("^/[^\x00-\x1f\x7f" + `\\&!"<>%^{};,?*\[\]` + "`$|'#" + `]*$`)
	// grammarPattern is a path, or one of the patterns that close what is named nowhere.
	grammarPattern = regexp.MustCompile("^(/proc/\\[a-z\\]\\*|/[^\x00-\x1f\x7f" + `\\&!"<>%^{};,?*\[\]` + "`$|'#" + `]*(/\*)?|/\*)$`)
)

// lastWins are the words of which a second line would replace the first.
var lastWins = map[string]bool{
	"seccomp": true, "caps.drop": true, "private-cwd": true, "net": true, "x11": true,
	"rlimit-as": true, "rlimit-cpu": true, "rlimit-fsize": true, "rlimit-nofile": true, "rlimit-nproc": true, "rlimit-sigpending": true,
}

// piece is what one fgets(buf, 8192) gives and the C string functions see of it.
func piece(data []byte) (seen string, rest []byte) {
	n := 0
	for n < len(data) && n < 8191 {
		n++
		if data[n-1] == '\n' {
			break
		}
	}
	for _, c := range data[:n] {
		if c == 0 {
			break
		}
		seen += string([]byte{c})
	}
	return seen, data[n:]
}

// squeeze is line_remove_spaces: state 1 follows a blank.
func squeeze(line string) string {
	var out []byte
	i := 0
	for i < len(line) && (line[i] == ' ' || line[i] == '\t') {
		i++
	}
	for after := false; i < len(line) && line[i] != '\n' && line[i] != '\r'; i++ {
		switch blank := line[i] == ' ' || line[i] == '\t'; {
		case blank && !after:
			out, after = append(out, ' '), true
		case !blank:
			out, after = append(out, line[i]), false
		}
	}
	return strings.TrimSuffix(string(out), " ")
}

// readGrammar reads a profile and fails the test for a line that we cannot mean.
func readGrammar(t failer, profile string) []directive {
	t.Helper()
	var out []directive
	once := map[string]bool{}
	for rest := []byte(profile); len(rest) > 0; {
		var seen string
		physical := rest
		seen, rest = piece(rest)
		if len(seen) != len(physical)-len(rest) || !strings.HasSuffix(seen, "\n") {
			t.Fatalf("%.80q is split, or ends early", seen)
		}
		code, comment, commented := strings.Cut(seen, "#")
		line := squeeze(code)
		if commented && (line != "" || strings.ContainsAny(comment, "/=,")) {
			t.Fatalf("%.80q has a comment with more than our own words in it", seen)
		}
		if line == "" {
			continue
		}
		if line+"\n" != seen {
			t.Fatalf("%.80q is read as %.80q", seen, line)
		}
		word, argument, _ := strings.Cut(line, " ")
		form, ours := argumentOf[word]
		if !ours || !form.MatchString(argument) || strings.Contains(argument, "..") || len(line) > 4096 {
			t.Fatalf("%.80q is no line that we mean", line)
		}
		if once[line] || lastWins[word] && once[word] {
			t.Fatalf("%.80q is there twice", line)
		}
		once[line], once[word] = true, true
		out = append(out, directive{word, argument})
	}
	return out
}
