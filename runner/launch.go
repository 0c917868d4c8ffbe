//go:build linux

package runner

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
	"confine/runner/stage"
)

// run launches, attests and supervises. Until the stage says that it executes
// the program, every way out is a refusal.
func (l *launchable) run() (int, error) {
	signals := catchSignals()
	defer signal.Stop(signals)
	listeners, closeListeners, err := openListeners(l.bundle.Expectation.Gateway)
	if err != nil {
		return ExitRefused, l.notStarted(refuse("%v", err))
	}
	defer closeListeners()
	relayed, err := l.relayWritten()
	if err != nil {
		return ExitRefused, l.notStarted(refuse("%v", err))
	}
	if relayed != nil {
		defer func() { _ = relayed.finish(0) }()
	}
	order, err := l.order(listeners)
	if err != nil {
		return ExitRefused, l.notStarted(refuse("%v", err))
	}
	if l.together, err = bind(l.Policy.Process); err != nil {
		return ExitRefused, l.notStarted(refuse("%v", err))
	}
	defer l.together.remove()
	box, err := l.backend.start(l, order, signals)
	if err != nil {
		return ExitRefused, l.notStarted(l.together.blame(asRefusal(err)))
	}
	defer box.close()
	defer l.together.watch(box.kill)()
	checks, landlock, err := l.attest(box, order, signals)
	err = l.together.blame(err)
	closeListeners()
	if receiptErr := l.evidence(box, checks, landlock, err); receiptErr != nil && err == nil {
		err = refuse("%v", receiptErr)
	}
	if err != nil {
		return ExitRefused, err
	}
	if relayed != nil {
		relayed.start()
	}
	log := l.listenToAudit()
	defer log.close()
	if pid, _, ok := box.onHost(); ok {
		log.follow(pid)
	}
	box.record()
	code, failed, err := l.execute(box)
	if code == ExitRefused {
		err = l.together.blame(err)
		err = errors.Join(err, l.retract(box, append(checks, failed...), landlock, err))
	}
	if code != 0 || err != nil {
		return code, err
	}
	if !l.Quiet {
		for _, f := range l.passedOver {
			reason, _, _ := strings.Cut(f.err.Error(), "\n")
			fmt.Fprintf(l.Log, "confine: %s was passed over: %s\n", f.backend, reason)
		}
		fmt.Fprintf(l.Log, "confine: %s, proven in %d ms, %s; policy %s %.8s\n",
			l.backend.describe(l), time.Since(l.started).Milliseconds(), count(checks), l.Policy.Name, l.Policy.Digest)
	}
	code, err = box.supervise(signals, l.Policy.Process.WallTime)
	code, err = relayed.deliver(signals, code, err)
	if code == ExitWallTime && err != nil {
		err = fmt.Errorf("%w%s", err, where(l.Policy.Process.WallTimeAt))
	}
	if g := l.together.of(&pidsController); g.reached() {
		fmt.Fprintf(l.Log, "confine: %s was reached%s\n", g.limitText(), where(g.at))
	}
	if g := l.together.of(&memoryController); g.reached() {
		return exitSignal + int(unix.SIGKILL), fmt.Errorf("ended: %s reached%s", g.limitText(), where(g.at))
	}
	if code == exitSignal+int(unix.SIGSYS) && err == nil {
		err = l.explainSIGSYS(box, log, code)
	}
	return code, err
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
		Streams:        streamsOf([3]*os.File{l.Stdin, l.Stdout, l.Stderr}),
		Arguments:      l.Program,
		Environment:    composeEnvironment(l.Policy.Environment, l.Environment),
		Directory:      l.directory,
		Umask:          umask,
	}, nil
}

