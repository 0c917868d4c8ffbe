//go:build linux

package integration

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	connectorPolicy = "source-declarative-manifest"
	connectorBin    = "/opt/source-declarative-manifest/bin"
	connector       = connectorBin + "/source-declarative-manifest"
	inputs          = "testdata/connector"
	token           = "tok-s3cr3t-0123456789"
)

// workspace is a directory such as an operator gives a connector, below the one
// that the shipped policy names.
type workspace struct{ dir string }

// newWorkspace starts a fresh API server, which gives its 429 once, and writes
// the connector's files with its port.
func newWorkspace(t *testing.T) workspace {
	t.Helper()
	server := exec.Command("/usr/bin/python3", filepath.Join(inputs, "server.py"), "0")
	stdout, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	port, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the API server's port: %v", err)
	}
	dir, err := os.MkdirTemp("/srv/airbyte", "test-")
	if err != nil {
		t.Fatalf("%v: run make setup first", err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	give(t, dir)
	w := workspace{dir}
	for _, name := range []string{"manifest.yaml", "config.json", "catalog.json", "state.json"} {
		data, err := os.ReadFile(filepath.Join(inputs, name))
		if err != nil {
			t.Fatal(err)
		}
		data = bytes.ReplaceAll(data, []byte(":18080"), []byte(":"+strings.TrimSpace(port)))
		w.put(t, name, data)
	}
	return w
}

func (w workspace) put(t *testing.T, name string, data []byte) {
	t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	give(t, path)
}

// in makes a command start in the workspace, which the caller's directory is.
func (w workspace) in(cmd *exec.Cmd) *exec.Cmd {
	cmd.Dir = w.dir
	return cmd
}

// verify runs the checker of the test data on a connector's output.
func (w workspace) verify(t *testing.T, output string, args ...string) {
	t.Helper()
	path := file(t, filepath.Join(tree(t), "out.jsonl"), output, 0o600)
	o := finish(t, exec.Command("/usr/bin/python3", append([]string{filepath.Join(inputs, "verify.py"), path}, args...)...))
	if o.code != 0 {
		t.Errorf("verify.py: %s%s\noutput: %s", o.stdout, o.stderr, output)
	}
}

var readArguments = []string{"read", "--config", "config.json", "--catalog", "catalog.json", "--manifest-path", "manifest.yaml"}

func program(args ...string) []string {
	return append([]string{"source-declarative-manifest"}, args...)
}

// bare runs the connector without a sandbox, as the same user.
func bare(args ...string) *exec.Cmd {
	cmd := asConnector(exec.Command(connector, args...))
	cmd.Env = []string{"PATH=" + connectorBin + ":/usr/bin:/bin", "HOME=/nonexistent", "PYTHONUNBUFFERED=1", "PYTHONDONTWRITEBYTECODE=1", "LANG=C.UTF-8"}
	return cmd
}

func TestConnectorSpec(t *testing.T) {
	w := newWorkspace(t)
	want := finish(t, w.in(bare("spec"))).must(t, 0).stdout
	if !strings.Contains(want, `"type":"SPEC"`) {
		t.Fatalf("control: no SPEC in %q", want)
	}
	for _, launch := range launches {
		t.Run(launch.name, func(t *testing.T) {
			if got := finish(t, w.in(launch.cmd(connectorPolicy, program("spec")...))).must(t, 0).stdout; got != want {
				t.Errorf("spec differs from the bare run:\n%s\nbare:\n%s", got, want)
			}
		})
	}
}

func TestConnectorCheck(t *testing.T) {
	w := newWorkspace(t)
	o := finish(t, w.in(confined(connectorPolicy, program("check", "--config", "config.json", "--manifest-path", "manifest.yaml")...))).must(t, 0)
	if got := connectionStatus(t, o.stdout); got != "SUCCEEDED" {
		t.Errorf("connection status %q\n%s", got, o.stdout)
	}
}

func connectionStatus(t *testing.T, output string) string {
	t.Helper()
	for _, line := range strings.Split(output, "\n") {
		var m struct {
			Type             string
			ConnectionStatus struct{ Status string }
		}
		if json.Unmarshal([]byte(line), &m) == nil && m.Type == "CONNECTION_STATUS" {
			return m.ConnectionStatus.Status
		}
	}
	return ""
}

func TestConnectorRead(t *testing.T) {
	for _, launch := range launches {
		t.Run(launch.name, func(t *testing.T) {
			w := newWorkspace(t)
			o := finish(t, w.in(launch.cmd(connectorPolicy, program(readArguments...)...))).must(t, 0)
			w.verify(t, o.stdout)
			if lines := strings.Count(o.stderr, "\n"); lines != 1 || !strings.Contains(o.stderr, "proven in") {
				t.Errorf("stderr holds more than the one line of a launch:\n%s", o.stderr)
			}
		})
	}
}

func TestConnectorIncrementalRead(t *testing.T) {
	w := newWorkspace(t)
	args := append(append([]string{}, readArguments...), "--state", "state.json")
	w.verify(t, finish(t, w.in(confined(connectorPolicy, program(args...)...))).must(t, 0).stdout, "--state")
}

// Pods run AIRBYTE_ENTRYPOINT through a shell and append their own words.
func TestAirbyteEntrypoint(t *testing.T) {
	w := newWorkspace(t)
	entrypoint := confine + " run --policy " + connectorPolicy + " --user " + connectorUser + " -- " + connector
	cmd := exec.Command("/bin/sh", "-c", `eval "$AIRBYTE_ENTRYPOINT `+strings.Join(readArguments, " ")+`" > out.jsonl`)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "AIRBYTE_ENTRYPOINT=" + entrypoint}
	finish(t, w.in(cmd)).must(t, 0)
	output, err := os.ReadFile(filepath.Join(w.dir, "out.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	w.verify(t, string(output))
}

func TestConnectorWithWrongToken(t *testing.T) {
	w := newWorkspace(t)
	config, err := os.ReadFile(filepath.Join(w.dir, "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	w.put(t, "config.json", bytes.ReplaceAll(config, []byte(token), []byte("wrong-token")))
	check := finish(t, w.in(confined(connectorPolicy, program("check", "--config", "config.json", "--manifest-path", "manifest.yaml")...))).must(t, 0)
	if got := connectionStatus(t, check.stdout); got != "FAILED" {
		t.Errorf("connection status %q", got)
	}
	read := finish(t, w.in(confined(connectorPolicy, program(readArguments...)...))).must(t, 1)
	if !strings.Contains(read.stdout, `"type":"TRACE"`) || !strings.Contains(read.stdout, `"ERROR"`) {
		t.Errorf("no TRACE ERROR in %s", read.stdout)
	}
}

// variant is a policy that extends the shipped one.
func variant(t *testing.T, tables string) string {
	t.Helper()
	text := "schema = 1\nname = \"variant\"\nextends = [\"" + connectorPolicy + "\"]\n" + tables
	return file(t, filepath.Join(tree(t), "variant.toml"), text, 0o644)
}

func TestConnectorWithoutTemporaryDirectory(t *testing.T) {
	w := newWorkspace(t)
	// Python would take the working directory instead if it could write there.
	policy := variant(t, "[filesystem]\nremove = { tmp = [\"/tmp\"] }\nread = [\"/srv/airbyte\"]\n")
	o := finish(t, w.in(confined(policy, program(readArguments...)...))).must(t, 1)
	if !strings.Contains(o.stdout+o.stderr, "No usable temporary directory") {
		t.Errorf("stdout: %s\nstderr: %s", o.stdout, o.stderr)
	}
}

// The CDK takes a missing file for "no memory limit", and dies of one that it may
// not read: this is why the shipped policy names the directory.
func TestConnectorWithClosedCgroup(t *testing.T) {
	w := newWorkspace(t)
	policy := variant(t, "[filesystem]\nremove = { read = [\"/sys/fs/cgroup\"] }\n")
	o := finish(t, w.in(confined(policy, program(readArguments...)...))).must(t, 1)
	if !strings.Contains(o.stdout, "PermissionError") || !strings.Contains(o.stdout, "memory.") {
		t.Errorf("stdout: %s\nstderr: %s", o.stdout, o.stderr)
	}
}

func TestConnectorWithoutNetwork(t *testing.T) {
	policy := variant(t, "[network]\nmode = \"none\"\n")
	t.Run("check", func(t *testing.T) {
		t.Parallel()
		w := newWorkspace(t)
		o := finish(t, w.in(confined(policy, program("check", "--config", "config.json", "--manifest-path", "manifest.yaml")...))).must(t, 0)
		if got := connectionStatus(t, o.stdout); got != "FAILED" {
			t.Errorf("connection status %q", got)
		}
	})
	t.Run("read", func(t *testing.T) {
		t.Parallel()
		w := newWorkspace(t)
		o := finish(t, w.in(confined(policy, program(readArguments...)...))).must(t, 1)
		if strings.Contains(o.stdout, `"type":"RECORD"`) {
			t.Errorf("records without a network:\n%s", o.stdout)
		}
	})
}
