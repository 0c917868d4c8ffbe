//go:build linux

package runner

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"confine/compiler"
	"confine/compiler/gvisor"
	"confine/policy"
	"confine/runner/stage"
)

// tryLimit is how long runsc may take to start a guest that does nothing. It takes a
// fraction of a second, or hangs.
const tryLimit = 20 * time.Second

// TryGVisor starts a guest with nothing in it, whose stage ends at once, and so finds
// the platform. The problems are why none works.
func (h *Host) TryGVisor() []Problem {
	var problem Problem
	for _, platform := range platforms {
		report, err := h.tryPlatform(platform)
		if err == nil && report.failure() == "" {
			h.GVisor.Platform = platform
			return nil
		}
		if problem.Message != "" {
			continue
		}
		problem = Problem{Message: "runsc does not start a guest", Expected: "a guest that starts and ends"}
		if err != nil {
			problem.Found = err.Error()
		} else {
			problem.Found = strings.Join(append(report.Log, report.failure()), "; ")
		}
		if !h.Caller.KernelThreads {
			problem.Instead = containerOptions
		}
	}
	return []Problem{problem}
}

// tryPlatform runs a keeper to its end. Without the runner's word the stage gives up.
func (h *Host) tryPlatform(platform string) (keeperReport, error) {
	version, err := compiler.ParseVersion(h.GVisor.Version)
	if err != nil {
		return keeperReport{}, err
	}
	empty, err := policy.Parse("empty.toml", []byte("schema = 1\nname = \"empty\"\n"))
	if err != nil {
		return keeperReport{}, err
	}
	bundle, err := gvisor.Compile(empty, compiler.Target{Backend: compiler.GVisor, Version: version, Arch: h.Arch, Root: &compiler.Root{Host: keeperHost}})
	if err != nil {
		return keeperReport{}, err
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return keeperReport{}, err
	}
	defer null.Close()
	l := &launchable{
		Options: Options{Policy: empty, Stdin: null, Stdout: null, Stderr: null}, host: *h, bundle: bundle,
		identity: Identity{UID: os.Getuid(), GID: os.Getgid()},
	}
	if h.Caller.UID == 0 {
		l.identity.UID, l.identity.GID = nobody, nobody
	}
	var flags []string
	compiled, _ := bundle.Artifact(gvisor.LaunchedFlags)
	if err := json.Unmarshal(compiled, &flags); err != nil {
		return keeperReport{}, fmt.Errorf("decode the compiled flags: %w", err)
	}
	config, err := l.guestConfig()
	if err != nil {
		return keeperReport{}, err
	}
	plan := keeperPlan{Runsc: h.GVisor.Path, Flags: append(flags, "--rootless", "--platform="+platform), Config: config, Nodes: bundle.Skeleton}
	g, err := startGuest(l, plan, &stage.Order{Expectation: compiler.Expectation{Guest: true}}, nil)
	if err != nil {
		return keeperReport{}, err
	}
	defer g.close()
	// The stage, which has had its word, looks at nothing and reports; it ends when the
	// socket does.
	_, _, _, err = g.receive(tryLimit)
	if err != nil {
		return keeperReport{}, g.refuse(err)
	}
	_ = g.control.Close()
	select {
	case <-g.over:
		return g.report, nil
	case <-time.After(tryLimit):
		return keeperReport{}, fmt.Errorf("a guest that should end did not within %s", tryLimit)
	}
}

// nobody is whom a root caller tries a guest as: nothing of it opens a file.
const nobody = 65534
