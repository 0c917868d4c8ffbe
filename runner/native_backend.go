//go:build linux

package runner

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"confine/compiler"
	"confine/compiler/native"
	"confine/policy"
	"confine/runner/stage"
)

// nativeBackend confines by the kernel alone: no tool wraps the stage.
type nativeBackend struct{}

func (nativeBackend) name() compiler.Backend { return compiler.Native }

// probe tries the namespaces. There is nothing else to look for: the kernel was looked at.
func (nativeBackend) probe(h *Host) { h.WardenNamespaces = probeWardenNamespaces() }

func (nativeBackend) problems(h Host, p *policy.Policy) []Problem { return h.nativeProblems(p) }

// target is the oldest kernel that has everything: what later ones added is not used.
func (nativeBackend) target(l *launchable) (compiler.Target, error) {
	return compiler.Target{
		Backend: compiler.Native, Version: native.Known[0], Arch: l.host.Arch,
		Namespaces: l.host.WardenNamespaces == "" && !l.NoNamespaces,
	}, nil
}

func (nativeBackend) check(l *launchable) error {
	if l.Root != "" {
		r := refuse("the native backend confines in the root file system of its caller alone")
		r.Found, r.Expected = "--root "+l.Root, "no --root, or the backend gvisor"
		return r
	}
	for _, e := range l.Policy.Filesystem.Entries {
		if e.Mode != policy.ModeAbsent {
			continue
		}
		if _, err := os.Lstat(e.Path); !errors.Is(err, os.ErrNotExist) {
			r := refuse("a path that must be absent is there, and without a wrapper it can only be closed%s", where(e.At))
			r.Found, r.Expected = e.Path, "no such path"
			r.Instead = []string{"in Kubernetes: automountServiceAccountToken: false", "hide it, if EACCES is good enough"}
			return r
		}
	}
	return l.checkSockets()
}

func (nativeBackend) describe(l *launchable) string {
	where := "no namespaces"
	if l.bundle.Target.Namespaces {
		where = "own namespaces"
	}
	return fmt.Sprintf("native (Linux %s, Landlock ABI %d, %s)", release(l.host.Kernel), l.host.Landlock, where)
}

// release is the number in the name of a kernel.
func release(kernel string) string {
	number, _, _ := strings.Cut(kernel, "-")
	return number
}

func (nativeBackend) start(l *launchable, order *stage.Order, _ <-chan os.Signal) (enclosure, error) {
	if err := completeOrder(l, order); err != nil {
		return nil, err
	}
	box, err := startWarded(l, order)
	if err != nil {
		return nil, err
	}
	return box, nil
}

// completeOrder adds what only a stage without a wrapper has to know.
func completeOrder(l *launchable, order *stage.Order) error {
	own := order.Expectation.Unwrapped.Namespaces
	if l.host.Caller.UID != 0 {
		status, err := procStatus(os.Getpid())
		if err != nil {
			return err
		}
		if order.Groups = status["Groups"]; own {
			order.GroupsInside = groupsInside(order.Groups, order.GID)
		} else {
			order.Bounding = l.host.Caller.Bounding.String()
		}
	}
	order.Fresh = map[string]string{}
	for _, e := range l.Policy.Filesystem.Entries {
		if e.Mode == policy.ModeTmp && !own {
			order.Fresh[e.Path] = filepath.Join(e.Path, "confine-"+strings.ToLower(rand.Text()))
		}
	}
	order.Environment = nameFresh(order.Environment, order.Fresh)
	if order.Expectation.Mediated() {
		order.Environment = append(order.Environment, lookUpByTCP...)
	}
	order.Directory = inFresh(order.Directory, order.Fresh)
	return nil
}

// groupsInside are groups as they are called in a user namespace that has one alone, see
// user_namespaces(7).
func groupsInside(groups string, gid int) string {
	nobody := "65534"
	if text, err := os.ReadFile("/proc/sys/kernel/overflowgid"); err == nil {
		nobody = strings.TrimSpace(string(text))
	}
	names := strings.Fields(groups)
	for i, name := range names {
		if name != strconv.Itoa(gid) {
			names[i] = nobody
		}
	}
	return strings.Join(names, " ")
}

// lookUpByTCP make libc look names up by TCP, which connect(2) is asked for, and without a
// search list of the machine's, see resolv.conf(5).
var lookUpByTCP = []string{"LOCALDOMAIN=.", "RES_OPTIONS=use-vc"}

// nameFresh puts the directories of a launch in the place of the tmp entries that values of
// the environment name, and says TMPDIR if nothing does.
func nameFresh(environment []string, fresh map[string]string) []string {
	out, named := make([]string, 0, len(environment)+1), false
	for _, variable := range environment {
		name, value, _ := strings.Cut(variable, "=")
		named = named || name == "TMPDIR"
		out = append(out, name+"="+inFresh(value, fresh))
	}
	if dir, ok := fresh["/tmp"]; ok && !named {
		out = append(out, "TMPDIR="+dir)
	}
	return out
}

// inFresh is a path in the directory of a launch, if it is a tmp entry or below one.
func inFresh(path string, fresh map[string]string) string {
	for entry, dir := range fresh {
		if path == entry || strings.HasPrefix(path, entry+"/") {
			return dir + strings.TrimPrefix(path, entry)
		}
	}
	return path
}
