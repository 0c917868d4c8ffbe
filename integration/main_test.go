//go:build linux

// Package integration tests confine against the real firejail and the real
// connector: it does the forbidden thing inside, and outside as a control.
package integration

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// connectorUser is the system user that `make setup` makes.
const connectorUser = "confine-connector"

// confine and probe are built once; account is the connector's.
var (
	confine, probe string
	account        struct{ uid, gid uint32 }
	// fixtures is a directory that the connector's user can reach and, unlike those
	// of testing.T, lies outside /tmp, which is private inside a sandbox.
	fixtures string
)

func TestMain(m *testing.M) {
	code, err := withSetup(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, "integration:", err)
		code = 1
	}
	os.Exit(code)
}

func withSetup(run func() int) (int, error) {
	if os.Getuid() != 0 {
		return 0, fmt.Errorf("uid %d: these tests launch sandboxes for other users and need root", os.Getuid())
	}
	u, err := user.Lookup(connectorUser)
	if err != nil {
		return 0, fmt.Errorf("%w: run make setup first", err)
	}
	uid, _ := strconv.ParseUint(u.Uid, 10, 32)
	gid, _ := strconv.ParseUint(u.Gid, 10, 32)
	account.uid, account.gid = uint32(uid), uint32(gid)
	if fixtures, err = os.MkdirTemp("/srv", "confine-test-"); err != nil {
		return 0, err
	}
	defer os.RemoveAll(fixtures)
	if err := os.Chmod(fixtures, 0o755); err != nil {
		return 0, err
	}
	bin := filepath.Join(fixtures, "bin")
	for name, into := range map[string]*string{"./cmd/confine": &confine, "./integration/probe": &probe} {
		*into = filepath.Join(bin, filepath.Base(name))
		build := exec.Command("go", "build", "-trimpath", "-o", *into, name)
		build.Dir = ".."
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return 0, fmt.Errorf("build %s: %w\n%s", name, err, out)
		}
	}
	return run(), nil
}

// asConnector makes a command run as the connector's user.
func asConnector(cmd *exec.Cmd) *exec.Cmd {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: account.uid, Gid: account.gid}
	return cmd
}
