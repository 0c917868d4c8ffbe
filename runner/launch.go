//go:build linux

package runner

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/compiler/firejail"
	"confine/policy"
	"confine/runner/stage"
)

// run launches, attests and supervises. Until the stage says that it executes
// the program, every way out is a refusal.
func (l *launchable) run() (int, error) {
	signals := catchSignals()
	defer signal.Stop(signals)
	if l.host.Caller.UID == 0 {
		sweepFirejailState(firejailState)
	}
	listeners, closeListeners, err := openListeners()
	if err != nil {
		return ExitRefused, l.notStarted(refuse("%v", err))
	}
	defer closeListeners()
	order, err := l.order(listeners)
	if err != nil {
		return ExitRefused, l.notStarted(refuse("%v", err))
	}
	profile, _ := l.bundle.Artifact(firejail.LaunchedProfile)
	s, err := startSandbox(l.plan(), order, profile, [3]*os.File{l.Stdin, l.Stdout, l.Stderr})
	if err != nil {
		return ExitRefused, l.notStarted(refuse("%v", err))
	}
	defer s.close()
	checks, landlock, err := l.attest(s, order, signals)
	closeListeners()
	if receiptErr := l.evidence(s, checks, landlock, err); receiptErr != nil && err == nil {
		err = refuse("%v", receiptErr)
	}
	if err != nil {
		return ExitRefused, err
	}
	log := l.listenToAudit()
	defer log.close()
	log.follow(s.programPID)
	code, failed, err := l.execute(s)
	if code == ExitRefused {
		err = errors.Join(err, l.retract(s, append(checks, failed...), landlock, err))
	}
	if code != 0 || err != nil {
		return code, err
	}
	if !l.Quiet {
		fmt.Fprintf(l.Log, "confine: firejail (%s), proven in %d ms, %s; policy %s %.8s\n",
			l.host.Firejail.Version, time.Since(l.started).Milliseconds(), count(checks), l.Policy.Name, l.Policy.Digest)
	}
	code, err = s.supervise(signals, l.Policy.Process.WallTime)
	if code == ExitWallTime && err != nil {
		err = fmt.Errorf("%w%s", err, where(l.Policy.Process.WallTimeAt))
	}
	if code == exitSignal+int(unix.SIGSYS) && err == nil {
		err = l.explainSIGSYS(s, log, code)
	}
	return code, err
}

// plan is what the launcher does before it becomes firejail.
func (l *launchable) plan() launcherPlan {
	keep := make([]string, 0, stage.StderrFD-stage.ControlFD+1)
	for fd := stage.ControlFD; fd <= stage.StderrFD; fd++ {
		keep = append(keep, strconv.Itoa(fd))
	}
	plan := launcherPlan{
		Privileged: l.host.Caller.UID == 0,
		Mounts:     l.mounts(),
		Path:       l.host.Firejail.Path,
		// No "--" before the program: firejail would then start the user's shell.
		Arguments: []string{
			"firejail", "--profile=/proc/self/fd/" + strconv.Itoa(stage.ProfileFD),
			"--keep-fd=" + strings.Join(keep, ","), "/proc/self/fd/" + strconv.Itoa(stage.BinaryFD), stage.Argument,
		},
		Environment: []string{"PATH=/usr/bin:/bin"},
	}
	if !l.host.Caller.KernelThreads {
		// Where firejail takes the host for a container it runs the program bare,
		// unless this variable says that it knows the container: then it confines or
		// fails. Releases that do not believe it were refused.
		plan.Environment = append(plan.Environment, "container=docker")
	}
	return plan
}

// mounts are those of the bundle, and for a root runner every other directory
// that starts empty: in one that all users share, anybody could make the name that
// the profile takes for missing, and no launch would succeed.
func (l *launchable) mounts() []compiler.Mount {
	mounts := slices.Clone(l.bundle.Mounts)
	for _, e := range l.Policy.Filesystem.Entries {
		if e.Mode == policy.ModeTmp && !slices.ContainsFunc(mounts, func(m compiler.Mount) bool { return m.Path == e.Path }) {
			mounts = append(mounts, compiler.Mount{Path: e.Path, Clause: policy.ClauseFilesystemTmp, At: e.At})
		}
	}
	return mounts
}

