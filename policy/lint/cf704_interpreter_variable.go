package lint

import (
	"path"
	"slices"
	"strings"

	"confine/policy"
)

var interpreterVariable = Rule{
	Code:     "CF704",
	Severity: Warning,
	Title:    "a variable that makes an interpreter load code reaches the program",
	Why: `PYTHONPATH, PYTHONSTARTUP and PYTHONHOME name code that Python runs before or instead of the program's; NODE_OPTIONS,
RUBYOPT, PERL5OPT, BASH_ENV and JAVA_TOOL_OPTIONS do the same elsewhere. The program that was reviewed is then not
the one that runs.`,
	Instead: "Install code where the interpreter looks by itself, in a directory that the program can read and not write; or\nset the variable in the policy to such a directory that it names.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[environment]\npass = [\"PYTHONPATH\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[environment]\nset = { PYTHONNOUSERSITE = \"1\" }\n"},
	check: func(s *Subject) []Found {
		found := foundVariables(s, func(name string) bool { return slices.Contains(codeVariables, name) },
			codeVariables, "%s makes an interpreter load code that nobody named")
		return slices.DeleteFunc(found, func(f Found) bool {
			i := slices.IndexFunc(s.Policy.Environment.Set, func(v policy.EnvironmentVariable) bool { return v.At == f.At })
			return i >= 0 && namesReadOnly(s, s.Policy.Environment.Set[i])
		})
	},
}

// namesReadOnly reports whether a variable lists directories of code, all of which the
// policy shows and nobody inside can write.
func namesReadOnly(s *Subject, v policy.EnvironmentVariable) bool {
	if !slices.Contains(codeDirectoryVariables, v.Name) {
		return false
	}
	for _, dir := range strings.Split(v.Value, ":") {
		// The path as it stands is asked for: an empty or relative one is none.
		if dir == "" || path.Clean(dir) != dir || !s.allows("read "+dir) || s.allows("write "+dir) {
			return false
		}
		for _, e := range s.entries(policy.ModeWrite, policy.ModeTmp) {
			if within(e.Path, s.Policy.Filesystem.ResolveLinks(dir)) {
				return false
			}
		}
	}
	return true
}

// codeDirectoryVariables are those of [codeVariables] whose value is a list of directories.
var codeDirectoryVariables = []string{"CLASSPATH", "NODE_PATH", "PERL5LIB", "PYTHONPATH", "RUBYLIB"}

// codeVariables are those with which interpreters are told to load code.
var codeVariables = []string{
	"BASH_ENV", "CLASSPATH", "ENV", "GCONV_PATH", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "NODE_OPTIONS", "NODE_PATH",
	"PERL5LIB", "PERL5OPT", "PROMPT_COMMAND", "PYTHONBREAKPOINT", "PYTHONHOME", "PYTHONINSPECT", "PYTHONPATH", "PYTHONSTARTUP",
	"PYTHONUSERBASE", "PYTHONWARNINGS", "RUBYLIB", "RUBYOPT", "SHELLOPTS",
}
