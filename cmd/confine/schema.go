package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"confine/policy/schema"
)

const schemaHelp = `usage: confine schema [policy|tests]

prints the JSON Schema (draft 7) of policies, or of their tests, NAME.test.toml: with it an
editor completes keys and values, says what they mean and marks mistakes. It accepts every
policy that is valid; the other commands find mistakes that no schema can tell

taplo, and Even Better TOML for VS Code, find the file by a comment at the top of a policy:
  #:schema ./policy.schema.json

or by .taplo.toml in the root of the repository; of two rules the last one holds:
  [[rule]]
  include = ["policies/*.toml"]
  schema  = { path = "policy.schema.json" }

  [[rule]]
  include = ["policies/*.test.toml"]
  schema  = { path = "tests.schema.json" }

examples:
  confine schema > policy.schema.json
  confine schema tests > tests.schema.json

exit codes:
  0  it is printed
  2  the command line makes no sense
`

func schemaCommand(args []string, s streams) int {
	flags := pflag.NewFlagSet("schema", pflag.ContinueOnError)
	if code, ok := parseFlags(flags, args, s, schemaHelp, exitUsage); !ok {
		return code
	}
	if flags.NArg() > 1 {
		fmt.Fprintf(s.stderr, "confine: schema takes one word, found %q\n", flags.Arg(1))
		return exitUsage
	}
	document := schema.Policy
	switch word := flags.Arg(0); word {
	case "", "policy":
	case "tests":
		document = schema.Tests
	default:
		fmt.Fprintf(s.stderr, "confine: no schema of %q\n  expected  policy or tests\n", word)
		return exitUsage
	}
	text, err := document()
	if err != nil {
		fmt.Fprintf(s.stderr, "confine: %v\n", err)
		return exitUsage
	}
	_, _ = s.stdout.Write(text)
	return 0
}
