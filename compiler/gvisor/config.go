package gvisor

import (
	"encoding/json"
	"fmt"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"confine/policy"
)

// GuestArgument is the hidden first argument that makes the program of a launched
// guest the stage.
const GuestArgument = "__guest"

// standaloneID is who the guest's user is on the host when the bundle is used without
// confine: nobody's number, above those that distributions give out.
const standaloneID = 200000

// hostname is what every guest is called.
const hostname = "sandbox"

// KeeperID is who the keeper of a guest with a gateway is in its user namespace. For user 0
// runsc has no network of the sentry's own there: with --rootless it refuses it, and
// without it asks for an id of the host that an ordinary user does not have.
const KeeperID = 1

// KeeperNetwork is the network namespace that the keeper lives in, by its path there.
const KeeperNetwork = "/proc/1/ns/net"

// spec is what both forms of a bundle share. There are no annotations: they override
// flags (runsc/config, "dev.gvisor.flag."). maskedPaths and readonlyPaths are not there
// either: runsc ignores them.
func spec(p *policy.Policy, l layout) *specs.Spec {
	none := []string{}
	s := &specs.Spec{
		Version:  "1.2.1",
		Hostname: hostname,
		Root:     &specs.Root{Path: rootfs, Readonly: true},
		Process: &specs.Process{
			// The only user that can write to files of whoever starts runsc, and it has no
			// capability: on the host it is an ordinary user.
			User:            specs.User{UID: 0, GID: 0},
			Cwd:             "/",
			Capabilities:    &specs.LinuxCapabilities{Bounding: none, Effective: none, Inheritable: none, Permitted: none, Ambient: none},
			NoNewPrivileges: true,
		},
		Mounts: l.mounts,
		Linux:  &specs.Linux{},
	}
	namespaces := []specs.LinuxNamespaceType{specs.PIDNamespace, specs.IPCNamespace, specs.UTSNamespace, specs.MountNamespace}
	for _, n := range namespaces {
		s.Linux.Namespaces = append(s.Linux.Namespaces, specs.LinuxNamespace{Type: n})
	}
	return s
}

// launchedSpec starts the stage. The runner adds the limits that the policy leaves to
// the caller.
func launchedSpec(p *policy.Policy, l layout) *specs.Spec {
	s := spec(p, l)
	s.Process.Args = []string{"confine", GuestArgument}
	s.Process.Env = []string{}
	s.Process.Rlimits = rlimits(p.Rlimits, Stored)
	switch p.Network.Mode {
	case policy.NetworkHost:
	case policy.NetworkEgress:
		s.Linux.Namespaces = append(s.Linux.Namespaces, specs.LinuxNamespace{Type: specs.NetworkNamespace, Path: KeeperNetwork})
		mapUser(s, KeeperID)
	default:
		s.Linux.Namespaces = append(s.Linux.Namespaces, specs.LinuxNamespace{Type: specs.NetworkNamespace})
	}
	return s
}

// standaloneSpec starts the program itself. Values of the environment are not in it:
// an artifact holds no secrets.
func standaloneSpec(p *policy.Policy, l layout, command []string, seccomp *specs.LinuxSeccomp) *specs.Spec {
	s := spec(p, l)
	s.Process.Args = command
	s.Process.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin"}
	if p.Process.Directory != "" {
		s.Process.Cwd = p.Process.Directory
	}
	s.Process.Rlimits = rlimits(p.Rlimits, func(string) bool { return true })
	s.Linux.Seccomp = seccomp
	if p.Network.Mode != policy.NetworkHost {
		s.Linux.Namespaces = append(s.Linux.Namespaces, specs.LinuxNamespace{Type: specs.NetworkNamespace})
	}
	mapUser(s, standaloneID)
	s.Linux.Resources = resources(p.Process)
	return s
}

// resources are the limits of the sandbox's cgroup, nil without any.
func resources(p policy.Process) *specs.LinuxResources {
	if p.Memory == 0 && p.Pids == 0 {
		return nil
	}
	r := &specs.LinuxResources{}
	if p.Memory > 0 {
		limit := int64(p.Memory)
		r.Memory = &specs.LinuxMemory{Limit: &limit}
	}
	if p.Pids > 0 {
		r.Pids = &specs.LinuxPids{Limit: int64(p.Pids)}
	}
	return r
}

// mapUser puts the guest into a user namespace in which its user is one of whoever
// starts runsc.
func mapUser(s *specs.Spec, id uint32) {
	s.Linux.Namespaces = append(s.Linux.Namespaces, specs.LinuxNamespace{Type: specs.UserNamespace})
	mapping := []specs.LinuxIDMapping{{ContainerID: 0, HostID: id, Size: 1}}
	s.Linux.UIDMappings, s.Linux.GIDMappings = mapping, mapping
}

func marshalSpec(s *specs.Spec) ([]byte, error) {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode the OCI configuration: %w", err)
	}
	return append(data, '\n'), nil
}
