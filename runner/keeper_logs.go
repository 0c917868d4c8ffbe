//go:build linux

package runner

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
)

// sandboxDied finds in the logs of runsc and of the sentry whether it was the sandbox
// that was killed under the program: the exit code is the same when the program's own
// process was.
func sandboxDied() bool {
	return diedBy(readLogs("run"), readLogs("boot"))
}

// diedBy takes the logs of the two. Without the sentry runsc cannot wait for the guest
// (runsc/sandbox/sandbox.go, Wait). The gofer is killed at every end, but after the guest
// has ended (runsc/container/container.go, Wait; runsc/cmd/boot.go).
func diedBy(runsc, sentry []byte) bool {
	if bytes.Contains(runsc, []byte("Will try waiting on the sandbox process instead")) {
		return true
	}
	gofer, killed := stampOf(runsc, "Gofer process (PID=", "exit code = -1")
	end, ended := stampOf(sentry, "application exiting with ")
	return killed && (!ended || gofer < end)
}

// stampOf gives the time of the first line that has all the words. It can be compared as
// text: "1128 04:15:24.620278", after one letter for the level.
func stampOf(log []byte, words ...string) (string, bool) {
	const stamp = len("1128 04:15:24.620278")
	for line := range strings.Lines(string(log)) {
		found := len(line) > stamp
		for _, word := range words {
			found = found && strings.Contains(line, word)
		}
		if found {
			return line[1 : 1+stamp], true
		}
	}
	return "", false
}

func readLogs(command string) []byte {
	files, err := filepath.Glob(strings.ReplaceAll(keeperDebug, "%COMMAND%", command))
	if err != nil {
		return nil
	}
	var all []byte
	for _, file := range files {
		if data, err := os.ReadFile(file); err == nil {
			all = append(all, data...)
		}
	}
	return all
}
