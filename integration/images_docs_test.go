//go:build linux

package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// keepsPromises runs the commands of the page about images, one after the other, as in a clone
// of the repository that has been built.
func (d dockerEngine) keepsPromises(t *testing.T) {
	finish(t, d.cmd("tag", baseImage, "airbyte/source-declarative-manifest")).must(t, 0)
	dir := tree(t)
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(here, filepath.Join(dir, "integration")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	copyFile(t, confine, filepath.Join(dir, "bin", "confine"), 0o755)
	var commands []string
	for _, line := range strings.Split(read(t, "../docs/images.md"), "\n") {
		if command, found := strings.CutPrefix(line, "$ "); found && command != "make build" {
			commands = append(commands, command)
		}
	}
	if len(commands) == 0 {
		t.Fatal("no commands")
	}
	cmd := d.cmd()
	cmd.Path, cmd.Args, cmd.Dir = "/bin/sh", []string{"sh", "-exc", strings.Join(commands, "\n")}, dir
	cmd.Env = append(cmd.Env, "PATH="+imagesHome+"/engine/usr/bin:/usr/bin:/bin")
	if o := finish(t, cmd).must(t, 0); !strings.Contains(o.stdout, `"type":"SPEC"`) || !strings.Contains(o.stderr, "confine: native ") {
		t.Errorf("stdout: %s\nstderr: %s", o.stdout, o.stderr)
	}
}
