package firejail

import (
	"path"
	"sort"
	"strings"
)

// missing is a name that no directory holds: "whitelist /run/" + missing leaves
// /run with nothing in it, in every version.
const missing = ".confine-none"

// unit is a directory that firejail's whitelist empties as a whole: the first
// component of a path, or the second for /usr (fs_whitelist.c, extract_topdir).
func unit(p string) string {
	parts := strings.SplitN(p, "/", 4)
	if len(parts) > 2 && parts[1] == "usr" {
		return "/usr/" + parts[2]
	}
	return "/" + parts[1]
}

// firstComponent of "/a/b" is "a".
func firstComponent(p string) string { return strings.SplitN(p, "/", 3)[1] }

// ancestors returns the directories above p, without "/", the nearest last.
func ancestors(p string) []string {
	var up []string
	for d := path.Dir(p); d != "/"; d = path.Dir(d) {
		up = append([]string{d}, up...)
	}
	return up
}

// within reports whether p is dir or lies below it.
func within(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }

type set map[string]bool

func (s set) add(values ...string) {
	for _, v := range values {
		s[v] = true
	}
}

func (s set) sorted() []string {
	out := make([]string, 0, len(s))
	for v := range s {
		out = append(out, v)
	}
	sort.Strings(out)
	return out
}
