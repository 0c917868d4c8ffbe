package gvisor

import (
	"path"

	"confine/compiler"
	"confine/policy"
)

// refuse names the clauses that runsc cannot enforce.
func refuse(p *policy.Policy) compiler.Refusals {
	var refusals compiler.Refusals
	for _, e := range p.Filesystem.Entries {
		if r, refused := refuseEntry(p.Filesystem.Entries, e); refused {
			refusals = append(refusals, r)
		}
	}
	for _, c := range p.Capabilities {
		refusals = append(refusals, compiler.Refusal{
			At: c.At, Clause: policy.ClauseCapabilitiesKeep, Message: "the guest's user gets no capability",
			Found: c.Name, Expected: "keep = []",
			Hint: "with one, what hides a path could be taken away: leave it out",
		})
	}
	return refusals
}

func refuseEntry(entries []policy.PathEntry, e policy.PathEntry) (compiler.Refusal, bool) {
	refuse := func(message, expected, hint string) (compiler.Refusal, bool) {
		return compiler.Refusal{
			At: e.At, Clause: policy.FilesystemClause(e.Mode), Message: message,
			Found: string(e.Mode) + " " + e.Path, Expected: expected, Hint: hint,
		}, true
	}
	if within(e.Path, "/sys") && e.Mode.Visible() && !within(e.Path, "/sys/fs/cgroup") {
		return refuse("the guest has no sysfs of the host's", "no entry in /sys but /sys/fs/cgroup, which is shown empty", "leave it out")
	}
	for parent, ok := covering(entries, e.Path); ok; parent, ok = covering(entries, parent.Path) {
		under := string(parent.Mode) + " " + parent.Path + " (" + parent.At.String() + ")"
		switch {
		case parent.Mode == policy.ModeAbsent && e.Mode.Visible():
			return refuse("a path that does not exist cannot hold one that does", "no entry inside "+under, "hide the directory instead")
		case e.Mode == policy.ModeAbsent && parent.Mode.Visible():
			return refuse("runsc cannot make a path absent inside another entry", "no entry above it, but there is "+under,
				"use hide, or name the directory's other children instead of the directory")
		case parent.Mode == policy.ModeTmp:
			return refuse("a tmp directory starts empty, so nothing can be inside it", "no entry inside "+under, "")
		case e.Optional && parent.Mode == policy.ModeWrite && e.Mode != policy.ModeWrite:
			return refuse("runsc can only restrict what is there when it starts", "a path that must be there (without \"?\"), inside "+under,
				"make the file before the start, even if it is empty")
		case parent.Mode == policy.ModeWrite && e.Mode != policy.ModeWrite && path.Dir(e.Path) != parent.Path:
			// Directly below, the entry is a mount point, which cannot be renamed.
			return refuse("the program could rename the directories in between, and this entry would mean other files",
				"an entry directly below "+under, "name the directory's children in write one by one instead of the directory")
		}
	}
	return compiler.Refusal{}, false
}
