package native

import (
	"confine/compiler"
	"confine/policy"
)

// refuse names the clauses that the kernel alone cannot enforce.
func refuse(p *policy.Policy) compiler.Refusals {
	var refusals compiler.Refusals
	for _, e := range p.Filesystem.Entries {
		if r, refused := refuseEntry(p.Filesystem.Entries, e); refused {
			refusals = append(refusals, r)
		}
	}
	for _, c := range p.Capabilities {
		refusals = append(refusals, compiler.Refusal{
			At: c.At, Clause: policy.ClauseCapabilitiesKeep, Message: "the program's user gets no capability",
			Found: c.Name, Expected: "keep = []",
			Hint: "with one it could take the sandbox away: leave it out",
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
	for parent, ok := policy.Covering(entries, e.Path); ok; parent, ok = policy.Covering(entries, parent.Path) {
		under := string(parent.Mode) + " " + parent.Path + " (" + parent.At.String() + ")"
		switch {
		case parent.Mode == policy.ModeTmp:
			return refuse("a tmp directory starts empty, so nothing can be inside it", "no entry inside "+under, "")
		case parent.Mode == policy.ModeWrite && narrows(parent.Mode, e.Mode):
			return refuse("Landlock cannot take a path out of a directory that is written to",
				"no such entry inside "+under, "name the directory's children in write one by one instead of the directory")
		case parent.Mode.Visible() && e.Mode == policy.ModeAbsent:
			return refuse("Landlock hides what is in a path and not the path", "an absent path with no entry above it, but there is "+under,
				"use hide if EACCES is good enough")
		case parent.Mode == policy.ModeAbsent && e.Mode.Visible():
			return refuse("a path that does not exist cannot hold one that does", "no entry inside "+under, "hide the directory instead")
		}
	}
	return compiler.Refusal{}, false
}