func (l *launchable) order(listeners stage.Listeners) (*stage.Order, error) {
	namespaces, err := stage.ReadNamespaces("self")
	if err != nil {
		return nil, err
	}
	devices := map[string]uint64{}
	for _, path := range l.privateDirectories() {
		var st unix.Stat_t
		if unix.Stat(path, &st) == nil {
			devices[path] = uint64(st.Dev) //nolint:unconvert // 32 bits wide on some architectures
		}
	}
	umask := unix.Umask(0)
	unix.Umask(umask)
	return &stage.Order{
		Expectation:    l.bundle.Expectation,
		SeccompFilters: l.host.Caller.SeccompFilters + l.bundle.Expectation.SeccompFilters,
		UID:            l.identity.UID,
		GID:            l.identity.GID,
		Namespaces:     namespaces,
		HostDevices:    devices,
		Listeners:      listeners,
		Streams:        l.streams(),
		Arguments:      l.Program,
		Environment:    composeEnvironment(l.Policy.Environment, l.Environment),
		Directory:      l.directory,
		Umask:          umask,
	}, nil
}

// streams identifies the files that the program gets as its standard streams.
func (l *launchable) streams() (streams [3]stage.Stream) {
	for i, f := range []*os.File{l.Stdin, l.Stdout, l.Stderr} {
		streams[i] = stage.StreamOf(int(f.Fd()))
	}
	return streams
}

// privateDirectories are those that must not be the host's own.
func (l *launchable) privateDirectories() []string {
	paths := []string{stage.SharedMemory}
	for _, e := range l.Policy.Filesystem.Entries {
		if e.Mode == policy.ModeTmp {
			paths = append(paths, e.Path)
		}
	}
	return paths
}

// openListeners makes the targets of the connect canaries. Nothing accepts: that
// the kernel completes a connection is all that is asked.
func openListeners() (stage.Listeners, func(), error) {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return stage.Listeners{}, nil, fmt.Errorf("listen for the network canary: %w", err)
	}
	name := "confine-" + rand.Text()
	abstract, err := net.Listen("unix", "@"+name)
	if err != nil {
		_ = tcp.Close()
		return stage.Listeners{}, nil, fmt.Errorf("listen for the unix socket canary: %w", err)
	}
	return stage.Listeners{TCP: tcp.Addr().String(), Abstract: name}, func() {
		_ = tcp.Close()
		_ = abstract.Close()
	}, nil
}

// attest collects the reports of the stage and the runner's own view, and lets
// the stage go on only while every check holds.
func (l *launchable) attest(s *sandbox, order *stage.Order, signals <-chan os.Signal) (checks []stage.Check, landlock int, err error) {
	interrupted := s.interruptBy(signals)
	defer func() {
		// Taking the signal closed the control socket: there is no way on.
		if sig := interrupted(); sig != nil {
			err = refuse("%s came before the program was started", unix.SignalName(sig.(unix.Signal)))
		}
	}()
	reporter := 0
	for _, kind := range []stage.Kind{stage.Found, stage.Restricted} {
		m, pid, fd, err := s.receive(handshakeLimit)
		if fd >= 0 {
			_ = unix.Close(fd)
		}
		switch {
		case err != nil:
			return checks, landlock, s.refuse(err)
		case m.Kind == stage.Failure:
			return append(checks, m.Checks...), landlock, s.refuseFailure(m)
		case m.Kind != kind || reporter != 0 && pid != reporter:
			return checks, landlock, s.refuse(fmt.Errorf("a message %q out of turn", m.Kind))
		}
		checks = append(checks, m.Checks...)
		if reporter == 0 {
			reporter = pid
			seen, err := attestFromHost(pid, s.cmd.Process.Pid, order)
			if err != nil {
				return checks, landlock, s.refuse(err)
			}
			checks = append(checks, seen...)
			told, err := s.told()
			if err != nil {
				return checks, landlock, s.refuse(err)
			}
			checks = append(checks, stage.CheckDigests(told, m.Heard)...)
		}
		landlock = m.Landlock
		if failed := failures(checks); len(failed) > 0 {
			return checks, landlock, refuseFailed(failed)
		}
		if kind == stage.Found {
			if err := s.adopt(pid); err != nil {
				return checks, landlock, s.refuse(err)
			}
			if err := s.proceed(); err != nil {
				return checks, landlock, s.refuse(err)
			}
		}
	}
	return checks, landlock, nil
}

// interruptBy makes a signal end the attestation. The returned function stops
// that and returns the signal, if one came.
func (s *sandbox) interruptBy(signals <-chan os.Signal) func() os.Signal {
	stop, result := make(chan struct{}), make(chan os.Signal, 1)
	go func() {
		select {
		case sig := <-signals:
			_ = s.control.Close()
			result <- sig
		case <-stop:
			result <- nil
		}
	}()
	return func() os.Signal {
		close(stop)
		return <-result
	}
}

// refuse words what went wrong between the start of the wrapper and execve.
func (s *sandbox) refuse(err error) *Refusal {
	r := refuse("%v", err)
	if errors.Is(err, errSilent) {
		r.Found = s.describeEnd()
		r.Expected = "a report from inside the sandbox"
		s.chatter.wait(guardPatience)
		r.Wrapper = strings.Join(append(s.chatter.lines("Error"), s.chatter.lines("Warning")...), "\n")
	}
	return r
}

