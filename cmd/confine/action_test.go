//go:build linux

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The steps of the GitHub Action do what they say, without GitHub: each runs as bash runs
// it there, with the environment of its inputs.
func TestAction(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	steps := actionSteps(t, filepath.Join(root, "action.yml"))
	workspace, temp := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{
		"policies/good.toml":      "schema = 1\nname = \"good\"\ndescription = \"x\"\n\n[process]\nwall_time = \"1h\"\n\n[rlimits]\ncore = 0\nnproc = 64\nnofile = 64\nas = \"1GiB\"\n",
		"policies/good.test.toml": "[[case]]\nname = \"c\"\ndeny = [\"read /etc/shadow\"]\n",
		"bad/bad.toml":            "schema = 1\nname = \"bad\"\n\n[network]\nmode = \"host\"\n",
		"bad/bad.test.toml":       "[[case]]\nname = \"c\"\ndeny = [\"connect 169.254.169.254:80\"]\n",
	} {
		file := filepath.Join(workspace, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(step string, env ...string) (string, error) {
		script, ok := steps[step]
		if !ok {
			t.Fatalf("no step %q in action.yml", step)
		}
		// As GitHub starts it: https://docs.github.com/actions, shell bash.
		cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
		cmd.Dir = workspace
		cmd.Env = append(os.Environ(), append([]string{"GITHUB_ACTION_PATH=" + root, "RUNNER_TEMP=" + temp}, env...)...)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := run("build confine"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := run("lint", "PATHS=policies", "FAIL_ON=warning", "SARIF=out.sarif"); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if sarif, err := os.ReadFile(filepath.Join(workspace, "out.sarif")); err != nil || !strings.Contains(string(sarif), `"2.1.0"`) {
		t.Errorf("no SARIF: %v", err)
	}
	if out, err := run("lint", "PATHS=policies bad", "FAIL_ON=warning", "SARIF="); err == nil || !strings.Contains(out, "::warning file=bad/bad.toml,line=5") {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := run("lint", "PATHS=policies bad", "FAIL_ON=never", "SARIF="); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := run("test", "PATHS=policies"); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	// One path a line, as YAML has blocks: none is left out.
	if out, err := run("lint", "PATHS=policies\nbad\n", "FAIL_ON=warning", "SARIF="); err == nil || !strings.Contains(out, "file=bad/bad.toml") {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := run("test", "PATHS=policies\nbad\n"); err == nil {
		t.Errorf("a path on a second line is left out: %s", out)
	}
	if out, err := run("test", "PATHS=bad"); err == nil {
		t.Errorf("a failing case does not fail the step: %s", out)
	}
	// A path is an argument, whatever is written in it.
	if out, err := run("test", "PATHS=$(touch hacked) --help"); err == nil {
		t.Errorf("%s", out)
	}
	if _, err := os.Stat(filepath.Join(workspace, "hacked")); err == nil {
		t.Error("an input was run as a command")
	}
}

// actionSteps takes the names and scripts of an action's steps out of its YAML.
func actionSteps(t *testing.T, file string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	steps := map[string]string{}
	for _, part := range strings.Split(string(text), "\n    - name: ")[1:] {
		name, rest, _ := strings.Cut(part, "\n")
		_, script, ok := strings.Cut(rest, "      run: |\n")
		if !ok {
			t.Fatalf("step %q runs nothing", name)
		}
		steps[name] = regexp.MustCompile(`(?m)^ {8}`).ReplaceAllString(script, "")
		if strings.Contains(steps[name], "${{") {
			t.Errorf("step %q writes an expression into its script: an input could be a command", name)
		}
	}
	return steps
}

// The hooks of pre-commit are given a policy and its tests, and no settings, by name; what they
// start takes them.
func TestPreCommitHooks(t *testing.T) {
	text, err := os.ReadFile("../../.pre-commit-hooks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	value := func(hook, key string) string {
		m := regexp.MustCompile(`(?m)^  ` + key + `: (.*)$`).FindStringSubmatch(hook)
		if m == nil {
			return ""
		}
		return m[1]
	}
	hooks := strings.Split(string(text), "- id: ")[1:]
	for _, hook := range hooks {
		files := regexp.MustCompile(value(hook, "files"))
		for _, name := range []string{"policies/a.toml", "x/policies/y/a.toml", "policies/a.test.toml"} {
			if !files.MatchString(name) {
				t.Errorf("%s does not take %s", value(hook, "name"), name)
			}
		}
		var stdout, stderr bytes.Buffer
		args := strings.Fields(value(hook, "entry"))[1:]
		if code := dispatch(append(args, "../../policies/offline.toml", "../../policies/offline.test.toml"), streams{&stdout, &stderr}); code != 0 {
			t.Errorf("%q: exit code %d, %s%s", args, code, stdout.String(), stderr.String())
		}
	}
	if exclude := regexp.MustCompile(value(hooks[1], "exclude")); len(hooks) != 2 || !exclude.MatchString("policies/confine.toml") || exclude.MatchString("policies/a.toml") {
		t.Errorf("%q", hooks)
	}
}
