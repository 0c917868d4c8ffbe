//go:build linux

package stage

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
)

func TestCheckDirectory(t *testing.T) {
	dir, inside := apart(t, 0)
	if !inside {
		return
	}
	work, closed, plain := filepath.Join(dir, "work"), filepath.Join(dir, "closed"), filepath.Join(dir, "plain")
	must(t, os.Mkdir(work, 0o755), os.Mkdir(closed, 0o700), os.WriteFile(plain, nil, 0o644))
	order := func(mode policy.PathMode, directory string) *Order {
		return &Order{
			Directory:   directory,
			Expectation: compiler.Expectation{Paths: []compiler.PathExpectation{entry(mode, dir, 0)}},
		}
	}
	asDaemon(t)
	expectCheck(t, checkDirectory(order(policy.ModeRead, work), controlPath(work)), Proven, "")
	expectCheck(t, checkDirectory(order(policy.ModeRead, work), controlPath(dir)), Failed, "another directory")
	// What starts empty is another outside.
	expectCheck(t, checkDirectory(order(policy.ModeTmp, work), controlPath(dir)), Proven, "")
	expectCheck(t, checkDirectory(order(policy.ModeRead, closed), controlPath(closed)), Failed, "closed")
	expectCheck(t, checkDirectory(order(policy.ModeRead, plain), controlPath(plain)), Failed, "no directory")
	expectCheck(t, checkDirectory(order(policy.ModeRead, dir+"/gone"), PathControl{}), Failed, "ENOENT")

	must(t, enterDirectory(work))
	if got, err := os.Getwd(); err != nil || got != work {
		t.Errorf("in %s, %v", got, err)
	}
	var about *clauseError
	if err := enterDirectory(closed); !errors.Is(err, unix.EACCES) || !errors.As(err, &about) || about.clause != "process.directory" {
		t.Errorf("a closed directory: %v", err)
	}
}

func TestFailedCheckNamesTheClause(t *testing.T) {
	at := policy.Position{File: "p.toml", Line: 3, Column: 4}
	c := failedCheck(&clauseError{"rlimits.core", at, errors.New("no")})
	if c.Clause != "rlimits.core" || c.At != at || c.Found != "no" || c.Status != Failed {
		t.Errorf("%+v", c)
	}
	if c := failedCheck(errors.New("no")); c.Clause != "sandbox" || c.Status != Failed {
		t.Errorf("%+v", c)
	}
}

func TestDeviceOfAnotherNumber(t *testing.T) {
	if !isDevice("null") || !isDevice("urandom") || !isDevice("shm") {
		t.Error("a device of the host is not what it should be")
	}
	if _, inside := apart(t, unix.CLONE_NEWNS); !inside {
		return
	}
	must(t, unix.Mount("/dev/zero", "/dev/null", "", unix.MS_BIND, ""))
	if isDevice("null") {
		t.Error("zero was taken for null")
	}
}