// refuseFailure words the last message of a launcher or a stage that gave up.
func (s *sandbox) refuseFailure(m stage.Message) *Refusal {
	if failed := failures(m.Checks); len(failed) > 0 {
		return refuseFailed(failed)
	}
	return s.refuse(errors.New(m.Error))
}

func refuseFailed(failed []string) *Refusal {
	r := refuse("the sandbox is not what the policy says")
	r.Failed = failed
	return r
}

// execute gives the last leave and waits until the program runs. A code other
// than 0 means that it could not be executed; failed are the checks of a stage that
// gave up.
func (l *launchable) execute(s *sandbox) (code int, failed []stage.Check, err error) {
	if err := s.proceed(); err != nil {
		return ExitRefused, nil, s.refuse(err)
	}
	m, _, fd, err := s.receive(handshakeLimit)
	switch {
	case err != nil:
		return ExitRefused, nil, s.refuse(err)
	case m.Kind == stage.Failure:
		return ExitRefused, m.Checks, s.refuseFailure(m)
	case m.Kind != stage.Executing:
		return ExitRefused, nil, s.refuse(fmt.Errorf("a message %q out of turn", m.Kind))
	}
	code, err = awaitExecve(fd)
	if err != nil {
		if last, _, _, lastErr := s.receive(executeLimit); lastErr == nil && last.Kind == stage.Failure {
			return ExitRefused, last.Checks, s.refuseFailure(last)
		}
		return ExitRefused, nil, s.refuse(err)
	}
	switch code {
	case ExitNotFound:
		return code, nil, explainNotFound(l.Policy, l.Program[0], composeEnvironment(l.Policy.Environment, l.Environment))
	case ExitNotExecutable:
		return code, nil, explainNotExecutable(l.Policy, l.Program[0], composeEnvironment(l.Policy.Environment, l.Environment))
	}
	return 0, nil, nil
}

// retract replaces the receipt of a sandbox that was proven, and then could not be
// completed: the evidence has to be there before the program runs, and the last
// restrictions come after it.
func (l *launchable) retract(s *sandbox, checks []stage.Check, landlock int, refusal error) error {
	if l.receipt == nil {
		return nil
	}
	if err := l.renewReceipt(); err != nil {
		return err
	}
	return l.evidence(s, checks, landlock, refusal)
}

// renewReceipt makes room for a receipt in place of the one that was written.
func (l *launchable) renewReceipt() error {
	again, err := openReceipt(l.Receipt)
	if err != nil {
		return err
	}
	l.receipt.discard()
	l.receipt = again
	return nil
}

// evidence writes the receipt, also of a launch that was refused; without a
// sandbox nothing was started. An
// outcome of proven says that the sandbox was; whether the program could be
// executed in it is for the exit code to say.
func (l *launchable) evidence(s *sandbox, checks []stage.Check, landlock int, refusal error) error {
	if l.receipt == nil {
		return nil
	}
	var warnings []string
	if s != nil {
		warnings = s.chatter.lines("Warning")
		if refusal != nil && len(failures(checks)) == 0 {
			checks = append(checks, stage.Incomplete(refusal))
		}
	}
	bundle := l.bundle
	if bundle == nil {
		bundle = new(compiler.Bundle)
	}
	r := Receipt{
		Confine:   l.Version,
		Outcome:   outcomeProven,
		Started:   l.started.UTC(),
		Policy:    ReceiptPolicy{Name: l.Policy.Name, File: l.Policy.File, SHA256: l.Policy.Digest, Sources: l.Policy.Sources},
		Target:    bundle.Target,
		Host:      ReceiptHost{Kernel: l.host.Kernel, Landlock: l.host.Landlock, Caller: l.host.Caller.UID},
		Landlock:  landlock,
		User:      l.identity,
		Program:   l.Program[0],
		Artifacts: map[string]string{},
		Coverage:  bundle.Coverage,
		Proven:    proven(checks),
		Total:     len(checks),
		Checks:    checks,
		Warnings:  warnings,

		Milliseconds: time.Since(l.started).Milliseconds(),
	}
	if refusal != nil {
		r.Outcome, r.Refusal = outcomeRefused, refusal.Error()
	}
	for _, f := range bundle.Artifacts {
		sum := sha256.Sum256(f.Data)
		r.Artifacts[f.Name] = hex.EncodeToString(sum[:])
	}
	l.evident = r
	return l.receipt.write(r)
}

// conclude replaces the receipt of a program that ran by one that says how it ended.
func (l *launchable) conclude(end ReceiptEnd) error {
	if l.receipt == nil {
		return nil
	}
	if err := l.renewReceipt(); err != nil {
		return err
	}
	l.evident.End = &end
	return l.receipt.write(l.evident)
}
