package native

import "confine/compiler"

// Known are the releases of Linux whose behaviour was measured, the oldest first: 6.12 is
// the first with version 6 of Landlock's interface, without which a program could send
// signals to processes outside. What later ones added is not relied on.
var Known = []compiler.Version{{Major: 6, Minor: 12}}

// LandlockVersion is that of the interface, see landlock(7), which Known stands for.
const LandlockVersion = 6

// CheckVersion says why nothing is compiled for a version, if so.
func CheckVersion(v compiler.Version) (compiler.Refusal, bool) {
	if v == Known[0] {
		return compiler.Refusal{}, false
	}
	r := compiler.Refusal{
		Clause: "backend", Message: "nothing is compiled for this version of Linux",
		Found: "Linux " + v.String(), Expected: "Linux " + Known[0].String() + ", whose bundle holds for every later one",
	}
	if v.Less(Known[0]) {
		r.Message = "Landlock of this version of Linux does not keep signals inside"
	}
	return r, true
}
