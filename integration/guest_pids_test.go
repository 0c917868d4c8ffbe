//go:build linux

package integration

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"confine/compiler"
	"confine/policy"
	"confine/runner/stage"
)

// pidsLimit is more than any backend needs for itself and a few processes.
const pidsLimit = 150

func pidsPolicy(t *testing.T, more string) string {
	t.Helper()
	return guestPolicy(t, "", fmt.Sprintf("pids = %d\n%s", pidsLimit, more)+accepted(compiler.Native, policy.ClauseFilesystemMap))
}

// forking is a program that has so many children at one time, and says when one could not
// be started.
func forking(children int) []string {
	return []string{"/usr/bin/python3.11", "-c", fmt.Sprintf(`import os, sys
read, write = os.pipe()
for i in range(%d):
    try:
        pid = os.fork()
    except BlockingIOError:
        os.close(write)
        while i:
            os.wait()
            i -= 1
        print("stopped", flush=True)
        os._exit(7)
    if pid == 0:
        os.close(write)
        os.read(read, 1)
        os._exit(0)
print("had them", flush=True)
`, children)}
}

// saysReached wants the one line about the limit, with its place.
func saysReached(t *testing.T, o outcome, limit int) {
	t.Helper()
	line := regexp.MustCompile(fmt.Sprintf(`(?m)^confine: pids limit %d was reached \(.*policy\.toml:\d+:8\)$`, limit))
	if len(line.FindAllString(o.stderr, -1)) != 1 {
		t.Errorf("stderr lacks the limit: %s", o.stderr)
	}
}

func TestPidsOfTheSandbox(t *testing.T) {
	before, policy := memoryCgroups(t), pidsPolicy(t, "")
	for _, backend := range memoryBackends {
		t.Run(backend.name, func(t *testing.T) {
			if o := finish(t, backend.root(policy, forking(5)...)).must(t, 0); o.stdout != "had them\n" || strings.Contains(o.stderr, "pids") {
				t.Errorf("few: %q, %s", o.stdout, o.stderr)
			}
			o := finish(t, backend.root(policy, forking(pidsLimit+50)...))
			if strings.Contains(o.stdout, "had them") {
				t.Error("the program got more than the limit")
			}
			saysReached(t, o, pidsLimit)
			if backend.name == "gvisor" {
				return // the sentry needs threads for what the program starts, and can end
			}
			if o.must(t, 7); o.stdout != "stopped\n" {
				t.Errorf("the program saw %q", o.stdout)
			}
		})
	}
	noCgroupBut(t, before)
	outside := forking(pidsLimit + 50)
	if o := finish(t, asConnector(exec.Command(outside[0], outside[1:]...))).must(t, 0); o.stdout != "had them\n" {
		t.Errorf("control: %q", o.stdout)
	}
}

// A limit under which the sandbox itself cannot be made is named.
func TestPidsThatAreTooFewForTheSandbox(t *testing.T) {
	before, text := memoryCgroups(t), readText(t, pidsPolicy(t, ""))
	policy := file(t, filepath.Join(tree(t), "policy.toml"), strings.Replace(text, fmt.Sprintf("pids = %d", pidsLimit), "pids = 1", 1), 0o644)
	for _, backend := range memoryBackends {
		wants(t, finish(t, backend.root(policy, "/usr/bin/true")).must(t, refused), "nothing ran", "pids limit 1 reached by the sandbox itself", "policy.toml:")
	}
	noCgroupBut(t, before)
}

// A limit that the caller has already, as a container's, will do; one that is higher will not.
func TestPidsOfTheCallersOwnGroup(t *testing.T) {
	policy := pidsPolicy(t, "")
	group := limitedGroup(t, "pids", pidsLimit-10)
	for _, backend := range memoryBackends {
		t.Run(backend.name, func(t *testing.T) {
			if o := finish(t, byUserWithin(backend.byUser(policy, forking(5)...), group)).must(t, 0); o.stdout != "had them\n" {
				t.Errorf("%q", o.stdout)
			}
			o := finish(t, byUserWithin(backend.byUser(policy, forking(pidsLimit+50)...), group))
			if strings.Contains(o.stdout, "had them") {
				t.Error("the program got more than the limit")
			}
			saysReached(t, o, pidsLimit-10)
		})
	}
	higher := limitedGroup(t, "pids", pidsLimit+1)
	wants(t, finish(t, byUserWithin(nativeByUser(policy, "/usr/bin/true"), higher)).must(t, refused), "nothing ran", "threads together cannot be limited here")
}

func TestPidsTakeARootCaller(t *testing.T) {
	before, policy := memoryCgroups(t), pidsPolicy(t, "")
	for _, backend := range memoryBackends {
		wants(t, finish(t, backend.byUser(policy, "/usr/bin/true")).must(t, refused), "nothing ran",
			"the number of all processes and threads together cannot be limited here", "policy.toml:", "caller with uid", "root caller")
	}
	noCgroupBut(t, before)
}

func TestPidsInTheReceipt(t *testing.T) {
	before, policy := memoryCgroups(t), pidsPolicy(t, "memory = \"512MiB\"\n")
	for _, backend := range memoryBackends {
		path := filepath.Join(tree(t), "receipt.json")
		cmd := backend.root(policy, "/usr/bin/true")
		cmd.Args = slices.Insert(cmd.Args, 2, "--receipt", path)
		finish(t, cmd).must(t, 0)
		found := map[string]string{}
		for _, c := range readReceipt(t, path).Checks {
			if c.Clause == "process.pids" {
				if c.Status != stage.Proven || c.At.IsZero() {
					t.Errorf("%s: %+v", backend.name, c)
				}
				found[c.Subject] = c.Found
			}
		}
		if len(found) != 2 || found["limit of the cgroup, seen from the host"] != fmt.Sprint(pidsLimit) {
			t.Errorf("%s: %v", backend.name, found)
		}
	}
	noCgroupBut(t, before)
}

// With both limits there can be two cgroups, and neither outlives a runner that is killed.
func TestPidsCgroupGoesWithTheRunner(t *testing.T) {
	before, policy := memoryCgroups(t), pidsPolicy(t, "memory = \"512MiB\"\n")
	for _, backend := range memoryBackends {
		t.Run(backend.name, func(t *testing.T) {
			s := start(t, backend.root, policy, "sleep 300")
			if groups := slices.DeleteFunc(memoryCgroups(t), func(g string) bool { return slices.Contains(before, g) }); len(groups) == 0 || len(groups) > 2 {
				t.Fatalf("cgroups while the program runs: %v", groups)
			}
			family := s.family(t)
			if err := s.Process.Signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			_ = s.Wait()
			gone(t, family, 2*time.Second)
			noCgroupBut(t, before)
		})
	}
}
