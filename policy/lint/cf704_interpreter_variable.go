package lint

import "slices"

var interpreterVariable = Rule{
	Code:     "CF704",
	Severity: Warning,
	Title:    "a variable that makes an interpreter load code reaches the program",
	Why: `PYTHONPATH, PYTHONSTARTUP and PYTHONHOME name code that Python runs before or instead of the program's; NODE_OPTIONS,
RUBYOPT, PERL5OPT, BASH_ENV and JAVA_TOOL_OPTIONS do the same elsewhere. The program that was reviewed is then not
the one that runs.`,
	Instead: "Install code where the interpreter looks by itself, in a directory that the program can read and not write.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[environment]\npass = [\"PYTHONPATH\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[environment]\nset = { PYTHONNOUSERSITE = \"1\" }\n"},
	check: func(s *Subject) []Found {
		return foundVariables(s, func(name string) bool { return slices.Contains(codeVariables, name) },
			codeVariables, "%s makes an interpreter load code that nobody named")
	},
}

// codeVariables are those with which interpreters are told to load code.
var codeVariables = []string{
	"BASH_ENV", "CLASSPATH", "ENV", "GCONV_PATH", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "NODE_OPTIONS", "NODE_PATH",
	"PERL5LIB", "PERL5OPT", "PROMPT_COMMAND", "PYTHONBREAKPOINT", "PYTHONHOME", "PYTHONINSPECT", "PYTHONPATH", "PYTHONSTARTUP",
	"PYTHONUSERBASE", "PYTHONWARNINGS", "RUBYLIB", "RUBYOPT", "SHELLOPTS",
}
