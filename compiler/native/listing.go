package native

import (
	"bytes"
	"fmt"

	"confine/compiler"
)

// RulesName is the artifact that lists the rules of Landlock, for people.
const RulesName = "landlock.txt"

func listRules(rules []compiler.LandlockRule) []byte {
	var out bytes.Buffer
	for _, r := range rules {
		fmt.Fprintf(&out, "%-8s %s", r.Access, r.Path)
		if r.Fresh {
			out.WriteString(", a fresh directory in it")
		}
		if r.Optional {
			out.WriteString(", if it is there")
		}
		out.WriteByte('\n')
		for _, except := range r.Except {
			fmt.Fprintf(&out, "%-8s   not %s\n", "", except)
		}
	}
	return out.Bytes()
}
