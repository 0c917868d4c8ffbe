package native

import (
	"slices"
	"strings"

	"confine/compiler"
	"confine/policy"
)

// rules are the rules of Landlock for the whole of [filesystem], in the order of the policy.
func rules(fs policy.Filesystem) []compiler.LandlockRule {
	var out []compiler.LandlockRule
	for _, e := range fs.Entries {
		access, ok := accessOf(e.Mode)
		if !ok {
			continue
		}
		out = append(out, compiler.LandlockRule{
			Path: e.Path, Access: access, Except: narrowedBelow(fs.Entries, e),
			Fresh: e.Mode == policy.ModeTmp, Optional: e.Optional,
		})
	}
	if fs.Proc == policy.ProcSelf {
		// The process itself alone: others of the machine are in the same /proc.
		out = append(out, compiler.LandlockRule{Path: "/proc/self", Access: compiler.LandlockRead})
	}
	if fs.Dev == policy.DevMinimal {
		// Without /dev/shm, which is everybody's.
		for _, device := range policy.MinimalDevices() {
			out = append(out, compiler.LandlockRule{Path: device, Access: compiler.LandlockDevice})
		}
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

// narrowedBelow are the nearest entries below e that have less access than e gives to all
// that it holds, sorted.
func narrowedBelow(entries []policy.PathEntry, e policy.PathEntry) []string {
	var except []string
	for _, below := range entries {
		if !strings.HasPrefix(below.Path, strings.TrimSuffix(e.Path, "/")+"/") || below.Path == e.Path || !narrows(e.Mode, below.Mode) {
			continue
		}
		except = append(except, below.Path)
	}
	slices.Sort(except)
	// What is below another one of them is beside the rule already.
	return slices.CompactFunc(except, func(a, b string) bool { return strings.HasPrefix(b, a+"/") })
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
