package native

import (
	"sort"
	"strings"

	"confine/compiler"
	"confine/policy"
)

// rules are the rules of Landlock for the whole of [filesystem], in the order of the policy.
// own says that the launch has mounts and processes of its own.
func rules(fs policy.Filesystem, own bool) []compiler.LandlockRule {
	var out []compiler.LandlockRule
	for _, e := range fs.Entries {
		access, ok := accessOf(e.Mode)
		if !ok {
			continue
		}
		out = append(out, compiler.LandlockRule{
			Path: e.Path, Access: access, Except: narrowedBelow(fs.Entries, e),
			Fresh: e.Mode == policy.ModeTmp && !own, Optional: e.Optional,
		})
	}
	switch {
	case fs.Proc == policy.ProcSelf && own:
		out = append(out, compiler.LandlockRule{Path: "/proc", Access: compiler.LandlockRead})
	case fs.Proc == policy.ProcSelf:
		// The process itself alone: others of the machine are in the same /proc.
		out = append(out, compiler.LandlockRule{Path: "/proc/self", Access: compiler.LandlockRead})
	}
	if fs.Dev == policy.DevMinimal {
		for _, device := range policy.MinimalDevices() {
			out = append(out, compiler.LandlockRule{Path: device, Access: compiler.LandlockDevice})
		}
		if own {
			out = append(out, compiler.LandlockRule{Path: "/dev/shm", Access: compiler.LandlockWrite})
		} // else it is everybody's
	}
	return out
}

func accessOf(mode policy.PathMode) (compiler.LandlockAccess, bool) {
	switch mode {
	case policy.ModeRead, policy.ModeMap:
		return compiler.LandlockRead, true
	case policy.ModeExec:
		return compiler.LandlockExecute, true
	case policy.ModeWrite, policy.ModeTmp:
		return compiler.LandlockWrite, true
	}
	return "", false
}

// narrowedBelow are the entries below e that have less access than e gives to all
// that it holds, sorted.
func narrowedBelow(entries []policy.PathEntry, e policy.PathEntry) []string {
	var except []string
	// The entries are sorted by path, so those below are a run of them: looking at all for each
	// would take minutes for the most paths that a file can have.
	inside := strings.TrimSuffix(e.Path, "/") + "/"
	first := sort.Search(len(entries), func(i int) bool { return entries[i].Path >= inside })
	for _, below := range entries[first:] {
		if !strings.HasPrefix(below.Path, inside) {
			break
		}
		if below.Path != e.Path && narrows(e.Mode, below.Mode) {
			except = append(except, below.Path)
		}
	}
	return except
}

// narrows reports whether an entry of one mode needs rights taken away again that one above
// it gives. Landlock does not tell map from read.
func narrows(above, below policy.PathMode) bool {
	outer, _ := accessOf(above)
	inner, visible := accessOf(below)
	switch {
	case !visible:
		return true
	case outer == compiler.LandlockRead:
		return false
	}
	return inner != outer
}
