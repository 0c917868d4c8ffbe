// Package landlock says which Landlock rules a policy needs. It is pure; the
// stage in runner turns the rules into a ruleset of the running kernel.
//
// Landlock allows what is beneath a path and cannot take anything out again,
// and it has no right for mmap(2) with PROT_EXEC. So hide, read inside write,
// and map against read are left to the wrapper's mounts.
// See https://docs.kernel.org/userspace-api/landlock.html.
package landlock

import (
	"confine/compiler"
	"confine/policy"
)

// Rules returns the rules for the filesystem table, in the order of the policy.
func Rules(fs policy.Filesystem) []compiler.LandlockRule {
	var rules []compiler.LandlockRule
	for _, entry := range fs.Entries {
		access, ok := accessOf(entry.Mode)
		if !ok {
			continue
		}
		rules = append(rules, compiler.LandlockRule{Path: entry.Path, Access: access, Optional: entry.Optional})
	}
	if fs.Proc == policy.ProcSelf {
		// Processes that the program starts later have directories of their own,
		// so the rule must be on /proc; the wrapper hides what is not a process.
		rules = append(rules, compiler.LandlockRule{Path: "/proc", Access: compiler.LandlockRead})
	}
	if fs.Dev == policy.DevMinimal {
		for _, device := range policy.MinimalDevices() {
			rules = append(rules, compiler.LandlockRule{Path: device, Access: compiler.LandlockDevice})
		}
		rules = append(rules, compiler.LandlockRule{Path: "/dev/shm", Access: compiler.LandlockWrite})
	}
	return rules
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
