//go:build linux

package runner

import (
	"os"
	"path/filepath"
	"strings"

	"confine/compiler"
)

// checkSockets refuses what a sandbox could not take in which sockets are the host's.
func (l *launchable) checkSockets() error {
	if err := checkSocketStreams([3]*os.File{l.Stdin, l.Stdout, l.Stderr}); err != nil {
		return err
	}
	return l.checkLookUps()
}

// checkLookUps refuses a program whose C library is known to look names up by UDP alone,
// which cannot be answered in its place: it would find no host of the policy, and say
// something else. musl reads no RES_OPTIONS, see its src/network/resolvconf.c.
func (l *launchable) checkLookUps() error {
	if _, needed := compiler.NeedsResolver(l.Policy); !needed {
		return nil
	}
	path, ok := findProgram(l.root(), l.Policy, l.Program[0], composeEnvironment(l.Policy.Environment, l.Environment))
	if !ok {
		return nil
	}
	loader, ok := interpreterOf(filepath.Join(l.root(), path))
	if !ok || !strings.HasPrefix(filepath.Base(loader), "ld-musl-") {
		return nil
	}
	r := refuse("the program's C library looks names up by UDP alone%s", where(l.Policy.Network.At))
	r.Found, r.Expected = path+" asks for "+loader, "glibc, which can do it by TCP"
	r.Instead = []string{"an image with glibc, such as Debian's", "or another backend: confine doctor says what is missing for it"}
	return r
}
