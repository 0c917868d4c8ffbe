//go:build linux

// Package runner makes a compiled policy so on the running host: it probes,
// launches, attests from inside and from outside, supervises and cleans up. Only
// it and its stage make system calls and start processes.
package runner

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"confine/compiler"
	"confine/policy"
)

// The values of Options.Backend besides those of the compiler.
const (
	// BackendAuto takes the first backend that is usable here and enforces the
	// whole policy. It never means none.
	BackendAuto = "auto"
	// BackendNone runs the program without a sandbox, for debugging.
	BackendNone = "none"
)

// Options are one run.
type Options struct {
	// Version of confine, for the receipt.
	Version string
	// Policy is the resolved policy, and PolicyFiles the files that it came from, whose
	// owner and mode are checked; policies of the binary's own are not among them.
	Policy      *policy.Policy
	PolicyFiles []string
	Backend     string
	// User names who runs the program; empty is the policy's or the caller.
	User string
	// Receipt is the file for the evidence; empty is none.
	Receipt string
	// EgressLog is the file for what a gateway sees; empty is none.
	EgressLog string
	// Root is the root file system of the program; empty is the host's.
	Root string
	// NoNamespaces leaves a launch by the kernel alone in the namespaces of its caller, as
	// where none can be made.
	NoNamespaces bool
	// Program is the command and its arguments.
	Program []string
	// Environment is the caller's.
	Environment []string
	// Stdin, Stdout and Stderr are handed to the program.
	Stdin, Stdout, Stderr *os.File
	// Log takes the few lines of confine itself; never stdout.
	Log io.Writer
	// Quiet leaves out the line about a launch that was proven.
	Quiet bool
}

// Run launches the program and waits for it. The code is what the process should
// exit with. The error, if any, is for people: a *Refusal, compiler.Refusals, or
// the reason why a program that ran was ended.
func Run(o Options) (code int, err error) {
	if len(o.Program) == 0 || o.Program[0] == "" {
		r := refuse("no command was given")
		r.Instead = []string{"confine run --policy POLICY -- COMMAND [ARGUMENT...]"}
		return ExitRefused, r
	}
	if o.NoNamespaces && o.Backend != string(compiler.Native) {
		r := refuse("only the backend native works without namespaces of its own")
		r.Found, r.Expected = "--no-namespaces with --backend "+o.Backend, "--no-namespaces with --backend native"
		return ExitRefused, r
	}
	if o.Backend == BackendNone && (o.User != "" || o.Receipt != "" || o.Root != "" || o.EgressLog != "") {
		r := refuse("--backend none changes no user and no root, proves nothing and has no gateway")
		r.Found, r.Expected = "--user, --root, --receipt or --egress-log beside --backend none", "none of them"
		r.Instead = []string{
			"leave them out, and for another user start confine as that user:",
			"  setpriv --reuid NAME --regid NAME --init-groups confine run --backend none ...",
		}
		return ExitRefused, r
	}
	if o.Backend == BackendNone {
		return runBare(o)
	}
	l, err := prepare(o)
	if err != nil {
		return ExitRefused, err
	}
	defer l.discard()
	return l.run()
}

// launchable is a run for which everything was checked that can be checked
// before anything starts.
type launchable struct {
	Options
	host     Host
	identity Identity
	// backend is what was chosen, and passedOver are those that were not, when any
	// would have done.
	backend    backend
	passedOver []backendFailure
	bundle     *compiler.Bundle
	// full gives the whole bundle, if bundle is only what a start needs.
	full func() (*compiler.Bundle, error)
	// together are the cgroups of the launch, if its policy bounds all processes together.
	together together
	// platform is how gVisor's sentry gets the system calls of the guest.
	platform  string
	directory string
	receipt   *receiptFile
	egressLog *os.File
	// evident is what the receipt says.
	evident Receipt
	started time.Time
}

func prepare(o Options) (*launchable, error) {
	l := &launchable{Options: o, started: time.Now()}
	var err error
	if l.identity, err = chooseIdentity(o.User, o.Policy.Process); err != nil {
		return nil, err
	}
	if err := l.openReceipt(); err != nil {
		return nil, err
	}
	if err := l.check(); err != nil {
		defer l.discard()
		return nil, l.notStarted(err)
	}
	return l, nil
}

// notStarted writes the receipt of a launch that was refused before anything was
// started: that of an earlier launch must not stand beside a refusal.
func (l *launchable) notStarted(refusal error) error {
	return errors.Join(refusal, l.evidence(nil, nil, 0, refusal))
}

// openReceipt prepares the file for the evidence, if one was asked for.
func (l *launchable) openReceipt() error {
	if l.Receipt == "" {
		return nil
	}
	var err error
	if l.receipt, err = openReceipt(l.Receipt); err != nil || os.Getuid() != 0 {
		// An ordinary caller is the program's own user: its receipt is what it is.
		return err
	}
	if err := checkTrust("the directory of the receipt", filepath.Dir(l.Receipt), l.identity); err != nil {
		l.discard()
		return err
	}
	return nil
}

// check makes sure of everything that can be known before anything starts.
func (l *launchable) check() error {
	o := l.Options
	for i, file := range o.PolicyFiles {
		what, check := "the policy", checkTrust
		if i > 0 {
			what, check = "what the policy extends,", checkFound
		}
		if err := check(what, file, l.identity); err != nil {
			return err
		}
	}
	if err := l.checkRoot(); err != nil {
		return err
	}
	if l.Root == "" {
		followed, err := followResolverFile(o.Policy, l.identity)
		if err != nil {
			return err
		}
		o.Policy, l.Policy = followed, followed
	}
	if err := l.openEgressLog(); err != nil {
		return err
	}
	l.host = probeSystem()
	if err := l.choose(); err != nil {
		return err
	}
	if err := checkHostPaths(l.root(), o.Policy.Filesystem); err != nil {
		return err
	}
	if err := l.checkResolver(); err != nil {
		return err
	}
	if err := checkNewCalls(o.Policy, l.host.Kernel); err != nil {
		return err
	}
	if err := checkStreams(o.Stdin, o.Stdout, o.Stderr); err != nil {
		return err
	}
	var err error
	l.directory, err = chooseDirectory(l.root(), o.Policy)
	return err
}

func (l *launchable) discard() {
	if l.receipt != nil {
		l.receipt.discard()
	}
	if l.egressLog != nil {
		_ = l.egressLog.Close()
	}
}

func refuseProblems(problems []Problem) *Refusal {
	first := problems[0]
	r := refuse("%s", first.Message)
	r.Found, r.Expected, r.Instead = first.Found, first.Expected, first.Instead
	for _, p := range problems[1:] {
		r.Failed = append(r.Failed, "also: "+p.Message+": "+p.Found)
		r.Instead = append(r.Instead, p.Instead...)
	}
	return r
}
