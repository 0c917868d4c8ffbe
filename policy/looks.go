package policy

import "unicode/utf8"

// LooksLikePolicy reports whether a file with the ending of a policy may be meant as one:
// it has a key that the top of policies has, other than name and description, which many
// files have, or it cannot be read.
func LooksLikePolicy(src []byte) bool {
	if len(src) > MaxSource || !utf8.Valid(src) {
		return true
	}
	doc := scan(string(src))
	if doc.failure != nil || doc.invalid || len(doc.root.members) == 0 {
		return true
	}
	for _, m := range doc.root.members {
		if known("", m.name) && m.name != "name" && m.name != "description" {
			return true
		}
	}
	return false
}
