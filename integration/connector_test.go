//go:build linux

package integration

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
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
	for _, launch := range everywhere() {
		t.Run(launch.name, func(t *testing.T) {
			t.Parallel()
			if got := finish(t, w.in(launch.cmd(connectorPolicy, program("spec")...))).must(t, 0).stdout; got != want {
				t.Errorf("spec differs from the bare run:\n%s\nbare:\n%s", got, want)
			}
		})
	}
}

// everywhere are the launches of all engines.
func everywhere() []launch {
	var all []launch
	for _, e := range everyEngine {
		all = append(all, e.launches...)
	}
	return all
}

// oneEach is a launch of every engine, by either kind of caller, for what no caller
// changes.
func oneEach() []launch { return []launch{engines[0].launches[0], engines[1].launches[1]} }

// begin starts a command, of which others can run at the same time; it is waited for by
// what it returns.
func begin(t *testing.T, cmd *exec.Cmd) func(*testing.T) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: %v", cmd.Args, err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // where nobody waited
	stuck := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	return func(t *testing.T) outcome {
		t.Helper()
		err := cmd.Wait()
		if !stuck.Stop() {
			t.Fatalf("%v: still running after %s: %v", cmd.Args, patience, err)
		}
		return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
	}
}

var checkArguments = []string{"check", "--config", "config.json", "--manifest-path", "manifest.yaml"}

func TestConnectorCheck(t *testing.T) {
	for _, launch := range everywhere() {
		t.Run(launch.name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			o := finish(t, w.in(launch.cmd(connectorPolicy, program(checkArguments...)...))).must(t, 0)
			if got := connectionStatus(t, o.stdout); got != "SUCCEEDED" {
				t.Errorf("connection status %q\n%s", got, o.stdout)
			}
		})
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

// TestConnectorRead: the records are those of a run without a sandbox.
func TestConnectorRead(t *testing.T) {
	control := newWorkspace(t)
	o := finish(t, control.in(bare(readArguments...))).must(t, 0)
	control.verify(t, o.stdout)
	want := records(t, o.stdout)
	for _, launch := range everywhere() {
		t.Run(launch.name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			o := finish(t, w.in(launch.cmd(connectorPolicy, program(readArguments...)...))).must(t, 0)
			w.verify(t, o.stdout)
			sameRecords(t, o.stdout, want)
			if lines := strings.Count(o.stderr, "\n"); lines != 1 || !strings.Contains(o.stderr, "proven in") {
				t.Errorf("stderr holds more than the one line of a launch:\n%s", o.stderr)
			}
		})
	}
}

// records are the lines of the records without times, in an order of their own: streams
// are read at the same time.
func records(t *testing.T, output string) []string {
	t.Helper()
	var lines []string
	for line := range strings.Lines(output) {
		var m struct {
			Type   string
			Record map[string]any
		}
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		if m.Type != "RECORD" {
			continue
		}
		delete(m.Record, "emitted_at")
		text, err := json.Marshal(m.Record)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(text))
	}
	slices.Sort(lines)
	return lines
}

func sameRecords(t *testing.T, output string, want []string) {
	t.Helper()
	if got := records(t, output); !slices.Equal(got, want) {
		t.Errorf("records:\n%s\nthose of the bare run:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestConnectorIncrementalRead(t *testing.T) {
	args := append(append([]string{}, readArguments...), "--state", "state.json")
	control := newWorkspace(t)
	want := records(t, finish(t, control.in(bare(args...))).must(t, 0).stdout)
	for _, launch := range everywhere() {
		t.Run(launch.name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			o := finish(t, w.in(launch.cmd(connectorPolicy, program(args...)...))).must(t, 0)
			w.verify(t, o.stdout, "--state")
			sameRecords(t, o.stdout, want)
		})
	}
}

// Pods run AIRBYTE_ENTRYPOINT through a shell and append their own words. With no backend
// named, the first one that enforces the policy is taken.
func TestAirbyteEntrypoint(t *testing.T) {
	for _, tt := range []struct {
		name, options, want string
		asUser              bool
	}{
		{"firejail root", "--backend firejail --user " + connectorUser, "firejail", false},
		{"gvisor user", "--backend gvisor", "gvisor", true},
		{"auto root", "--user " + connectorUser, "gvisor", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			entrypoint := confine + " run --policy " + connectorPolicy + " " + tt.options + " -- " + connector
			cmd := exec.Command("/bin/sh", "-c", `eval "$AIRBYTE_ENTRYPOINT `+strings.Join(readArguments, " ")+`" > out.jsonl`)
			if tt.asUser {
				asConnector(cmd)
			}
			cmd.Env = []string{"PATH=/usr/bin:/bin", "AIRBYTE_ENTRYPOINT=" + entrypoint}
			o := finish(t, w.in(cmd)).must(t, 0)
			w.verify(t, readText(t, filepath.Join(w.dir, "out.jsonl")))
			if !strings.Contains(o.stderr, "confine: "+tt.want) {
				t.Errorf("stderr %q, expected %s", o.stderr, tt.want)
			}
		})
	}
}

