//go:build linux

package integration

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"confine/compiler"
	"confine/compiler/firejail"
	"confine/policy"
)

// standaloneWorld is a mount namespace of one command's own, in which a script of
// root's has prepared what the machine may not have. Nothing of it reaches the
// machine, and it ends with the command.
type standaloneWorld struct {
	// prepare are lines of sh(1); $USER_ID and $GROUP_ID are the connector's.
	prepare string
}

// standaloneEnter makes every mount private before anything else happens.
const standaloneEnter = `set -e
mount --make-rprivate /
fill() { mount -t tmpfs -o "mode=$2" fill "$1"; }
note() { mkdir -p "$(dirname "$1")"; echo text >"$1"; chmod 0644 "$1"; }
`

// command runs a program as the connector's user: firejail comes before it when a
// profile is given.
func (w standaloneWorld) command(profile string, program ...string) *exec.Cmd {
	script := standaloneEnter + w.prepare + `
exec setpriv --reuid "$USER_ID" --regid "$GROUP_ID" --clear-groups --inh-caps=-all --bounding-set=+all -- "$@"
`
	args := []string{"-c", script, "world"}
	if profile != "" {
		// Without "--", which would make firejail start the user's shell, nologin.
		args = append(args, "firejail", "--quiet", "--profile="+profile)
	}
	args = append(args, program...)
	cmd := exec.Command("/bin/sh", args...)
	cmd.Dir = "/usr/bin"
	cmd.Env = []string{
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
		fmt.Sprintf("USER_ID=%d", account.uid), fmt.Sprintf("GROUP_ID=%d", account.gid),
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	return cmd
}

// probe runs the probe in the world and gives its answers.
func (w standaloneWorld) probe(t *testing.T, profile string, accesses ...string) map[string]string {
	t.Helper()
	got := finish(t, w.command(profile, append([]string{probe}, accesses...)...)).must(t, 0)
	return answers(t, got.stdout)
}

// standaloneHead is what the probe, a static program, needs to run.
const standaloneHead = `schema = 1
name = "standalone"
[filesystem]
exec = ["BIN", "/usr/bin", "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2?", "/usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1?" EXEC]
map = ["/usr/lib", "/usr/lib64?" MAP]
links = { "/bin" = "/usr/bin", "/lib" = "/usr/lib", "/lib64" = "/usr/lib64", "/sbin" = "/usr/sbin" }
`

// standalonePolicy is a policy as text, in the parts that tests vary.
type standalonePolicy struct {
	// exec and map continue the lists of standaloneHead.
	exec, mapped []string
	// rest follows in [filesystem]; DIR in it is dir.
	rest, dir string
}

func (s standalonePolicy) compile(t *testing.T) *compiler.Bundle {
	t.Helper()
	list := func(paths []string) string {
		text := ""
		for _, p := range paths {
			text += fmt.Sprintf(", %q", p)
		}
		return text
	}
	text := strings.NewReplacer(
		"BIN", filepath.Dir(probe), " EXEC", list(s.exec), " MAP", list(s.mapped),
	).Replace(standaloneHead) + strings.ReplaceAll(s.rest, "DIR", s.dir)
	p, err := policy.Parse("standalone.toml", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	bundle, err := firejail.Compile(p, compiler.Target{
		Backend: compiler.Firejail, Version: firejail.Known[0], Arch: "x86_64",
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return bundle
}

// profile writes the profile for use without confine. Lines may be replaced, to
// show what happens without them.
func (s standalonePolicy) profile(t *testing.T, replace ...string) string {
	t.Helper()
	data, ok := s.compile(t).Artifact(firejail.StandaloneProfile)
	if !ok {
		t.Fatalf("the bundle has no %s", firejail.StandaloneProfile)
	}
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(string(data), replace[i]) {
			t.Fatalf("the profile has no %q:\n%s", replace[i], data)
		}
	}
	text := strings.NewReplacer(replace...).Replace(string(data))
	return file(t, filepath.Join(tree(t), firejail.StandaloneProfile), text, 0o644)
}

// standaloneAnswers compares what was tried outside, where all must succeed, and
// inside.
func standaloneAnswers(t *testing.T, w standaloneWorld, profile string, want map[string]string) {
	t.Helper()
	var accesses []string
	for access := range want {
		accesses = append(accesses, access)
	}
	outside := w.probe(t, "", accesses...)
	inside := w.probe(t, profile, accesses...)
	for access, expected := range want {
		if outside[access] != "ok" {
			t.Errorf("control: %s: %s outside the sandbox, expected ok", access, outside[access])
		}
		if inside[access] != expected {
			t.Errorf("%s: %s inside, expected %s", access, inside[access], expected)
		}
	}
}
