//go:build linux

package runner

import (
	"fmt"
	"strings"
	"testing"

	"confine/compiler/native"
)

// A kernel whose Landlock lacks something is refused, whatever the policy: nothing is left
// out for it.
func TestNativeNeedsLandlock(t *testing.T) {
	for version := range native.LandlockVersion + 2 {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			problems := Host{Landlock: version, Kernel: "6.1.9"}.nativeProblems(nil)
			if version >= native.LandlockVersion {
				if len(problems) > 0 {
					t.Fatalf("refused: %v", problems)
				}
				return
			}
			if len(problems) != 1 {
				t.Fatalf("%d problems, not 1: %v", len(problems), problems)
			}
			p := problems[0]
			mustContain(t, "found", p.Found, "6.1.9")
			mustContain(t, "expected", p.Expected, fmt.Sprintf("version %d", native.LandlockVersion))
			if none := strings.Contains(p.Expected, "lsm="); none != (version == 0) {
				t.Errorf("lsm= is named: %v, in %q", none, p.Expected)
			}
		})
	}
}
