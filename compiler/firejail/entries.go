package firejail

import (
	"strings"

	"confine/compiler"
	"confine/policy"
)

// refuseEntry names the entries that firejail cannot enforce.
func refuseEntry(entries []policy.PathEntry, e policy.PathEntry) (compiler.Refusal, bool) {
	refuse := func(message, expected, hint string) (compiler.Refusal, bool) {
		return compiler.Refusal{
			At: e.At, Clause: "filesystem." + string(e.Mode), Message: message,
			Found: string(e.Mode) + " " + e.Path, Expected: expected, Hint: hint,
		}, true
	}
	if why := inexpressible(e.Path); why != "" {
		return refuse("this path cannot be written in a firejail profile", why, "rename the file, or use another backend")
	}
	for _, foreign := range []string{"/home", "/root", "/run/user", "/run/firejail"} {
		if e.Path == foreign || strings.HasPrefix(e.Path, foreign+"/") {
			if granted(e.Mode) {
				return refuse("firejail replaces "+foreign+" with a directory of its own",
					"a path outside /home, /root, /run/user and /run/firejail", "install the program below /opt or /srv")
			}
		}
	}
	if e.Mode == policy.ModeAbsent && (e.Path == unit(e.Path) || e.Path == "/usr" || strings.HasPrefix(e.Path, "/sys/")) {
		return refuse("firejail cannot make this path absent, only inaccessible",
			"a path at least two levels deep (three below /usr) and not in /sys", "use hide if EACCES is good enough")
	}
	for parent, ok := covering(entries, e.Path); ok; parent, ok = covering(entries, parent.Path) {
		if refusal, refused := refuseNested(refuse, parent, e); refused {
			return refusal, true
		}
	}
	return compiler.Refusal{}, false
}

// refuseNested names the combinations of an entry and one above it that mounts
// cannot express: firejail's read-only, noexec and blacklist only ever add.
func refuseNested(
	refuse func(message, expected, hint string) (compiler.Refusal, bool), parent, e policy.PathEntry,
) (compiler.Refusal, bool) {
	under := string(parent.Mode) + " " + parent.Path + " (" + parent.At.String() + ")"
	switch {
	case !granted(parent.Mode) && granted(e.Mode):
		return refuse("firejail cannot open a path inside a closed one", "no entry inside "+under,
			"name what is to be visible, and leave the rest unnamed")
	case parent.Mode == policy.ModeTmp:
		return refuse("a tmp directory starts empty, so nothing can be inside it", "no entry inside "+under, "")
	case e.Mode == policy.ModeAbsent:
		return refuse("firejail cannot make a path absent inside a visible directory", "no entry above it, but there is "+under,
			"use hide, or name the directory's other children instead of the directory")
	case (e.Mode == policy.ModeExec || e.Mode == policy.ModeMap) &&
		(parent.Mode == policy.ModeRead || parent.Mode == policy.ModeWrite):
		return refuse("firejail cannot lift noexec inside a directory", "no read or write entry above it, but there is "+under,
			"name the directory's children one by one")
	}
	return compiler.Refusal{}, false
}
