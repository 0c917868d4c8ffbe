//go:build linux

package integration

import (
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// TestTrapRunscAnnotationOverridesAFlag: an annotation of the bundle wins over a flag of
// the command line, without --allow-flag-override (runsc/config/flags.go,
// overrideAllowlist). Who writes config.json decides, not who starts runsc.
func TestTrapRunscAnnotationOverridesAFlag(t *testing.T) {
	for _, annotated := range []bool{false, true} {
		b := newRunscBundle(t)
		b.flags = append(b.flags, "--host-uds=none")
		dir := mkdir(t, b.at("shown"))
		mkdir(t, b.root("shown"))
		listenUnix(t, dir+"/socket")
		b.bind(dir, "/shown", "ro")
		const access = "unix /shown/socket"
		if annotated {
			b.Annotations = map[string]string{"dev.gvisor.flag.host-uds": "all"}
			runscTrap(t, b.try(t, access)[access], "ok", "lets --host-uds=none win over an annotation", "runsc/config/flags.go, overrideAllowlist")
			continue
		}
		runscControl(t, b.try(t, access)[access], "ECONNREFUSED", "--host-uds=none without an annotation")
	}
}

// TestTrapRunscAnnotationDropsTheFilter: two annotations, meant for Kubernetes, switch the
// filter of linux.seccomp off although --oci-seccomp is given (runsc/specutils/cri.go,
// runsc/boot/seccomp.go).
func TestTrapRunscAnnotationDropsTheFilter(t *testing.T) {
	const access, name = "syscall getppid", "main"
	b := newRunscBundle(t).filtered(rule(specs.ActErrno, "getppid"))
	runscControl(t, b.try(t, access)[access], "EPERM", "a filter without annotations")
	b.Annotations = map[string]string{
		"io.kubernetes.cri.container-name":    name,
		"dev.gvisor.internal.seccomp." + name: "RuntimeDefault",
	}
	runscTrap(t, b.try(t, access)[access], "ok", "keeps the filter whatever the annotations", "runsc/boot/seccomp.go")
}

// TestTrapRunscAnnotationIsRefused: not every flag can be had by an annotation.
func TestTrapRunscAnnotationIsRefused(t *testing.T) {
	for _, flag := range []string{"network", "nosuchflag"} {
		b := newRunscBundle(t, "/usr/bin/true")
		b.Annotations = map[string]string{"dev.gvisor.flag." + flag: "host"}
		runscControl(t, b.run(t).code, 128, "an annotation for --"+flag)
	}
}
