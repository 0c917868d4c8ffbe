//go:build linux

package integration

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"confine/policy"
)

// deviceWorlds open the devices that policies can show, and others that a host has.
func deviceWorlds(t *testing.T) []world {
	var attempts []attempt
	for _, device := range policy.MinimalDevices() {
		for _, verb := range []string{"read ", "write "} {
			a := attempt{access: verb + device}
			if device == "/dev/tty" {
				a = attempt{deed: verb + device, outside: "ENXIO", inside: "denied", because: "without a terminal there is none to open"}
			}
			attempts = append(attempts, a)
		}
	}
	shown := append(attempts[:len(attempts):len(attempts)],
		attempt{access: "map /dev/zero", gvisor: noExecDevice},
		attempt{access: "read /dev/shm"}, attempt{access: "write /dev/shm"},
		attempt{access: "write /dev/shm/confine-access", deed: "fill /dev/shm/confine-access=65536"},
		attempt{access: "exec /dev/shm/confine-access", deed: "execcopy /dev/shm/confine-access"},
		attempt{access: "map /dev/shm/confine-access", deed: "mapcopy /dev/shm/confine-access"},
	)
	// None of these does anything when it is opened. Not every machine has them all.
	for _, name := range []string{
		"/dev/ptmx", "/dev/pts", "/dev/pts/ptmx", "/dev/kmsg", "/dev/fuse", "/dev/net", "/dev/net/tun", "/dev/mqueue", "/dev/hugepages",
		"/dev/mapper", "/dev/loop-control", "/dev/vda", "/dev/sda", "/dev/mem", "/dev/hwrng", "/dev/vsock", "/dev/kvm", "/dev/input",
		"/dev/block", "/dev/char",
	} {
		if f, err := os.OpenFile(name, unix.O_NONBLOCK|unix.O_NOCTTY, 0); err == nil {
			f.Close()
			shown = append(shown, attempt{access: "read " + name, control: byRoot})
			attempts = append(attempts, attempt{access: "read " + name, control: byRoot})
		}
	}
	minimal := accessPolicy(t, nil, nil, "dev = \"minimal\"", "")
	return []world{
		{name: "devices", policy: minimal, attempts: shown},
		{name: "no devices", policy: accessPolicy(t, nil, nil, "dev = \"none\"", ""), attempts: attempts},
	}
}