// streamsOf identifies the files that the program gets as its standard streams.
func streamsOf(files [3]*os.File) (streams [3]stage.Stream) {
	for i, f := range files {
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
func openListeners(gateway *compiler.Gateway) (stage.Listeners, func(), error) {
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
	return stage.Listeners{TCP: tcp.Addr().String(), Abstract: name, Host: hostAddress(gateway)}, func() {
		_ = tcp.Close()
		_ = abstract.Close()
	}, nil
}

// hostAddress gives an address that the host has on a network and a sandbox with a gateway
// has no route to, with a port (tcpmux) at which it refuses; "" is none.
func hostAddress(gateway *compiler.Gateway) string {
	addresses, err := net.InterfaceAddrs()
	if err != nil || gateway == nil {
		return ""
	}
	for _, a := range addresses {
		network, ok := a.(*net.IPNet)
		if !ok || network.IP.To4() == nil || !network.IP.IsGlobalUnicast() {
			continue
		}
		if ip, ok := netip.AddrFromSlice(network.IP.To4()); ok && !gateway.Reaches(ip) {
			return net.JoinHostPort(ip.String(), "1")
		}
	}
	return ""
}

// attest collects the reports of the stage and the runner's own view, and lets
// the stage go on only while every check holds.
func (l *launchable) attest(box enclosure, order *stage.Order, signals <-chan os.Signal) (checks []stage.Check, landlock int, err error) {
	interrupted := box.interruptBy(signals)
	defer func() {
		// Taking the signal closed the control socket: there is no way on.
		if sig := interrupted(); sig != nil {
			err = errBefore(sig)
		}
	}()
	reporter, kinds := 0, []stage.Kind{stage.Found, stage.Restricted}
	if order.Expectation.Mediated() {
		kinds = slices.Insert(kinds, 1, stage.Listening)
	}
	for _, kind := range kinds {
		m, pid, fd, err := box.receive(handshakeLimit)
		if kind == stage.Listening && err == nil && m.Kind == kind {
			err = box.mediate(fd)
		} else if fd >= 0 {
			_ = unix.Close(fd)
		}
		switch {
		case err != nil:
			return checks, landlock, box.refuse(err)
		case m.Kind == stage.Failure:
			return append(checks, m.Checks...), landlock, refuseFailure(box, m)
		case m.Kind != kind || reporter != 0 && pid != reporter:
			return checks, landlock, box.refuse(fmt.Errorf("a message %q out of turn", m.Kind))
		}
		checks = append(checks, m.Checks...)
		if reporter == 0 {
			reporter = pid
			seen, err := box.attest(pid, order)
			if err != nil {
				return checks, landlock, box.refuse(err)
			}
			checks = append(checks, seen...)
			checks = append(checks, l.together.check(pid)...)
			told, err := box.told()
			if err != nil {
				return checks, landlock, box.refuse(err)
			}
			checks = append(checks, stage.CheckDigests(told, m.Heard)...)
		}
		if kind == stage.Restricted {
			checks = append(checks, box.restricted(order)...)
		}
		landlock = m.Landlock
		if failed := failures(checks); len(failed) > 0 {
			return checks, landlock, refuseFailed(failed)
		}
		if kind == stage.Found {
			if err := box.adopt(pid); err != nil {
				return checks, landlock, box.refuse(err)
			}
		}
		if kind != stage.Restricted {
			if err := box.proceed(); err != nil {
				return checks, landlock, box.refuse(err)
			}
		}
	}
	return checks, landlock, nil
}

// errBefore says that the caller changed its mind.
func errBefore(sig os.Signal) error {
	return refuse("%s came before the program was started", unix.SignalName(sig.(unix.Signal)))
}

// refuseFailure words the last message of a launcher or a stage that gave up.
func refuseFailure(box enclosure, m stage.Message) *Refusal {
	if failed := failures(m.Checks); len(failed) > 0 {
		return refuseFailed(failed)
	}
	return box.refuse(lastWords(m.Error))
}

// lastWords are why a process of a launch gave up, as it said itself.
type lastWords string

func (w lastWords) Error() string { return string(w) }

func refuseFailed(failed []string) *Refusal {
	r := refuse("the sandbox is not what the policy says")
	r.Failed = failed
	return r
}

// execute gives the last leave and waits until the program runs. A code other
// than 0 means that it could not be executed; failed are the checks of a stage that
// gave up.
func (l *launchable) execute(box enclosure) (code int, failed []stage.Check, err error) {
	if err := box.proceed(); err != nil {
		return ExitRefused, nil, box.refuse(err)
	}
	m, _, fd, err := box.receive(handshakeLimit)
	switch {
	case err != nil:
		return ExitRefused, nil, box.refuse(err)
	case m.Kind == stage.Failure:
		return ExitRefused, m.Checks, refuseFailure(box, m)
	case m.Kind != stage.Executing:
		return ExitRefused, nil, box.refuse(fmt.Errorf("a message %q out of turn", m.Kind))
	}
	code, err = box.awaitExecve(fd)
	if err != nil {
		if last, _, _, lastErr := box.receive(executeLimit); lastErr == nil && last.Kind == stage.Failure {
			return ExitRefused, last.Checks, refuseFailure(box, last)
		}
		return ExitRefused, nil, box.refuse(err)
	}
	switch code {
	case ExitNotFound:
		return code, nil, explainNotFound(l.root(), l.Policy, l.Program[0], composeEnvironment(l.Policy.Environment, l.Environment))
	case ExitNotExecutable:
		return code, nil, explainNotExecutable(l.root(), l.Policy, l.Program[0], composeEnvironment(l.Policy.Environment, l.Environment))
	}
	return 0, nil, nil
}
