//go:build linux

package integration

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"confine/compiler"
)

// TestOffline: the specification is the same without a network, for both callers.
func TestOffline(t *testing.T) {
	w := newWorkspace(t)
	want := finish(t, w.in(bare("spec"))).must(t, 0).stdout
	for _, launch := range everywhere() {
		t.Run(launch.name, func(t *testing.T) {
			if backendOf(launch) != compiler.Native { // see TestCustomComponents
				t.Parallel()
			}
			if got := finish(t, w.in(launch.cmd("offline", program("spec")...))).must(t, 0).stdout; got != want {
				t.Errorf("spec differs from the bare run:\n%s\nbare:\n%s", got, want)
			}
		})
	}
}

// TestOfflineIsOffline: the same command that reaches the API under the policy that
// this one extends does not reach it.
func TestOfflineIsOffline(t *testing.T) {
	for _, launch := range oneEach() {
		t.Run(launch.name, func(t *testing.T) {
			t.Parallel()
			offline := begin(t, newWorkspace(t).in(launch.cmd("offline", program(checkArguments...)...)))
			online := begin(t, newWorkspace(t).in(launch.cmd(connectorPolicy, program(checkArguments...)...)))
			for want, wait := range map[string]func(*testing.T) outcome{"FAILED": offline, "SUCCEEDED": online} {
				o := wait(t).must(t, 0)
				if got := connectionStatus(t, o.stdout); got != want {
					t.Errorf("connection status %q, expected %s\n%s", got, want, o.stderr)
				}
			}
		})
	}
}

// withComponents adds a custom component to the manifest of a workspace.
func (w workspace) withComponents(t *testing.T) workspace {
	t.Helper()
	code, err := os.ReadFile(filepath.Join(inputs, "components.py"))
	if err != nil {
		t.Fatal(err)
	}
	w.put(t, "components.py", code)
	manifest, err := os.ReadFile(filepath.Join(w.dir, "manifest.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	const before = "    schema_loader:\n"
	text := strings.Replace(string(manifest), before,
		"    transformations:\n      - type: CustomTransformation\n        class_name: components.Unchanged\n"+before, 1)
	w.put(t, "manifest.yaml", []byte(text))
	return w
}

// attempts gives what the component did, and how each ended.
func (w workspace) attempts(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(w.dir, "attempts.json"))
	if err != nil {
		t.Fatal(err)
	}
	var attempts map[string]string
	if err := json.Unmarshal(data, &attempts); err != nil {
		t.Fatal(err)
	}
	return attempts
}

var readWithComponents = append(append([]string{}, readArguments...), "--components-path", "components.py")

// asOperator gives a command the environment in which custom components may run, and
// secrets that are not theirs.
func asOperator(cmd *exec.Cmd) *exec.Cmd {
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, "AIRBYTE_ENABLE_UNSAFE_CODE=true", "LAUNCHDARKLY_KEY=hunter2",
		"HTTPS_PROXY=http://user:hunter2@127.0.0.1:9")
	return cmd
}

// TestCustomComponents: the records are the same, and of what the component tries
// only starting the interpreter works. Outside everything does.
func TestCustomComponents(t *testing.T) {
	control := newWorkspace(t).withComponents(t)
	o := finish(t, control.in(asOperator(bare(readWithComponents...)))).must(t, 0)
	control.verify(t, o.stdout)
	for attempt, outcome := range control.attempts(t) {
		if outcome != "done" {
			t.Errorf("control: %s: %s", attempt, outcome)
		}
	}
	for _, launch := range everywhere() {
		t.Run(launch.name, func(t *testing.T) {
			// By the kernel alone, nproc counts what the user has in other sandboxes too.
			if backendOf(launch) != compiler.Native {
				t.Parallel()
			}
			w := newWorkspace(t).withComponents(t)
			o := finish(t, w.in(asOperator(launch.cmd("custom-components", program(readWithComponents...)...)))).must(t, 0)
			w.verify(t, o.stdout)
			attempts := w.attempts(t)
			if len(attempts) < 9 {
				t.Errorf("only %d attempts", len(attempts))
			}
			for attempt, outcome := range attempts {
				if want := attempt == "start the interpreter"; (outcome == "done") != want {
					t.Errorf("%s: %s", attempt, outcome)
				}
			}
		})
	}
}

// TestCustomComponentsNeedTheirPolicy: under the policy for manifests alone, the
// variable that lets them in does not arrive.
func TestCustomComponentsNeedTheirPolicy(t *testing.T) {
	for _, launch := range oneEach() {
		t.Run(launch.name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t).withComponents(t)
			o := finish(t, w.in(asOperator(launch.cmd(connectorPolicy, program(readWithComponents...)...)))).must(t, 1)
			if !strings.Contains(o.stdout+o.stderr, "AIRBYTE_ENABLE_UNSAFE_CODE") {
				t.Errorf("stdout: %s\nstderr: %s", o.stdout, o.stderr)
			}
			if _, err := os.Stat(filepath.Join(w.dir, "attempts.json")); err == nil {
				t.Error("the component ran")
			}
		})
	}
}
