//go:build linux

package runner

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/compiler/gvisor"
	"confine/policy"
	"confine/runner/stage"
)

// gvisorBackend confines by runsc: the program runs on a kernel of its own.
type gvisorBackend struct{}

func (gvisorBackend) name() compiler.Backend { return compiler.GVisor }

func (gvisorBackend) probe(h *Host) {
	h.GVisor = probeGVisor()
	// Root on a host can make any namespace, unless there may be none; whether others can,
	// only a trial tells.
	if len(h.GVisor.Problems) == 0 && (h.Caller.UID != 0 || !h.Caller.KernelThreads || noUserNamespaces()) {
		h.Namespaces = probeNamespaces()
	}
}

func (gvisorBackend) problems(h Host, p *policy.Policy) []Problem { return h.GVisorProblems(p) }

func (gvisorBackend) target(l *launchable) (compiler.Target, error) {
	version, err := compiler.ParseVersion(l.host.GVisor.Version)
	if err != nil {
		return compiler.Target{}, refuse("%v", err)
	}
	facts, err := factsOf(l.Policy.Filesystem, l.root(), filepath.Join(keeperHost, l.Root))
	if err != nil {
		return compiler.Target{}, err
	}
	return compiler.Target{Backend: compiler.GVisor, Version: version, Arch: l.host.Arch, Root: facts}, nil
}

func (gvisorBackend) check(*launchable) error { return nil }

func (gvisorBackend) describe(l *launchable) string {
	return fmt.Sprintf("gvisor (runsc %s, %s)", l.host.GVisor.Version, l.platform)
}

// root is the program's root file system on the host.
func (l *launchable) root() string {
	if l.Root == "" {
		return "/"
	}
	return l.Root
}

// guestConfig is the bundle's config.json with what the host adds to the policy: the
// limits that it leaves to the caller, in whose place runsc would give its own, and which
// paths to write lie on a mount that is read-only, which the guest is told in time.
func (l *launchable) guestConfig() ([]byte, error) {
	compiled, _ := l.bundle.Artifact(gvisor.LaunchedConfig)
	var spec specs.Spec
	if err := json.Unmarshal(compiled, &spec); err != nil {
		return nil, fmt.Errorf("decode the compiled bundle: %w", err)
	}
	named := map[string]bool{}
	for _, r := range spec.Process.Rlimits {
		named[r.Type] = true
	}
	limits := callersLimits()
	for name, limit := range limits {
		if kind := gvisor.RlimitType(name); !named[kind] {
			spec.Process.Rlimits = append(spec.Process.Rlimits, specs.POSIXRlimit{Type: kind, Soft: limit.Cur, Hard: limit.Max})
		}
	}
	for i := range spec.Mounts {
		m := &spec.Mounts[i]
		if rw := slices.Index(m.Options, "rw"); rw >= 0 && onReadOnlyMount(filepath.Join(l.root(), m.Destination)) {
			m.Options[rw] = "ro"
		}
	}
	return json.Marshal(spec)
}

// onReadOnlyMount reports whether nobody can write at a path, as below docker run
// --read-only.
func onReadOnlyMount(path string) bool {
	var fs unix.Statfs_t
	return unix.Statfs(path, &fs) == nil && fs.Flags&unix.ST_RDONLY != 0
}

// callersLimits are the limits that the caller gave. The Go runtime raised the soft limit of
// nofile for itself; without a file to execute, syscall.Exec does only what it does before
// execve: it puts that back. A gateway needs the raised one, for two descriptors and more a
// connection.
func callersLimits() map[string]unix.Rlimit {
	var raised unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_NOFILE, &raised)
	_ = syscall.Exec("", nil, nil)
	limits := stage.CurrentLimits()
	if err == nil {
		_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &raised)
	}
	return limits
}

// platforms are the ways in which a sentry gets the system calls of its guest, the
// faster one first. Both keep them from the host's kernel. The third, kvm, is not
// among them: it hangs on hosts that have /dev/kvm and cannot use it.
var platforms = []string{"systrap", "ptrace"}

func (gvisorBackend) start(l *launchable, order *stage.Order, signals <-chan os.Signal) (enclosure, error) {
	config, err := l.guestConfig()
	if err != nil {
		return nil, err
	}
	compiled, _ := l.bundle.Artifact(gvisor.LaunchedFlags)
	var flags []string
	if err := json.Unmarshal(compiled, &flags); err != nil {
		return nil, fmt.Errorf("decode the compiled flags: %w", err)
	}
	plan := keeperPlan{Runsc: l.host.GVisor.Path, Config: config, Nodes: l.bundle.Skeleton, Gateway: l.bundle.Expectation.Gateway}
	var refusal error
	for _, l.platform = range platforms {
		plan.Flags = append(slices.Clone(flags), "--platform="+l.platform)
		if plan.Gateway == nil {
			// The keeper has what runsc asks root for, in a user namespace.
			plan.Flags = append(plan.Flags, "--rootless")
		}
		g, err := startGuest(l, plan, order, signals)
		if err != nil {
			return nil, err
		}
		if err = g.listen(signals); err == nil {
			return g, nil
		}
		if refusal == nil {
			refusal = g.refuse(err)
		}
		g.close()
		if !errors.Is(err, errSilent) {
			break // it hangs, or the caller does not want it any more
		}
	}
	return nil, refusal
}
