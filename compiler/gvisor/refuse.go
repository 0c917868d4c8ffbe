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
	for _, link := range p.Filesystem.Links {
		if link.From == "/tmp" {
			// runsc/boot/vfs.go, mountTmp: it follows the link, and asks the mounts for /tmp alone.
			refusals = append(refusals, compiler.Refusal{
				At: link.At, Clause: policy.ClauseFilesystemLinks,
				Message: "runsc follows this link and covers an empty directory with one from which programs can be executed",
				Found:   "link /tmp", Expected: "no link that is /tmp", Hint: "leave it out, and set TMPDIR to the directory itself",
			})
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
	if e.Mode == policy.ModeAbsent && (e.Path == "/tmp" || within(e.Path, "/sys")) {
		return refuse("runsc cannot make this path absent, only inaccessible", "an absent path other than /tmp, and none in /sys",
			"use hide if EACCES is good enough")
	}
	closed := "" // the hidden directory that holds the entry
	for parent, ok := policy.Covering(entries, e.Path); ok; parent, ok = policy.Covering(entries, parent.Path) {
		under := string(parent.Mode) + " " + parent.Path + " (" + parent.At.String() + ")"
		switch {
		case parent.Mode == policy.ModeHide && e.Mode.Visible() && closed == "":
			closed = under
		case closed != "" && parent.Mode.Visible():
			return refuse("runsc cannot open a path inside a directory that it hides inside another entry",
				"no entry inside "+closed+", or none above that, but there is "+under,
				"name the other children of "+parent.Path+" instead of the directory")
		case parent.Mode == policy.ModeAbsent && e.Mode.Visible():
			return refuse("a path that does not exist cannot hold one that does", "no entry inside "+under, "hide the directory instead")
		case e.Mode == policy.ModeAbsent && parent.Mode.Visible():
			return refuse("runsc cannot make a path absent inside another entry", "no entry above it, but there is "+under,
				"use hide, or name the directory's other children instead of the directory")
		case parent.Mode == policy.ModeTmp:
			return refuse("a tmp directory starts empty, so nothing can be inside it", "no entry inside "+under, "")
		case e.Optional && parent.Mode.Visible() && parent.Mode.Narrowed(e.Mode):
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
