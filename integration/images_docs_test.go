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
	finish(t, d.cmd("tag", d.packagesBase(t), "airbyte/source-declarative-manifest")).must(t, 0)
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
	cmd.Path, cmd.Args, cmd.Dir = "/bin/sh", []string{"sh", "-ec", strings.Join(commands, "\n")}, dir
	cmd.Env = append(cmd.Env, "PATH="+imagesHome+"/engine/usr/bin:/usr/bin:/bin")
	// Each docker run of the page asks for the specification.
	o := finish(t, cmd).must(t, 0)
	if strings.Count(o.stdout, `"type":"SPEC"`) != 3 || !strings.Contains(o.stderr, "confine: native ") || !strings.Contains(o.stderr, "confine: firejail ") {
		t.Errorf("stdout: %s\nstderr: %s", o.stdout, o.stderr)
	}
	d.hasGuestKernel(t, filepath.Join(dir, "build", "policy", "seccomp.json"))
}

// hasGuestKernel: containers of the runtime that the page configures have gVisor's kernel, and
// the filter of a policy, which flags could switch off without a word.
func (d dockerEngine) hasGuestKernel(t *testing.T, profile string) {
	run := func(options ...string) outcome {
		args := append([]string{"run", "--rm", "--runtime", "gvisor", "--network", "none", "--volume", probe + ":/usr/local/bin/probe:ro"}, options...)
		return finish(t, d.cmd(args...))
	}
	if got := run("--entrypoint", "cat", baseImage, "/proc/version").must(t, 0).stdout; !strings.Contains(got, "-gvisor") {
		t.Errorf("the kernel is %q", got)
	}
	const call = "syscall ptrace"
	words := []string{"--entrypoint", "/usr/local/bin/probe", baseImage, call}
	control := answers(t, run(append([]string{"--security-opt", "seccomp=unconfined"}, words...)...).must(t, 0).stdout)[call]
	filtered := answers(t, run(append([]string{"--security-opt", "seccomp=" + profile}, words...)...).must(t, 0).stdout)[call]
	if control != "ok" || filtered != "EPERM" {
		t.Errorf("ptrace: %s with the filter, %s without", filtered, control)
	}
	wants(t, run(nativeImage, "spec").must(t, 125), "nothing ran", "no Landlock")
}
