package firejail

import (
	"path"

	"confine/compiler"
	"confine/policy"
)

// refuser makes the refusal of one entry.
type refuser func(message, expected, hint string) (compiler.Refusal, bool)

// refuseEntry names the entries that firejail cannot enforce.
func refuseEntry(entries []policy.PathEntry, e policy.PathEntry, release Release) (compiler.Refusal, bool) {
	refuse := func(message, expected, hint string) (compiler.Refusal, bool) {
		return compiler.Refusal{
			At: e.At, Clause: policy.FilesystemClause(e.Mode), Message: message,
			Found: string(e.Mode) + " " + e.Path, Expected: expected, Hint: hint,
		}, true
	}
	if why := inexpressible(e.Path); why != "" {
		return refuseSpelling(policy.FilesystemClause(e.Mode), e.At, string(e.Mode)+" "+e.Path, why), true
	}
	check := refuseGranted
	switch e.Mode {
	case policy.ModeHide:
		check = refuseHidden
	case policy.ModeAbsent:
		check = refuseAbsent
	}
	if refusal, refused := check(refuse, e, release); refused {
		return refusal, true
	}
	for parent, ok := policy.Covering(entries, e.Path); ok; parent, ok = policy.Covering(entries, parent.Path) {
		if refusal, refused := refuseNested(refuse, parent, e); refused {
			return refusal, true
		}
	}
	return compiler.Refusal{}, false
}

// refuseSpelling refuses a path whose characters a profile cannot hold.
func refuseSpelling(clause string, at policy.Position, found, why string) compiler.Refusal {
	return compiler.Refusal{
		At: at, Clause: clause, Message: "this path cannot be written in a firejail profile: " + why,
		Found: found, Expected: "a path of " + expressible,
		Hint: "rename what it names",
	}
}

// refuseGranted refuses what firejail would replace, close or keep read-only.
func refuseGranted(refuse refuser, e policy.PathEntry, release Release) (compiler.Refusal, bool) {
	b, found := builtinAt(e.Path, release)
	switch {
	case e.Path == "/run":
		return refuse("firejail's own state is in /run, so it cannot be given as a whole", "a path below /run",
			"name what the program needs there")
	case !found:
	case b.copied() && e.Mode == policy.ModeRead:
	case e.Mode == policy.ModeTmp && e.Size == 0 && ownTmp(e.Path):
	case b.keeps:
		return refuse("firejail "+b.does, "a path outside /home, /root, /run/user and /run/firejail",
			"install the program below /opt or /srv")
	default:
		return refuse("firejail "+b.does, "a path outside "+b.path, "")
	}
	if dir, ok := readOnlyAbove(e.Path); ok && e.Mode == policy.ModeTmp {
		return refuse("firejail keeps "+dir+" read-only", "a directory outside "+dir, "use one below /srv or /var")
	}
	return compiler.Refusal{}, false
}

// refuseHidden refuses what firejail needs, and would leave open or not start
// without.
func refuseHidden(refuse refuser, e policy.PathEntry, _ Release) (compiler.Refusal, bool) {
	switch {
	case e.Path == "/run" || within(e.Path, "/run/firejail"):
		return refuse("firejail cannot hide a directory that it works in", "no entry for "+e.Path,
			"leave it out: what is named nowhere is hidden")
	case e.Path == "/usr/bin/firejail":
		return refuse("firejail never hides its own program", "no entry for "+e.Path,
			"name the programs in exec one by one instead of their directory")
	}
	return compiler.Refusal{}, false
}

// refuseAbsent refuses what no empty unit makes absent.
func refuseAbsent(refuse refuser, e policy.PathEntry, release Release) (compiler.Refusal, bool) {
	const hint = "use hide if EACCES is good enough"
	if b, found := builtinAt(e.Path, release); found && b.keeps {
		return refuse("firejail "+b.does, "a path outside /home, /root, /run/user and /run/firejail", hint)
	}
	if e.Path == unit(e.Path) || within(e.Path, "/sys") {
		return refuse("firejail cannot make this path absent, only inaccessible",
			"a path at least two levels deep (three below /usr) and not in /sys", hint)
	}
	return compiler.Refusal{}, false
}

// refuseNested names the combinations of an entry and one above it that mounts
// and Landlock cannot express: both only ever add, firejail's read-only, noexec
// and blacklist to what is closed, Landlock to what is open.
func refuseNested(refuse refuser, parent, e policy.PathEntry) (compiler.Refusal, bool) {
	under := string(parent.Mode) + " " + parent.Path + " (" + parent.At.String() + ")"
	switch {
	case !parent.Mode.Visible() && e.Mode.Visible():
		return refuse("firejail cannot open a path inside a closed one", "no entry inside "+under,
			"name what is to be visible, and leave the rest unnamed")
	case parent.Mode == policy.ModeTmp:
		return refuse("a tmp directory starts empty, so nothing can be inside it", "no entry inside "+under, "")
	case e.Mode == policy.ModeAbsent && parent.Mode != policy.ModeAbsent:
		return refuse("firejail cannot make a path absent inside another entry", "no entry above it, but there is "+under,
			"use hide, or name the directory's other children instead of the directory")
	case (e.Mode == policy.ModeExec || e.Mode == policy.ModeMap) &&
		(parent.Mode == policy.ModeRead || parent.Mode == policy.ModeWrite):
		return refuse("firejail cannot lift noexec inside a directory", "no read or write entry above it, but there is "+under,
			"name the directory's children one by one")
	case e.Mode == policy.ModeMap && parent.Mode == policy.ModeExec:
		// A file that can be mapped has a mount without noexec, and Landlock's right
		// to execute what lies below the parent cannot be taken away.
		return refuse("firejail cannot take execve away inside an exec directory and leave mmap",
			"no exec entry above it, but there is "+under, "name the programs in exec one by one, or read instead of map")
	case e.Mode == policy.ModeTmp && parent.Mode != policy.ModeWrite:
		return refuse("firejail cannot lift read-only from a tmp directory", "no entry above it but write, and there is "+under,
			"name the directory's other children instead of the directory")
	case parent.Mode == policy.ModeWrite && parent.Mode.Narrowed(e.Mode) && path.Dir(e.Path) != parent.Path:
		// Directly below, the entry is a mount point, which cannot be renamed.
		return refuse("the program could rename the directories in between, and this entry would mean other files",
			"an entry directly below "+under, "name the directory's children in write one by one instead of the directory")
	case e.Optional && parent.Mode.Visible() && parent.Mode.Narrowed(e.Mode):
		return refuse("firejail can only restrict what is there when it starts",
			"a path that must be there (without \"?\"), inside "+under, "make the file before the start, even if it is empty")
	}
	return compiler.Refusal{}, false
}
