package gvisor

import (
	"fmt"
	"path"
	"slices"
	"sort"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"confine/compiler"
	"confine/policy"
)

// rootfs is the skeleton's directory in a bundle. It is never the host's "/": runsc
// then shows the host's own directories in place of every bind (google/gvisor#14470).
const rootfs = "rootfs"

// closedFile and closedDirectory are empty, and nobody may open them. They are mounted
// over what is hidden: on a tmpfs the guest's user could give itself permission, even on
// one that is read-only.
const (
	closedFile      = "closed"
	closedDirectory = "closed.d"
)

// The permissions of the skeleton. What leads to entries can be passed through and
// not be listed. Mount points are covered; the gofer opens those that are files, and need
// not own them.
const (
	modePassage uint32 = 0o111
	modeListed  uint32 = 0o555
	modePoint   uint32 = 0o444
	modeClosed  uint32 = 0
)

// layout is the filesystem table said in mounts and a skeleton that has every mount
// point: runsc makes those that are missing, in the skeleton and even in what is bound
// (runsc/cmd/sandboxsetup).
type layout struct {
	fs     policy.Filesystem
	root   *compiler.Root
	nodes  map[string]compiler.Node
	mounts []specs.Mount
	// files are what the sandbox's gateway shows in place of the host's, by their paths.
	files map[string]string
	// replaced are entries that show something of the sandbox's own.
	replaced map[string]bool
	// residual can be passed through although no entry is there.
	residual []string
}

func layOut(fs policy.Filesystem, root *compiler.Root, files []compiler.GatewayFile) layout {
	l := layout{fs: fs, root: root, nodes: map[string]compiler.Node{}, files: map[string]string{}, replaced: map[string]bool{}}
	for _, f := range files {
		l.files[f.Path] = f.Text
	}
	l.node("", compiler.NodeDirectory, modePassage)
	l.kernelFilesystems()
	for _, e := range fs.Entries {
		l.place(e)
	}
	for _, link := range fs.Links {
		l.link(link)
	}
	l.closeTmp()
	// Parents first: the gofer mounts in this order, the sentry by the length of paths,
	// and where the two differ the guest sees other files.
	sort.SliceStable(l.mounts, func(i, j int) bool { return l.mounts[i].Destination < l.mounts[j].Destination })
	return l
}

// skeleton gives the nodes of the bundle, parents first.
func (l *layout) skeleton() []compiler.Node {
	nodes := []compiler.Node{
		{Path: closedFile, Kind: compiler.NodeFile, Mode: modeClosed}, {Path: closedDirectory, Kind: compiler.NodeDirectory, Mode: modeClosed},
	}
	for file, text := range l.files {
		nodes = append(nodes, compiler.Node{Path: path.Base(file), Kind: compiler.NodeFile, Mode: modePoint, Text: text})
	}
	for _, n := range l.nodes {
		nodes = append(nodes, n)
	}
	sort.Slice(nodes, func(i, j int) bool { return nodes[i].Path < nodes[j].Path })
	return nodes
}

// node puts something into the skeleton, with the directories that lead there.
func (l *layout) node(at string, kind compiler.NodeKind, mode uint32) {
	if at != "" {
		if up := strings.TrimSuffix(path.Dir(at), "/"); l.nodes[up].Kind == "" {
			l.node(up, compiler.NodeDirectory, modePassage)
		}
	}
	l.nodes[at] = compiler.Node{Path: rootfs + at, Kind: kind, Mode: mode}
}

func (l *layout) mount(destination, kind, source string, options ...string) {
	l.mounts = append(l.mounts, specs.Mount{Destination: destination, Type: kind, Source: source, Options: options})
}

// kindOf is what is at a path; without knowledge of the root a path that must be
// there is a directory.
func (l *layout) kindOf(e policy.PathEntry) (compiler.PathKind, bool) {
	_, ours := l.files[e.Path]
	switch {
	case l.root == nil && ours:
		return compiler.KindFile, !e.Optional
	case l.root == nil:
		return compiler.KindDirectory, !e.Optional
	}
	kind, ok := l.root.Kinds[e.Path]
	return kind, ok
}

// source is where the gofer finds a path of the policy.
func (l *layout) source(p string) string {
	if l.root == nil {
		return p
	}
	return l.root.Path + p
}

// hostPath is where the gofer finds a path of the host, whose root the program's need
// not be.
func (l *layout) hostPath(p string) string {
	if l.root == nil {
		return p
	}
	return l.root.Host + p
}

