//go:build linux

package stage

import (
	"errors"
	"fmt"

	"github.com/landlock-lsm/go-landlock/landlock"
	llsys "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"

	"confine/compiler"
)

// The rights that each class of rule stands for, see landlock(7). TRUNCATE
// (kernel 6.2) and REFER (5.19) are left out where the kernel does not know them:
// under a wrapper its read-only mounts say the same.
const (
	readRight = landlock.AccessFSSet(llsys.AccessFSReadFile | llsys.AccessFSReadDir)
	execRight = readRight | landlock.AccessFSSet(llsys.AccessFSExecute)

	writeRight = readRight | landlock.AccessFSSet(llsys.AccessFSWriteFile|llsys.AccessFSRemoveDir|
		llsys.AccessFSRemoveFile|llsys.AccessFSMakeDir|llsys.AccessFSMakeReg|llsys.AccessFSMakeSock|
		llsys.AccessFSMakeFifo|llsys.AccessFSMakeSym|llsys.AccessFSRefer|llsys.AccessFSTruncate)
	deviceRight = landlock.AccessFSSet(llsys.AccessFSReadFile | llsys.AccessFSWriteFile)

	// fileRights are those that a rule on something other than a directory may have.
	fileRights = landlock.AccessFSSet(llsys.AccessFSExecute | llsys.AccessFSWriteFile |
		llsys.AccessFSReadFile | llsys.AccessFSTruncate)
)

// rulesets are the rights that each version of the kernel's interface handles,
// up to the newest that was measured: scopes are the last of them.
var rulesets = []landlock.Config{
	landlock.V1, landlock.V2, landlock.V3, landlock.V4, landlock.V5, landlock.V6,
}

// LandlockVersion asks the kernel for the version of its interface; 0 is none.
func LandlockVersion() int {
	version, err := llsys.LandlockGetABIVersion()
	if err != nil {
		return 0
	}
	return version
}

// applyLandlock restricts the whole process to the rules. It returns the version
// of the interface that it used.
func applyLandlock(e compiler.Expectation) (version int, err error) {
	version = min(LandlockVersion(), len(rulesets))
	if version < 1 {
		return 0, errors.New("this kernel has no Landlock")
	}
	config := rulesets[version-1]
	options, err := pathRules(e.Landlock, config.HandledAccessFS, unpinned)
	if err != nil {
		return 0, err
	}
	if err := config.RestrictPaths(options...); err != nil {
		return 0, fmt.Errorf("landlock: %w", err)
	}
	// The sockets of a program that the runner connects are the host's. Its own calls reach
	// nothing by them, whatever becomes of the guard.
	if version >= 4 && e.Mediated() {
		if err := config.RestrictNet(); err != nil {
			return 0, fmt.Errorf("landlock of TCP: %w", err)
		}
	}
	if version >= 6 {
		if err := config.RestrictScoped(); err != nil {
			return 0, fmt.Errorf("landlock scopes: %w", err)
		}
	}
	return version, nil
}

// pathRules words the rules for the kernel, with no right that it does not handle. pin gives
// the name by which a path is opened, and its mode.
func pathRules(rules []compiler.LandlockRule, handled landlock.AccessFSSet, pin func(path string) (string, uint32, error)) ([]landlock.Rule, error) {
	var options []landlock.Rule
	for _, rule := range rules {
		paths := []string{rule.Path}
		if len(rule.Except) > 0 {
			var err error
			if paths, err = beside(rule.Path, rule.Except); err != nil {
				return nil, fmt.Errorf("landlock rule for %s: %w", rule.Path, err)
			}
		}
		for _, path := range paths {
			name, mode, err := pin(path)
			if errors.Is(err, unix.ENOENT) && (rule.Optional || rule.Access == compiler.LandlockDevice || path != rule.Path) {
				continue // a name beside an exception can have gone since it was listed
			}
			if err != nil {
				return nil, fmt.Errorf("landlock rule for %s: %w", path, err)
			}
			rights := rightsOf(rule.Access) & handled
			if mode&unix.S_IFMT != unix.S_IFDIR {
				rights &= fileRights
			}
			options = append(options, landlock.PathAccess(rights, name))
		}
	}
	return options, nil
}

// unpinned takes a path as it is: under a wrapper, the program's user has changed nothing.
func unpinned(path string) (string, uint32, error) {
	var st unix.Stat_t
	err := unix.Stat(path, &st)
	return path, st.Mode, err
}

func rightsOf(access compiler.LandlockAccess) landlock.AccessFSSet {
	switch access {
	case compiler.LandlockExecute:
		return execRight
	case compiler.LandlockWrite:
		return writeRight
	case compiler.LandlockDevice:
		return deviceRight
	}
	return readRight
}
