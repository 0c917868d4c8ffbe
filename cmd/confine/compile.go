package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"text/tabwriter"
	"time"

	"github.com/spf13/pflag"

	"confine/compiler"
	"confine/compiler/backends"
	"confine/compiler/firejail"
)

const compileHelp = `usage: confine compile POLICY [flags]

writes what a backend needs to enforce a policy, and prints how well each clause is
covered, when confine run launches and when the artifact is used without confine. The
same policy, target and generator of the filter give the same bytes on every host.
manifest.json names the generator; whichever it is, its filter is proven

examples:
  confine compile source-declarative-manifest --backend firejail -o build/bundle
  confine compile my.toml --backend firejail --backend-version 0.9.72 --arch aarch64 -o out
  confine compile my.toml --param tenant=acme -o out
`

func compileCommand(args []string, s streams) int {
	flags := pflag.NewFlagSet("compile", pflag.ContinueOnError)
	backend := flags.String("backend", string(compiler.Firejail), "`name` of what the bundle is for: firejail")
	backendVersion := flags.String("backend-version", firejail.Known[0].String(), "`version` of the backend's tool")
	arch := flags.String("arch", defaultArch(), "`machine` that runs the program: x86_64 or aarch64")
	generator := flags.String("seccomp-generator", generatorAuto, "`who` writes the filter of system calls: libseccomp, go (no C), or auto")
	var params parameterFlags
	params.add(flags)
	output := flags.StringP("output", "o", "", "`directory` to write to; it is made if missing")
	if code, ok := parseFlags(flags, args, s, compileHelp, exitUsage); !ok {
		return code
	}
	var p loaded
	fail := func(err error) int {
		explain(s.stderr, p.Policy, err)
		return exitUsage
	}
	name, err := onePolicy(flags.Args())
	if err != nil {
		return fail(err)
	}
	if *output == "" {
		return fail(errors.New("no output directory: add -o DIRECTORY"))
	}
	version, err := compiler.ParseVersion(*backendVersion)
	if err != nil {
		return fail(err)
	}
	filters, err := filterGenerator(*generator, s)
	if err != nil {
		return fail(err)
	}
	if p, err = loadPolicy(name, &params); err != nil {
		return fail(err)
	}
	bundle, err := backends.Compile(p.Policy, compiler.Target{
		Backend: compiler.Backend(*backend), Version: version, Arch: *arch, Generator: filters,
	}, time.Now()) //nolint:forbidigo // this is where the date enters: exceptions end on a day
	if err != nil {
		return fail(err)
	}
	if err := writeBundle(bundle, *output); err != nil {
		return fail(err)
	}
	printCoverage(s, bundle)
	for _, a := range bundle.Unused {
		fmt.Fprintf(s.stderr, "%s: warning: unused exception: %s enforces %s in full\n      = hint: remove it\n", a.At, a.Backend, a.Clause)
	}
	return 0
}

func defaultArch() string {
	if runtime.GOARCH == "arm64" {
		return "aarch64"
	}
	return "x86_64"
}

func writeBundle(bundle *compiler.Bundle, directory string) error {
	files, err := bundle.Files()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return fmt.Errorf("make the output directory: %w", err)
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(directory, f.Name), f.Data, 0o644); err != nil {
			return fmt.Errorf("write the bundle: %w", err)
		}
	}
	return nil
}

func printCoverage(s streams, bundle *compiler.Bundle) {
	w := tabwriter.NewWriter(s.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "clause\tsubject\tlaunched\tstand-alone")
	for _, row := range bundle.Coverage {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", row.Clause, shorten(row.Subject), row.Launched.Strength, row.Standalone.Strength)
	}
	_ = w.Flush()
	fmt.Fprintf(s.stdout, "\npolicy %s %.8s for %s %s on %s\n",
		bundle.Policy, bundle.Digest, bundle.Target.Backend, bundle.Target.Version, bundle.Target.Arch)
}

// shorten keeps the table within 100 columns.
func shorten(subject string) string {
	const most = 50
	if runes := []rune(subject); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return subject
}