// place mounts one entry. What is named nowhere is not in the skeleton, so that an
// absent path, and a hidden one outside of what is bound, need nothing.
func (l *layout) place(e policy.PathEntry) {
	kind, there := l.kindOf(e)
	if e.Mode == policy.ModeAbsent || !there && e.Mode != policy.ModeTmp {
		return
	}
	parent, nested := l.bound(e.Path)
	switch {
	case e.Mode == policy.ModeHide && (!nested || within(e.Path, "/sys")):
		// What is shown in /sys is empty.
		return
	case e.Mode == policy.ModeHide && kind == compiler.KindDirectory:
		l.closeDirectory(e.Path)
		return
	case e.Mode == policy.ModeHide:
		l.closeFile(e.Path)
		return
	case within(e.Path, "/sys"):
		// An empty directory in the skeleton's /sys: the host's sysfs tells of the host.
		l.node(e.Path, compiler.NodeDirectory, modeListed)
		l.replaced[e.Path] = true
		return
	case !nested || parent.Mode == policy.ModeTmp:
		if kind == compiler.KindFile && e.Mode != policy.ModeTmp {
			l.node(e.Path, compiler.NodeFile, modePoint)
		} else {
			l.node(e.Path, compiler.NodeDirectory, modePassage)
		}
	}
	switch e.Mode {
	case policy.ModeTmp:
		options := []string{"nosuid", "noexec", "mode=1777"}
		if e.Size != 0 {
			options = append(options, fmt.Sprintf("size=%d", e.Size))
		}
		l.mount(e.Path, "tmpfs", "tmpfs", options...)
	case policy.ModeWrite:
		l.bind(e.Path, "rw", "noexec")
	case policy.ModeRead:
		if _, ours := l.files[e.Path]; ours {
			l.replaced[e.Path] = true
			l.mount(e.Path, "bind", path.Base(e.Path), "rbind", "nosuid", "ro", "noexec")
			return
		}
		l.bind(e.Path, "ro", "noexec")
	default:
		l.bind(e.Path, "ro")
	}
}

// bind mounts a path of the root file system with everything that is mounted below it:
// with a plain bind, runsc fails where something is.
func (l *layout) bind(p string, options ...string) {
	l.mount(p, "bind", l.source(p), append([]string{"rbind", "nosuid"}, options...)...)
}

// closeDirectory hides a directory: the guest has no capability that would open what
// has no permission bits.
func (l *layout) closeDirectory(p string) {
	l.mount(p, "bind", closedDirectory, "rbind", "nosuid", "ro", "noexec")
}

// closeFile hides a file: runsc mounts no tmpfs on one.
func (l *layout) closeFile(p string) {
	l.mount(p, "bind", closedFile, "rbind", "nosuid", "ro", "noexec")
}

// bound finds the nearest entry above a path that shows something there.
func (l *layout) bound(p string) (policy.PathEntry, bool) {
	entry, ok := policy.Covering(l.fs.Entries, p)
	if !ok || !entry.Mode.Visible() {
		return policy.PathEntry{}, false
	}
	_, there := l.kindOf(entry)
	return entry, there || entry.Mode == policy.ModeTmp
}

// link puts a link of the policy into the skeleton, unless the directory that holds it
// is bound, where the host's own is, or not there.
func (l *layout) link(link policy.Link) {
	if holder, held := policy.Covering(l.fs.Entries, link.From); held {
		if _, bound := l.bound(link.From); bound || !holder.Mode.Visible() {
			return
		}
	}
	if _, taken := l.nodes[link.From]; taken || kernels(link.From) || !l.leadsAnywhere(link.To) {
		return
	}
	l.alias(link.From, link.To)
	for up := path.Dir(link.From); up != "/"; up = path.Dir(up) {
		l.passThrough(up)
	}
}

// passThrough notes a directory of the skeleton that leads to what is shown.
func (l *layout) passThrough(directory string) {
	if !slices.Contains(l.residual, directory) {
		l.residual = append(l.residual, directory)
	}
}

// leadsAnywhere reports whether something is shown at, above or below a path.
func (l *layout) leadsAnywhere(p string) bool {
	if within(p, "/proc") && l.fs.Proc == policy.ProcSelf || within(p, "/dev") && l.fs.Dev == policy.DevMinimal {
		return true
	}
	for _, e := range l.fs.Entries {
		if _, there := l.kindOf(e); e.Mode.Visible() && (there || e.Mode == policy.ModeTmp) && (within(p, e.Path) || within(e.Path, p)) {
			return true
		}
	}
	return false
}

// closeTmp keeps runsc from giving a writable /tmp to a root file system that has none
// or an empty one (runsc/boot/vfs.go, mountTmp). It only asks where nothing is mounted
// on /tmp, and without confine the gofer may not even list it.
func (l *layout) closeTmp() {
	if slices.ContainsFunc(l.mounts, func(m specs.Mount) bool { return m.Destination == "/tmp" }) {
		return
	}
	for at := range l.nodes {
		if within(at, "/tmp") {
			l.own("/tmp")
			return
		}
	}
	for _, e := range l.fs.Entries {
		if e.Mode == policy.ModeAbsent && strings.HasPrefix(e.Path, "/tmp/") {
			// In a closed directory a name is not missing but forbidden.
			l.node("/tmp", compiler.NodeDirectory, modePassage)
			l.own("/tmp")
			l.passThrough("/tmp")
			return
		}
	}
	l.node("/tmp", compiler.NodeDirectory, modeClosed)
	l.closeDirectory("/tmp")
}
