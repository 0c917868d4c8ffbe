//go:build linux

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// TestTrapRunscRootlessGuest: in a sandbox of an ordinary user's the guest's uid 0 is the caller on
// the host, and any other uid is nobody who may write to the caller's files. config.json
// cannot map it (runsc/specutils/namespace.go).
func TestTrapRunscRootlessGuest(t *testing.T) {
	for uid, want := range map[uint32]string{0: "ok", 1000: "EACCES"} {
		b := newUserRunscBundle(t).sh("id -u; touch /shown/made")
		dir := b.shown(t)
		give(t, dir)
		b.Process.User = specs.User{UID: uid, GID: uid}
		b.bind(dir, "/shown")
		o := b.run(t)
		got := "EACCES"
		if o.code == 0 {
			got = "ok"
			runscControl(t, ownerOf(t, filepath.Join(dir, "made")), account.uid, "the owner of what a guest's root makes")
		}
		runscTrap(t, o.stdout+got, fmt.Sprint(uid)+"\n"+want, "maps uid "+fmt.Sprint(uid)+" otherwise", "runsc/specutils/namespace.go")
	}
	b := newUserRunscBundle(t, "/usr/bin/true")
	b.run(t).must(t, 0)
	b.Linux.Namespaces = []specs.LinuxNamespace{{Type: specs.UserNamespace}}
	b.Linux.UIDMappings = []specs.LinuxIDMapping{{HostID: account.uid, Size: 1}}
	b.Linux.GIDMappings = []specs.LinuxIDMapping{{HostID: account.gid, Size: 1}}
	runscTrap(t, b.run(t).code, 128, "takes a user namespace with --rootless", "runsc/specutils/namespace.go")
}

func ownerOf(t *testing.T, path string) uint32 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Uid
}
