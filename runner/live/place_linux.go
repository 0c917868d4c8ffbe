package live

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/compiler/backends"
	"confine/policy"
	"confine/runner"
)

// place is a fresh directory with the prober and what it gets.
type place struct {
	directory string
	// program is the prober, order the file of the attempts, and receipt that of the launch.
	program, order, receipt string
}

// candidates are where a fresh directory is made. In those of a root caller nobody else
// could change what is in it.
func candidates() []string {
	if os.Getuid() == 0 {
		return []string{"/srv", "/opt", "/var/lib", "/usr/local/lib", "/mnt"}
	}
	shared := []string{"/tmp", "/var/tmp"}
	if home, err := os.UserHomeDir(); err == nil {
		return append([]string{home}, shared...)
	}
	return shared
}

// newPlace copies the running program to a directory of which the policy says nothing, or
// lets it be read at most: one more entry there changes nothing beside it.
func newPlace(p *policy.Policy, backend string) (*place, error) {
	var problems []string
	for _, parent := range candidates() {
		made, err := placeIn(p, parent, backend)
		if err == nil {
			return made, nil
		}
		problems = append(problems, err.Error())
	}
	return nil, fmt.Errorf("there is no place for the prober that the policy leaves alone\n  found     %s\n"+
		"  expected  a directory in which programs can run, and which the policy neither writes nor hides",
		strings.Join(problems, "\n            "))
}

func placeIn(p *policy.Policy, parent, backend string) (*place, error) {
	if err := usable(p, parent); err != nil {
		return nil, err
	}
	made, err := makePlace(parent)
	if err != nil {
		return nil, err
	}
	if err := made.enforceable(p, backend); err != nil {
		made.remove()
		return nil, err
	}
	return made, nil
}

// enforceable asks the compilers of the backend, any of them for auto, whether they take
// the entry of the prober. What else they refuse is told by the launch.
func (p *place) enforceable(tested *policy.Policy, backend string) error {
	names := []string{backend}
	if backend == runner.BackendAuto {
		names = backends.Names()
	}
	var objection error
	for _, name := range names {
		version, err := backends.DefaultVersion(compiler.Backend(name))
		if err != nil {
			return err
		}
		target := compiler.Target{Backend: compiler.Backend(name), Version: version, Arch: machine()}
		_, _, err = backends.Launched(p.admit(tested), target, time.Now())
		var refusals compiler.Refusals
		if !errors.As(err, &refusals) {
			return nil
		}
		i := slices.IndexFunc(refusals, func(r compiler.Refusal) bool { return strings.Contains(r.Found, p.directory) })
		if i < 0 {
			return nil
		}
		objection = errors.New(refusals[i].Message)
	}
	return objection
}

func usable(p *policy.Policy, parent string) error {
	real, err := filepath.EvalSymlinks(parent)
	if err != nil {
		return err
	}
	if real != parent {
		return fmt.Errorf("%s leads to %s", parent, real)
	}
	if e, ok := p.Filesystem.Entry(parent); ok && e.Mode != policy.ModeRead {
		return fmt.Errorf("%s: filesystem.%s names %s (%s)", parent, e.Mode, e.Path, e.At)
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(parent, &fs); err != nil {
		return fmt.Errorf("%s: %w", parent, err)
	}
	if fs.Flags&(unix.ST_NOEXEC|unix.ST_RDONLY) != 0 {
		return fmt.Errorf("%s is mounted noexec or read-only", parent)
	}
	return nil
}

func makePlace(parent string) (_ *place, err error) {
	directory, err := os.MkdirTemp(parent, "confine-live-")
	if err != nil {
		return nil, err
	}
	made := &place{
		directory: directory,
		// The name that the tests' own binary knows itself by.
		program: filepath.Join(directory, "confine"),
		order:   filepath.Join(directory, "attempts.json"),
		receipt: filepath.Join(directory, "receipt.json"),
	}
	defer func() {
		if err != nil {
			made.remove()
		}
	}()
	// The program's user is another one; it has nothing to read here but its order.
	if err := os.Chmod(directory, 0o755); err != nil {
		return nil, err
	}
	return made, copySelf(made.program)
}

func (p *place) remove() { _ = os.RemoveAll(p.directory) }

func copySelf(name string) error {
	from, err := os.Open("/proc/self/exe")
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Chmod(0o755), to.Close())
}

// checkStatic refuses a program that the policy's libraries would have to start.
func checkStatic(name string) error {
	if loader := interpreter(name); loader != "" {
		return fmt.Errorf("this confine is started by %s, so that it cannot run inside a sandbox without libraries\n"+
			"  instead   build it with CGO_ENABLED=0", loader)
	}
	return nil
}

// interpreter gives the real path of what starts a program: the first word of a script,
// or the dynamic loader; "" is nothing, or that the file cannot be read.
func interpreter(name string) string {
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	const longest = 256 // BINPRM_BUF_SIZE, linux/binfmts.h
	start := make([]byte, longest)
	n, _ := io.ReadFull(f, start)
	found := ""
	if rest, script := strings.CutPrefix(string(start[:n]), "#!"); script {
		line, _, _ := strings.Cut(rest, "\n")
		if words := strings.Fields(line); len(words) > 0 {
			found = words[0]
		}
	} else {
		found = loader(f)
	}
	if found == "" {
		return ""
	}
	if real, err := filepath.EvalSymlinks(found); err == nil {
		return real
	}
	return found
}

// loader gives the interpreter that a dynamic program names, see elf(5).
func loader(r io.ReaderAt) string {
	program, err := elf.NewFile(r)
	if err != nil {
		return ""
	}
	for _, header := range program.Progs {
		if header.Type != elf.PT_INTERP || header.Filesz > unix.PathMax {
			continue
		}
		name := make([]byte, header.Filesz)
		if _, err := header.ReadAt(name, 0); err == nil {
			return unix.ByteSliceToString(name)
		}
	}
	return ""
}

// admit gives the policy with one more entry: the prober may be executed. A policy that
// names no working directory starts there too.
func (p *place) admit(tested *policy.Policy) *policy.Policy {
	changed := *tested
	changed.Filesystem.Entries = append(slices.Clone(tested.Filesystem.Entries), policy.PathEntry{
		Path: p.directory, Mode: policy.ModeExec,
	})
	sort.Slice(changed.Filesystem.Entries, func(i, j int) bool {
		return changed.Filesystem.Entries[i].Path < changed.Filesystem.Entries[j].Path
	})
	if changed.Process.Directory == "" {
		changed.Process.Directory = p.directory
	}
	return &changed
}
