//go:build linux

package integration

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"confine/policy"
	"confine/runner"
)

// tree is a directory of the test's own below fixtures.
func tree(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(fixtures, "t-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// owned makes a directory that belongs to the connector's user.
func owned(t *testing.T, path string) string {
	t.Helper()
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
	give(t, path)
	return path
}

// give makes the connector's user the owner.
func give(t *testing.T, path string) {
	t.Helper()
	chown(t, path, int(account.uid), int(account.gid))
}

func chown(t *testing.T, path string, uid, gid int) {
	t.Helper()
	if err := os.Chown(path, uid, gid); err != nil {
		t.Fatal(err)
	}
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func file(t *testing.T, path, text string, mode os.FileMode) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// base is a policy under which the probe, a static program, runs. Tests append
// tables and replace MORE in [filesystem].
const base = `schema = 1
name = "test"
[filesystem]
exec = ["BIN", "/usr/bin", "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2?", "/usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1?"]
map = ["/usr/lib", "/usr/lib64?"]
links = { "/bin" = "/usr/bin", "/lib" = "/usr/lib", "/lib64" = "/usr/lib64", "/sbin" = "/usr/sbin" }
MORE
[process]
directory = "/usr/bin"
`

// writePolicy writes a policy made of base and what a test adds.
func writePolicy(t *testing.T, filesystem, tables string) string {
	t.Helper()
	text := strings.NewReplacer("BIN", filepath.Dir(probe), "MORE", filesystem).Replace(base) + withCalls(tables)
	return file(t, filepath.Join(tree(t), "policy.toml"), text, 0o644)
}

// withCalls gives the list default to a policy that says nothing of system calls: the
// probe tries links, named pipes, truncate and locks, which connectors do without, and
// some tests start bash. The list connector is for tests about it and about connectors.
func withCalls(tables string) string {
	if strings.Contains(tables, "syscalls") {
		return tables
	}
	return tables + "\n[syscalls]\nbase = \"default\"\n"
}

func parsePolicy(t *testing.T, path string) *policy.Policy {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse(path, src)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// outcome is how a command ended.
type outcome struct {
	code           int
	stdout, stderr string
}

// confined is the command that launches a program as root for the connector's user,
// under firejail, of which most tests are.
func confined(policy string, program ...string) *exec.Cmd {
	return exec.Command(confine, append([]string{"run", "--backend", "firejail", "--policy", policy, "--user", connectorUser, "--"}, program...)...)
}

// confinedByUser is the same with an ordinary caller.
func confinedByUser(policy string, program ...string) *exec.Cmd {
	return asConnector(exec.Command(confine, append([]string{"run", "--backend", "firejail", "--policy", policy, "--"}, program...)...))
}

// guest and guestByUser are the same under gVisor.
func guest(policy string, program ...string) *exec.Cmd {
	return exec.Command(confine, append([]string{"run", "--backend", "gvisor", "--policy", policy, "--user", connectorUser, "--"}, program...)...)
}

func guestByUser(policy string, program ...string) *exec.Cmd {
	return asConnector(exec.Command(confine, append([]string{"run", "--backend", "gvisor", "--policy", policy, "--"}, program...)...))
}

// native and nativeByUser are the same by the kernel alone, without namespaces, as in a
// container that allows none.
func native(policy string, program ...string) *exec.Cmd {
	return exec.Command(confine, append([]string{"run", "--backend", "native", "--no-namespaces", "--policy", policy, "--user", connectorUser, "--"}, program...)...)
}

func nativeByUser(policy string, program ...string) *exec.Cmd {
	return asConnector(exec.Command(confine, append([]string{"run", "--backend", "native", "--no-namespaces", "--policy", policy, "--"}, program...)...))
}

// ownNative and ownNativeByUser are the same in namespaces of their own.
func ownNative(policy string, program ...string) *exec.Cmd {
	return exec.Command(confine, append([]string{"run", "--backend", "native", "--policy", policy, "--user", connectorUser, "--"}, program...)...)
}

func ownNativeByUser(policy string, program ...string) *exec.Cmd {
	return asConnector(exec.Command(confine, append([]string{"run", "--backend", "native", "--policy", policy, "--"}, program...)...))
}

// patience bounds a command that hangs; the slowest takes a minute.
const patience = 3 * time.Minute

// finish runs a command to its end.
func finish(t *testing.T, cmd *exec.Cmd) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &stdout
	}
	if cmd.Stderr == nil {
		cmd.Stderr = &stderr
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: %v", cmd.Args, err)
	}
	stuck := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	if !stuck.Stop() {
		t.Fatalf("%v: still running after %s", cmd.Args, patience)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%v: %v", cmd.Args, err)
	}
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// must fails the test unless a command ended with the code.
func (o outcome) must(t *testing.T, code int) outcome {
	t.Helper()
	if o.code != code {
		t.Fatalf("exit code %d, expected %d\nstdout: %s\nstderr: %s", o.code, code, o.stdout, o.stderr)
	}
	return o
}

// answers are the probe's, by access.
func answers(t *testing.T, text string) map[string]string {
	t.Helper()
	out := map[string]string{}
	decoder := json.NewDecoder(strings.NewReader(text))
	for decoder.More() {
		var r struct{ Access, Result string }
		if err := decoder.Decode(&r); err != nil {
			t.Fatalf("%v in %q", err, text)
		}
		out[r.Access] = r.Result
	}
	return out
}

// readReceipt decodes a receipt.
func readReceipt(t *testing.T, path string) runner.Receipt {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var r runner.Receipt
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}
