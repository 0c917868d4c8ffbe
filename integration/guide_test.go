//go:build linux

package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The guide is followed step by step, in one directory: files are written as they come, and
// every command ends with the code that its line says.
func TestGuide(t *testing.T) {
	t.Setenv("PATH", filepath.Dir(confine)+":"+os.Getenv("PATH"))
	dir := tree(t)
	fence := regexp.MustCompile("^```toml ([a-z.]+)$")
	exits := regexp.MustCompile(`# exits (\d+)$`)
	files, commands := 0, 0
	lines := strings.Split(read(t, "../docs/new-connector.md"), "\n")
	for i := 0; i < len(lines); i++ {
		if m := fence.FindStringSubmatch(lines[i]); m != nil {
			start := i + 1
			for i = start; lines[i] != "```"; i++ {
			}
			file(t, filepath.Join(dir, m[1]), strings.Join(lines[start:i], "\n")+"\n", 0o644)
			files++
			continue
		}
		command, indented := strings.CutPrefix(lines[i], "    ")
		if !indented || !strings.Contains(command, "confine ") {
			continue
		}
		code := 0
		if m := exits.FindStringSubmatch(command); m != nil {
			var err error
			if code, err = strconv.Atoi(m[1]); err != nil {
				t.Fatal(err)
			}
		}
		commands++
		cmd := exec.Command("/bin/bash", "-c", command)
		cmd.Dir = dir
		t.Log(command)
		finish(t, cmd).must(t, code)
	}
	if files < 4 || commands < 12 {
		t.Errorf("%d files and %d commands in the guide", files, commands)
	}
}
