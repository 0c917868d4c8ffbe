//go:build linux

package stage

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
)

func TestApplyLandlock(t *testing.T) {
	dir, inside := apart(t, 0)
	if !inside {
		return
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"read", "execute", "write", "closed"} {
		must(t, os.Mkdir(at(name), 0o755), os.WriteFile(at(name+"/file"), []byte("#!/bin/sh\n"), 0o600), os.Chmod(at(name+"/file"), 0o755))
	}
	must(t, os.WriteFile(at("alone"), nil, 0o600))
	abstract, err := net.Listen("unix", "@confine-stage-test")
	must(t, err)
	defer abstract.Close()
	must(t, connectAbstract("confine-stage-test"))

	e := compiler.Expectation{
		Proc: policy.ProcNone,
		Paths: []compiler.PathExpectation{
			{PathEntry: policy.PathEntry{Path: at("read"), Mode: policy.ModeRead}},
			{PathEntry: policy.PathEntry{Path: at("closed"), Mode: policy.ModeWrite}},
		},
	}
	controls := Controls{Paths: map[string]PathControl{at("read"): {Exists: true, Openable: true}, at("closed"): {Exists: true, Openable: true}}}
	before := []string{at("closed"), dir}
	version, err := applyLandlock(compiler.Expectation{Landlock: []compiler.LandlockRule{
		{Path: at("read"), Access: compiler.LandlockRead},
		{Path: at("execute"), Access: compiler.LandlockExecute},
		{Path: at("write"), Access: compiler.LandlockWrite},
		{Path: at("alone"), Access: compiler.LandlockWrite},
		{Path: "/usr", Access: compiler.LandlockExecute},
		{Path: "/lib", Access: compiler.LandlockExecute, Optional: true},
		{Path: "/lib64", Access: compiler.LandlockExecute, Optional: true},
		{Path: at("gone"), Access: compiler.LandlockRead, Optional: true},
		{Path: "/dev/null", Access: compiler.LandlockDevice},
		{Path: "/dev/no-such-device", Access: compiler.LandlockDevice},
	}})
	must(t, err)
	if want := min(LandlockVersion(), 6); version != want {
		t.Errorf("version %d, want %d", version, want)
	}

	read := func(name string) error { _, err := os.ReadFile(name); return err }
	list := func(name string) error { _, err := os.ReadDir(name); return err }
	write := func(name string) error { return os.WriteFile(name, []byte("x"), 0o600) }
	execute := func(name string) error { return exec.Command(name).Run() }
	for _, tc := range []struct {
		what    string
		do      func(string) error
		path    string
		allowed bool
	}{
		{"read", read, at("read/file"), true},
		{"list", list, at("read"), true},
		{"write", write, at("read/file"), false},
		{"create", write, at("read/new"), false},
		{"execute", execute, at("read/file"), false},
		{"remove", os.Remove, at("read/file"), false},
		{"read", read, at("execute/file"), true},
		{"execute", execute, at("execute/file"), true},
		{"write", write, at("execute/file"), false},
		{"read", read, at("write/file"), true},
		{"execute", execute, at("write/file"), false},
		{"write", write, at("write/file"), true},
		{"create", write, at("write/new"), true},
		{"make a directory", func(p string) error { return os.Mkdir(p, 0o700) }, at("write/directory"), true},
		{"make a link", func(p string) error { return os.Symlink("/", p) }, at("write/link"), true},
		{"make a device", func(p string) error { return unix.Mknod(p, unix.S_IFCHR|0o600, 0x103) }, at("write/device"), false},
		{"remove", os.Remove, at("write/file"), true},
		{"write", write, at("alone"), true},
		{"read", read, at("closed/file"), false},
		{"list", list, at("closed"), false},
		{"list", list, dir, false},
		{"create", write, at("gone"), false},
		{"write", write, "/dev/null", true},
		{"read", read, "/dev/zero", false},
		{"read", read, "/etc/passwd", false},
		{"list", list, "/", false},
	} {
		err := tc.do(tc.path)
		if tc.allowed && err != nil || !tc.allowed && !errors.Is(err, unix.EACCES) {
			t.Errorf("%s %s: got %v, allowed should be %t", tc.what, tc.path, err, tc.allowed)
		}
	}
	// A scope closes the abstract sockets that were made outside of it.
	if err := connectAbstract("confine-stage-test"); version >= 6 && !errors.Is(err, unix.EPERM) {
		t.Errorf("an abstract socket from before: got %v, want EPERM", err)
	}

	checks := checkLandlock(e, before, controls)
	if len(checks) != 4 {
		t.Fatalf("got %d checks: %+v", len(checks), checks)
	}
	expectCheck(t, checks[0], Proven, "0 of 2 open")
	expectCheck(t, checks[1], Proven, "open")
	// The policy's own path, closed by a rule that is missing.
	expectCheck(t, checks[2], Failed, "closed")
	expectCheck(t, checks[3], Proven, "closed")
	expectCheck(t, checkLandlock(e, append(before, at("read")), controls)[0], Failed, "1 of 3 open")
	expectCheck(t, checkLandlock(e, nil, controls)[0], Unproven, "")

	devices := compiler.Expectation{Dev: policy.DevMinimal, Landlock: []compiler.LandlockRule{{Path: "/dev/null"}}}
	expectCheck(t, checkDevices(devices, []string{"null", "zero"}), Proven, "")
	expectCheck(t, checkDevices(compiler.Expectation{Dev: policy.DevNone}, []string{"null", "zero"}), Failed, "null open: true")
	devices.Landlock = append(devices.Landlock, compiler.LandlockRule{Path: "/dev/zero"})
	expectCheck(t, checkDevices(devices, []string{"null", "zero"}), Failed, "zero open: false")
}

func TestApplyLandlockRefusesAMissingPath(t *testing.T) {
	dir, inside := apart(t, 0)
	if !inside {
		return
	}
	if _, err := applyLandlock(compiler.Expectation{Landlock: []compiler.LandlockRule{{Path: filepath.Join(dir, "gone"), Access: compiler.LandlockRead}}}); err == nil {
		t.Fatal("a required path that is missing was left out")
	}
	if _, err := os.ReadDir("/"); err != nil {
		t.Errorf("restricted although it failed: %v", err)
	}
}

func TestCheckLandlockWithoutIt(t *testing.T) {
	e := compiler.Expectation{Proc: policy.ProcNone}
	checks := checkLandlock(e, []string{"/", "/usr"}, Controls{})
	expectCheck(t, checks[0], Failed, "2 of 2 open")
	expectCheck(t, checks[1], Failed, "open")
}
