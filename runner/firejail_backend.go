//go:build linux

package runner

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"confine/compiler"
	"confine/compiler/firejail"
	"confine/policy"
	"confine/runner/stage"
)

// firejailBackend confines by set-uid firejail.
type firejailBackend struct{}

func (firejailBackend) name() compiler.Backend { return compiler.Firejail }

func (firejailBackend) probe(h *Host) { h.Firejail = probeFirejail() }

func (firejailBackend) problems(h Host, p *policy.Policy) []Problem {
	mode := policy.NetworkMode("")
	if p != nil {
		mode = p.Network.Mode
	}
	problems := h.FirejailProblems(mode)
	if mode == policy.NetworkEgress {
		problems = append(problems, h.firejailEgressProblems()...)
	}
	return append(problems, h.boundProblems(p)...)
}

func (firejailBackend) target(l *launchable) (compiler.Target, error) {
	version, err := compiler.ParseVersion(l.host.Firejail.Version)
	if err != nil {
		return compiler.Target{}, refuse("%v", err)
	}
	target := compiler.Target{Backend: compiler.Firejail, Version: version, Arch: l.host.Arch, Caller: compiler.OrdinaryCaller}
	if l.host.Caller.UID == 0 {
		target.Caller = compiler.RootCaller
	}
	return target, nil
}

func (firejailBackend) check(l *launchable) error {
	if l.Root != "" {
		r := refuse("firejail confines in the host's root file system alone")
		r.Found, r.Expected = "--root "+l.Root, "no --root, or the backend gvisor"
		return r
	}
	if len(l.bundle.Mounts) > 0 && l.host.Caller.UID != 0 {
		m := l.bundle.Mounts[0]
		r := refuse("only root can prepare the mounts that the policy asks for (%s)", m.At)
		r.Found, r.Expected = fmt.Sprintf("caller with uid %d", l.host.Caller.UID), "a root caller, for "+m.Clause+" "+m.Path
		r.Instead = []string{`tmp = ["/tmp"] without a size works for every user`}
		return r
	}
	if l.bundle.Expectation.Mediated() {
		if err := l.checkSockets(); err != nil {
			return err
		}
	}
	if err := checkUnnamedLinks(l.Policy.Filesystem); err != nil {
		return err
	}
	return checkFirejailHelpers(l.Policy)
}

func (firejailBackend) describe(l *launchable) string {
	return fmt.Sprintf("firejail (%s)", l.host.Firejail.Version)
}

func (firejailBackend) start(l *launchable, order *stage.Order, _ <-chan os.Signal) (enclosure, error) {
	if l.host.Caller.UID == 0 {
		sweepFirejailState(firejailState)
	}
	if order.Expectation.Mediated() {
		order.Environment = append(order.Environment, lookUpByTCP...)
	}
	profile, _ := l.bundle.Artifact(firejail.LaunchedProfile)
	j, err := startJail(l, order, profile)
	if err != nil {
		return nil, err
	}
	return j, nil
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
	if gateway := l.bundle.Expectation.Gateway; gateway != nil && !l.bundle.Expectation.Mediated() {
		// The name that programs in firejail's sandboxes see is the host's.
		hostname, _ := os.Hostname()
		plan.Connected = true
		for _, f := range gateway.Files(l.Policy.Filesystem, hostname) {
			if _, err := os.Stat(f.Path); err == nil { // else there is nothing to mount over, and it stays missing
				plan.Files = append(plan.Files, f)
			}
		}
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
