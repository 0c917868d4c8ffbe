//go:build linux

package runner

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// sweepFirejailState removes what crashed sandboxes left in firejail's state: a
// file named after the pid of each, which a firejail that was killed could not
// remove. Our own launches by root leave none; those of ordinary callers do when
// runner, guard and firejail are killed at once, and only root can clean up then.
func sweepFirejailState(state string) {
	files, err := filepath.Glob(filepath.Join(state, "*", "[0-9]*"))
	if err != nil {
		return
	}
	for _, file := range files {
		// Some names go on after the number: 1234-dbus-user.
		number, _, _ := strings.Cut(filepath.Base(file), "-")
		pid, err := strconv.Atoi(number)
		if err != nil {
			continue
		}
		if _, alive := livingParent(pid); !alive {
			_ = os.Remove(file)
		}
	}
}
