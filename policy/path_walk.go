package policy

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// pathClass is a set of paths that one policy answers alike.
type pathClass int

// The classes of /proc and /dev; every device has one more, below the last. From 0 on
// it is the entry that decides.
const (
	classUnnamed pathClass = -1 - iota
	classProcOwn
	classProcOther
	classDevOther
	classDevShm
	classDevDescriptor
	classDevice
)

// pathTree holds the paths that one policy names, component by component. It is walked
// from the root as the kernel walks a path: every link is followed where it is met.
type pathTree struct {
	children map[string]*pathTree
	class    pathClass
	// beyond is the class of the paths below that are not in the tree.
	beyond pathClass
	// link is where a symbolic link leads to, or nil.
	link *pathTree
}

func (t *pathTree) insert(path string) *pathTree {
	for _, name := range strings.Split(path[1:], "/") {
		next := t.children[name]
		if next == nil {
			next = &pathTree{class: classUnnamed}
			if t.children == nil {
				t.children = map[string]*pathTree{}
			}
			t.children[name] = next
		}
		t = next
	}
	return t
}

// pathTree gives the tree of the paths of f.
func (f *Filesystem) pathTree() *pathTree {
	root := &pathTree{class: classUnnamed}
	for i, e := range f.Entries {
		root.insert(e.Path).class = pathClass(i)
	}
	for _, l := range f.Links {
		root.insert(l.From).link = root.insert(l.To)
	}
	root.classify(classUnnamed)
	// The decision about these looks at the first name below them, and no further.
	proc := root.insert("/proc")
	proc.insert("/1")
	for _, name := range ownProc {
		proc.insert("/" + name)
	}
	proc.classifyAs(classProcOwn, classProcOther)
	for name, child := range proc.children {
		class := classProcOther
		if contains(ownProc, name) || strings.Trim(name, "0123456789") == "" {
			class = classProcOwn
		}
		child.classify(class)
	}
	dev := root.insert("/dev")
	dev.insert("/shm")
	dev.insert("/fd")
	for _, alias := range []string{"/stdin", "/stdout", "/stderr"} {
		dev.insert(alias)
	}
	for _, device := range MinimalDevices() {
		dev.insert(strings.TrimPrefix(device, "/dev"))
	}
	dev.classifyAs(classDevOther, classDevOther)
	for name, child := range dev.children {
		switch i := slices.Index(MinimalDevices(), "/dev/"+name); {
		case name == "shm":
			child.classify(classDevShm)
		case name == "fd":
			child.classify(classDevDescriptor)
		case descriptorAlias("/dev/"+name) != "/dev/"+name:
			child.classify(classDevOther)
			child.classifyAs(classDevDescriptor, classDevOther)
		case i >= 0:
			child.classify(classDevOther)
			child.classifyAs(classDevice-pathClass(i), classDevOther)
		default:
			child.classify(classDevOther)
		}
	}
	return root
}

// classify gives everything below t that no entry names the class of the nearest entry
// above.
func (t *pathTree) classify(inherited pathClass) {
	if t.class < 0 {
		t.class = inherited
	}
	t.beyond = t.class
	for _, child := range t.children {
		child.classify(t.class)
	}
}

func (t *pathTree) classifyAs(class, beyond pathClass) { t.class, t.beyond = class, beyond }

// pathState is how far one policy knows the path that was walked.
type pathState struct {
	// tree is nil where the path has left the tree.
	tree  *pathTree
	class pathClass
}

func (s pathState) step(name string) pathState {
	if s.tree == nil {
		return s
	}
	next, ok := s.tree.children[name]
	switch {
	case !ok:
		return pathState{nil, s.tree.beyond}
	case next.link != nil:
		// A link leads to a real path: checkLinks refuses any other.
		next = next.link
	}
	return pathState{next, next.class}
}

// maxPathStates bounds a walk: links can make as many pairs of places as the product of
// what two policies name.
const maxPathStates = 1 << 20

// telling gives paths that tell two policies apart: wherever the two differ about some
// path, they differ about one of these. It walks both trees at once, and takes one path,
// a shortest, for every pair of classes that it meets. ok is false where links make too
// many.
func telling(older, newer *Filesystem) (paths []string, ok bool) {
	type pair struct{ older, newer pathState }
	type visit struct {
		pair
		name   string
		parent int
	}
	a, b := older.pathTree(), newer.pathTree()
	start := pair{pathState{a, a.class}, pathState{b, b.class}}
	queue := []visit{{start, "", -1}}
	seen := map[pair]bool{start: true}
	told := map[[2]pathClass]bool{}
	fresh := freshName(a, b)
	for at := 0; at < len(queue); at++ {
		here := queue[at]
		if classes := [2]pathClass{here.older.class, here.newer.class}; !told[classes] {
			told[classes] = true
			var names []string
			for i := at; i > 0; i = queue[i].parent {
				names = append(names, queue[i].name)
			}
			slices.Reverse(names)
			paths = append(paths, "/"+strings.Join(names, "/"))
		}
		names := []string{fresh}
		for _, s := range []pathState{here.older, here.newer} {
			if s.tree != nil {
				names = slices.AppendSeq(names, maps.Keys(s.tree.children))
			}
		}
		if len(names) == 1 && here.older.tree == nil && here.newer.tree == nil {
			continue
		}
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			next := pair{here.older.step(name), here.newer.step(name)}
			if seen[next] {
				continue
			}
			if len(queue) == maxPathStates {
				return nil, false
			}
			seen[next] = true
			queue = append(queue, visit{next, name, at})
		}
	}
	return paths, true
}

// freshName gives a component that neither tree has.
func freshName(trees ...*pathTree) string {
	taken := map[string]bool{}
	var note func(*pathTree)
	note = func(t *pathTree) {
		for name, child := range t.children {
			taken[name] = true
			note(child)
		}
	}
	for _, t := range trees {
		note(t)
	}
	name := "x"
	for i := 1; taken[name]; i++ {
		name = "x" + strconv.Itoa(i)
	}
	return name
}