func TestConnectorWithWrongToken(t *testing.T) {
	for _, launch := range everywhere() {
		t.Run(launch.name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			config := readText(t, filepath.Join(w.dir, "config.json"))
			w.put(t, "config.json", []byte(strings.ReplaceAll(config, token, "wrong-token")))
			if strings.HasSuffix(launch.name, "root") {
				check := finish(t, w.in(launch.cmd(connectorPolicy, program(checkArguments...)...))).must(t, 0)
				if got := connectionStatus(t, check.stdout); got != "FAILED" {
					t.Errorf("connection status %q", got)
				}
			}
			read := finish(t, w.in(launch.cmd(connectorPolicy, program(readArguments...)...))).must(t, 1)
			if !strings.Contains(read.stdout, `"type":"TRACE"`) || !strings.Contains(read.stdout, `"ERROR"`) {
				t.Errorf("no TRACE ERROR in %s", read.stdout)
			}
		})
	}
}

// variant is a policy that extends the shipped one.
func variant(t *testing.T, tables string) string {
	t.Helper()
	text := "schema = 1\nname = \"variant\"\nextends = [\"" + connectorPolicy + "\"]\n" + tables
	return file(t, filepath.Join(tree(t), "variant.toml"), text, 0o644)
}

func TestConnectorWithoutTemporaryDirectory(t *testing.T) {
	// Python would take the working directory instead if it could write there.
	policy := variant(t, "[filesystem]\nremove = { tmp = [\"/tmp\"] }\nread = [\"/srv/airbyte\"]\n")
	for _, launch := range everywhere() {
		t.Run(launch.name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			o := finish(t, w.in(launch.cmd(policy, program(readArguments...)...))).must(t, 1)
			if !strings.Contains(o.stdout+o.stderr, "No usable temporary directory") {
				t.Errorf("stdout: %s\nstderr: %s", o.stdout, o.stderr)
			}
		})
	}
}

// The CDK takes a missing file for "no memory limit", and dies of one that it may
// not read: this is why the shipped policy names the directory.
func TestConnectorWithClosedCgroup(t *testing.T) {
	policy := variant(t, "[filesystem]\nremove = { read = [\"/sys/fs/cgroup\"] }\n")
	for _, launch := range oneEach() {
		t.Run(launch.name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			o := finish(t, w.in(launch.cmd(policy, program(readArguments...)...))).must(t, 1)
			if !strings.Contains(o.stdout, "PermissionError") || !strings.Contains(o.stdout, "memory.") {
				t.Errorf("stdout: %s\nstderr: %s", o.stdout, o.stderr)
			}
		})
	}
}

// TestConnectorWithoutNetwork: a check fails and a read gives no record, after the CDK has
// tried for half a minute.
func TestConnectorWithoutNetwork(t *testing.T) {
	t.Parallel() // the connector tries again for half a minute
	policy := variant(t, "[network]\nmode = \"none\"\n")
	type run struct {
		name string
		wait func(*testing.T) outcome
	}
	var checks, reads []run
	for _, launch := range everywhere() {
		checks = append(checks, run{launch.name, begin(t, newWorkspace(t).in(launch.cmd(policy, program(checkArguments...)...)))})
		reads = append(reads, run{launch.name, begin(t, newWorkspace(t).in(launch.cmd(policy, program(readArguments...)...)))})
	}
	for _, check := range checks {
		t.Run(check.name+" check", func(t *testing.T) {
			if got := connectionStatus(t, check.wait(t).must(t, 0).stdout); got != "FAILED" {
				t.Errorf("connection status %q", got)
			}
		})
	}
	for _, read := range reads {
		t.Run(read.name+" read", func(t *testing.T) {
			if o := read.wait(t).must(t, 1); strings.Contains(o.stdout, `"type":"RECORD"`) {
				t.Errorf("records without a network:\n%s", o.stdout)
			}
		})
	}
}
