package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/pflag"

	"confine/compiler"
	"confine/compiler/backends"
	"confine/policy"
)

const compileHelp = `usage: confine compile POLICY [flags] [-- COMMAND [ARGUMENT...]]

writes what a backend needs to enforce a policy, and prints how well each clause is
covered, when confine run launches and when the artifact is used without confine. The
same policy, target and generator of the filter give the same bytes on every host.
manifest.json names the generator; whichever it is, its filter is proven

for gvisor the directory is an OCI bundle: with --root it fits the paths that this root
file system has, and COMMAND is what it starts without confine

examples:
  confine compile source-declarative-manifest --backend firejail -o build/bundle
  confine compile my.toml --backend firejail --backend-version 0.9.72 --arch aarch64 -o out
  confine compile my.toml --param tenant=acme -o out
  confine compile my.toml --backend gvisor --root / -o out -- /usr/bin/python3 main.py

exit codes:
  0  it is written
  2  the policy is invalid, the backend cannot enforce it, or the files cannot be written
`

func compileCommand(args []string, s streams) int {
	flags := pflag.NewFlagSet("compile", pflag.ContinueOnError)
	backend := flags.String("backend", string(compiler.Firejail), "`name` of what the bundle is for: firejail, gvisor or native")
	backendVersion := flags.String("backend-version", "", "`version` of the backend's tool (default: 0.9.72 of firejail, 20260905 of runsc, 6.12.0 of Linux)")
	namespaces := flags.Bool("namespaces", false, "for launches that make namespaces of their own, as run does where it can (native only)")
	root := flags.String("root", "", "`directory` that is the program's root file system (gvisor only; default: not looked at)")
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
	args, command := flags.Args(), []string(nil)
	if dash := flags.ArgsLenAtDash(); dash >= 0 {
		args, command = args[:dash], args[dash:]
	}
	name, err := onePolicy(args)
	if err != nil {
		return fail(err)
	}
	if *output == "" {
		return fail(errors.New("no output directory: add -o DIRECTORY"))
	}
	target := compiler.Target{Backend: compiler.Backend(*backend), Arch: *arch, Namespaces: *namespaces}
	if target.Version, err = backends.DefaultVersion(target.Backend); err != nil {
		return fail(err)
	}
	if *backendVersion != "" {
		if target.Version, err = compiler.ParseVersion(*backendVersion); err != nil {
			return fail(err)
		}
	}
	if target.Backend != compiler.Native && *namespaces {
		return fail(fmt.Errorf("--namespaces is about native, and not about %s, whose tool makes them", target.Backend))
	}
	if target.Backend != compiler.GVisor && (*root != "" || command != nil) {
		return fail(fmt.Errorf("a root file system and a command are parts of a bundle for gvisor, not for %s", target.Backend))
	}
	filters, err := filterGenerator(*generator, s)
	if err != nil {
		return fail(err)
	}
	if p, err = loadPolicy(name, &params); err != nil {
		return fail(err)
	}
	target.Generator = filters
	if *root != "" {
		if target.Root, err = rootOf(p.Policy, *root); err != nil {
			return fail(err)
		}
	}
	if command != nil {
		if target.Root == nil {
			return fail(errors.New("a bundle for a command needs its root file system: add --root /, or --root DIRECTORY"))
		}
		target.Root.Command = command
	}
	if err := checkOutput(*output, *root); err != nil {
		return fail(err)
	}
	bundle, err := backends.Compile(p.Policy, target, time.Now()) //nolint:forbidigo // this is where the date enters: exceptions end on a day
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
	return writeSkeleton(bundle.Skeleton, directory)
}

// writeSkeleton makes a root file system again from nothing: what another policy left
// there must not show. The modes come last, from below: under them nothing could be
// made.
func writeSkeleton(nodes []compiler.Node, directory string) error {
	for _, n := range nodes {
		if strings.Contains(n.Path, "/") {
			continue
		}
		if err := removeSkeleton(filepath.Join(directory, n.Path)); err != nil {
			return fmt.Errorf("write the bundle: %w", err)
		}
	}
	for _, n := range nodes {
		path := filepath.Join(directory, n.Path)
		var err error
		switch n.Kind {
		case compiler.NodeDirectory:
			err = os.Mkdir(path, 0o700)
		case compiler.NodeLink:
			err = os.Symlink(n.Target, path)
		default:
			err = os.WriteFile(path, []byte(n.Text), 0o600)
		}
		if err != nil {
			return fmt.Errorf("write the bundle: %w", err)
		}
	}
	for _, n := range slices.Backward(nodes) {
		if n.Kind == compiler.NodeLink {
			continue
		}
		if err := os.Chmod(filepath.Join(directory, n.Path), os.FileMode(n.Mode)); err != nil {
			return fmt.Errorf("write the bundle: %w", err)
		}
	}
	return nil
}

// removeSkeleton removes directories that their owner may not list.
func removeSkeleton(path string) error {
	err := filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if entry != nil && entry.IsDir() && errors.Is(err, os.ErrPermission) {
			return nil
		}
		if err == nil && entry.IsDir() {
			return os.Chmod(name, 0o700)
		}
		return err
	})
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return os.RemoveAll(path)
}

// rootOf says what is at the paths of a policy in a root file system.
func rootOf(p *policy.Policy, root string) (*compiler.Root, error) {
	path, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("the root file system %q is not a directory", root)
	}
	facts := &compiler.Root{Path: strings.TrimSuffix(path, "/"), Kinds: map[string]compiler.PathKind{}}
	var missing compiler.Refusals
	for _, e := range p.Filesystem.Entries {
		info, err := os.Lstat(filepath.Join(path, e.Path))
		switch {
		case errors.Is(err, os.ErrNotExist):
			if e.Mode.Visible() && e.Mode != policy.ModeTmp && !e.Optional {
				missing = append(missing, compiler.Refusal{
					At: e.At, Clause: policy.FilesystemClause(e.Mode), Message: "a path that the policy requires is missing in the root file system",
					Found: "no " + e.Path + " in " + root, Expected: string(e.Mode) + " " + e.Path, Hint: `write "` + e.Path + `?" if it may be missing`,
				})
			}
		case err != nil:
			return nil, fmt.Errorf("look at a path of the policy: %w", err)
		case info.IsDir():
			facts.Kinds[e.Path] = compiler.KindDirectory
		default:
			facts.Kinds[e.Path] = compiler.KindFile
		}
	}
	if missing != nil {
		return nil, missing
	}
	return facts, nil
}

func printCoverage(s streams, bundle *compiler.Bundle) {
	w := tabwriter.NewWriter(s.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "clause\tsubject\tlaunched\tstand-alone")
	for _, row := range bundle.Coverage {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", row.Clause, shorten(row.Subject), row.Launched.Strength, row.Standalone.Strength)
	}
	_ = w.Flush()
	own := ""
	if bundle.Target.Namespaces {
		own = ", in namespaces of its own"
	}
	fmt.Fprintf(s.stdout, "\npolicy %s %.8s for %s %s on %s%s\n",
		bundle.Policy, bundle.Digest, bundle.Target.Backend, bundle.Target.Version, bundle.Target.Arch, own)
}

// shorten keeps the table within 100 columns.
func shorten(subject string) string {
	const most = 50
	if runes := []rune(subject); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return subject
}
