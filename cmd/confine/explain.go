package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"confine/policy"
	"confine/policy/syscalls"
)

const explainHelp = `usage: confine explain POLICY [ACCESS] [flags]
       confine explain CODE

says why a policy allows an access or denies it: the entry that decides, the edit that
would allow it, and how each backend enforces that. Without an access it shows the whole
policy with all that it extends, where each entry stands, and which entries of its bases it
replaces or removes; with the word syscalls, the table of system calls; with the word source,
the file of one of confine's own. A parameter without a value is shown as ${NAME}. Of a rule of
confine lint, by its code, it shows the page

an ACCESS is a verb and what it is about:
  read PATH  write PATH  exec PATH  map PATH
  connect HOST:PORT  resolve NAME
  syscall NAME  syscall NAME(arg0=VALUE, ...)
  capability NAME  rlimit NAME=VALUE  env NAME

examples:
  confine explain source-declarative-manifest
  confine explain source-declarative-manifest 'read /etc/shadow'
  confine explain my.toml 'connect api.example.com:443' --param tenant=acme
  confine explain my.toml 'syscall socket(arg0=AF_PACKET)'
  confine explain my.toml syscalls --format json
  confine explain connector source
  confine explain CF204

members of the JSON:
  all       policy, digest, parameters [name, value, bound]
  access    access, decision (allowed, denied, conditional), because, clause, at,
            values {NAME: value} of parameters that decide it, removed {entry, was_at, at},
            to_allow {table, lines, note}, backends [backend, strength, how, refused],
            syscall {belongs_to, paths [arch, shortest, longest]}
  policy    description, sources [file, sha256], entries [table, key, value, note, at],
            changes [change (replaces, repeats, removes), table, key, was, was_at, value, at]
  syscalls  base, purpose, at, groups [name, reason, syscalls], guards [syscall, reason,
            answers], allow [name, at], deny [name, at], rules [syscall, when, at],
            answers {denied, unnamed, foreign}, programs [arch, instructions, longest,
            longest_call]
  source    file, text
  at is {file, line, column}, and left out where no file states it

exit codes:
  0  it was explained, also where the access is denied
  2  something could not be read
`

func explainCommand(args []string, s streams) int {
	flags := pflag.NewFlagSet("explain", pflag.ContinueOnError)
	format := flags.String("format", "text", "`form` of the answer: text or json")
	var params parameterFlags
	params.add(flags)
	if code, ok := parseFlags(flags, args, s, explainHelp, exitUsage); !ok {
		return code
	}
	if code, ok := explainRule(flags.Args(), *format, s); ok {
		return code
	}
	var p loaded
	report, err := explanationOf(&p, flags.Args(), *format, &params)
	if err == nil && *format == "json" {
		err = writeJSON(s.stdout, report)
	} else if err == nil {
		fmt.Fprint(s.stdout, report.text())
	}
	if err != nil {
		explain(s.stderr, p.Policy, err)
		return exitUsage
	}
	return 0
}

// explanation is one of the answers of the command; its JSON is what scripts read.
type explanation interface {
	text() string
}

// explanationOf leaves the policy in p, for errors that are about its lines.
func explanationOf(p *loaded, args []string, format string, params *parameterFlags) (explanation, error) {
	if format != "text" && format != "json" {
		return nil, fmt.Errorf("unknown format %q: expected text or json", format)
	}
	var subject []string
	if len(args) > 1 {
		args, subject = args[:1], args[1:]
	}
	name, err := onePolicy(args)
	if err != nil {
		return nil, err
	}
	if *p, err = loadWith(name, params, policy.Options{Unbound: true, Inherited: true}); err != nil {
		return nil, err
	}
	switch asked := strings.Join(subject, " "); asked {
	case "":
		return explainPolicy(p.Policy), nil
	case "syscalls":
		return explainSyscalls(p.Policy)
	case "source":
		return explainSource(*p)
	default:
		access, err := parseAsked(asked)
		if err != nil {
			return nil, err
		}
		return explainAccess(*p, access)
	}
}

// identity are the members that every answer begins with.
type identity struct {
	Policy     string            `json:"policy"`
	Digest     string            `json:"digest"`
	Parameters []parameterReport `json:"parameters"`
}

type parameterReport struct {
	Name  string           `json:"name"`
	Value string           `json:"value"`
	Bound bool             `json:"bound"`
	At    *policy.Position `json:"at,omitempty"`
}

func identityOf(p *policy.Policy) identity {
	id := identity{p.Name, p.Digest, []parameterReport{}}
	for _, param := range p.Params {
		id.Parameters = append(id.Parameters, parameterReport{param.Name, param.Value, param.Bound, stated(param.At)})
	}
	return id
}

// stated is the position of what a file states, or nil.
func stated(at policy.Position) *policy.Position {
	if at.IsZero() {
		return nil
	}
	return &at
}

// verbs are the kinds of accesses, the one that a word without a verb most likely
// means first.
var verbs = []policy.AccessKind{
	policy.AccessRead, policy.AccessWrite, policy.AccessExec, policy.AccessSyscall, policy.AccessCapability,
	policy.AccessRlimit, policy.AccessConnect, policy.AccessResolve, policy.AccessEnv,
}

// parseAsked reads an access. Where the verb is missing, the error names accesses that
// would make sense.
func parseAsked(text string) (policy.Access, error) {
	access, err := policy.ParseAccess(text)
	if number, ok := strings.CutPrefix(strings.TrimSpace(text), "syscall "); ok && err != nil {
		if names := callsOfNumber(number); names != "" {
			return access, fmt.Errorf("system calls have names: %s", names)
		}
	}
	if err == nil || strings.Contains(strings.TrimSpace(text), " ") {
		return access, err
	}
	if slices.ContainsFunc(verbs, func(verb policy.AccessKind) bool { return string(verb) == strings.TrimSpace(text) }) {
		return access, err
	}
	var meant []string
	for _, verb := range verbs {
		if a, err := policy.ParseAccess(string(verb) + " " + text); err == nil && len(meant) < 3 {
			meant = append(meant, fmt.Sprintf("%q", a))
		}
	}
	if len(meant) == 0 {
		return access, err
	}
	return access, fmt.Errorf("%q has no verb: did you mean %s?\n  expected  an access such as \"read /etc/shadow\", or syscalls",
		text, strings.Join(meant, " or "))
}

// callsOfNumber names the calls of a number, which is what the kernel's log gives.
func callsOfNumber(text string) string {
	number, err := strconv.ParseUint(strings.TrimSpace(text), 10, 32)
	if err != nil {
		return ""
	}
	var names []string
	for _, arch := range syscalls.Arches() {
		if name, ok := arch.Name(uint32(number)); ok {
			names = append(names, fmt.Sprintf("%d is %s on %s", number, name, arch))
		}
	}
	return strings.Join(names, ", ")
}
