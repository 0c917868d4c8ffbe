//go:build linux

package integration

import (
	"fmt"
	"io/fs"
	"os"
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

// launchGroup is the name of the cgroup of a launch: others of the tests are not meant.
var launchGroup = regexp.MustCompile(`^confine-[a-z2-7]{26}$`)

// memoryCgroups are those of launches, in whichever hierarchy has the controller.
func memoryCgroups(t *testing.T) []string {
	t.Helper()
	var found []string
	// What vanishes during the walk is none that stays.
	_ = filepath.WalkDir("/sys/fs/cgroup", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && launchGroup.MatchString(d.Name()) {
			found = append(found, path)
		}
		return nil
	})
	return found
}

// noMemoryCgroup waits until none is left.
func noMemoryCgroup(t *testing.T) {
	t.Helper()
	noCgroupBut(t, nil)
}

// noCgroupBut waits until none is left that was not there before.
func noCgroupBut(t *testing.T, before []string) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		left := slices.DeleteFunc(memoryCgroups(t), func(g string) bool { return slices.Contains(before, g) })
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("left behind: %v", left)
		}
	}
}

var memoryBackends = []struct {
	name   string
	root   func(string, ...string) *exec.Cmd
	byUser func(string, ...string) *exec.Cmd
}{{"gvisor", guest, guestByUser}, {"firejail", confined, confinedByUser}, {"native", native, nativeByUser}}

const memoryLimit = 256 << 20

// memoryPolicy has the limit, and a place in memory for files.
func memoryPolicy(t *testing.T) string {
	t.Helper()
	return guestPolicy(t, `tmp = ["/tmp"]`, "memory = \"256MiB\"\n"+accepted(compiler.Native, policy.ClauseFilesystemMap))
}

// needing is a program that writes to so much memory, in so many processes.
func needing(bytes, processes int) []string {
	return []string{"/usr/bin/python3.11", "-c", fmt.Sprintf(`import os, sys
children = []
for i in range(%d):
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(r)
        data = bytearray(%d)
        for at in range(0, len(data), 4096): data[at] = 1
        os.write(w, b"x")
        os.read(0, 1)
        os._exit(0)
    os.close(w)
    children.append(r)
for r in children:
    if os.read(r, 1) != b"x": sys.exit(9)
print("had it", flush=True)
`, processes, bytes)}
}

func TestMemoryOfAllProcesses(t *testing.T) {
	policy := memoryPolicy(t)
	for _, backend := range memoryBackends {
		for name, tc := range map[string]struct {
			program []string
			ends    bool
		}{
			"less than the limit":            {needing(32<<20, 3), false},
			"more than the limit":            {needing(512<<20, 1), true},
			"more in all processes together": {needing(128<<20, 4), true},
		} {
			t.Run(backend.name+"/"+name, func(t *testing.T) {
				cmd := backend.root(policy, tc.program...)
				// What a child waits for, and gets at the end.
				input, err := cmd.StdinPipe()
				if err != nil {
					t.Fatal(err)
				}
				defer input.Close()
				if !tc.ends {
					_ = input.Close()
				}
				o := finish(t, cmd)
				if !tc.ends {
					o.must(t, 0)
					if strings.Contains(o.stderr, "memory") {
						t.Errorf("stderr: %s", o.stderr)
					}
					return
				}
				o.must(t, 137)
				if strings.Contains(o.stdout, "had it") {
					t.Error("the program got more than the limit")
				}
				for _, text := range []string{"ended: memory limit 256MiB reached (", "policy.toml:"} {
					if !strings.Contains(o.stderr, text) {
						t.Errorf("stderr lacks %q: %s", text, o.stderr)
					}
				}
				noMemoryCgroup(t)
			})
		}
	}
	noMemoryCgroup(t)
	// Outside there is enough.
	outside := needing(512<<20, 1)
	control := asConnector(exec.Command(outside[0], outside[1:]...))
	if o := finish(t, control).must(t, 0); o.stdout != "had it\n" {
		t.Errorf("control: %q", o.stdout)
	}
}

// Files of a tmp are memory too.
func TestMemoryOfFiles(t *testing.T) {
	policy := memoryPolicy(t)
	script := "head -c 600000000 /dev/zero >/tmp/x; echo had it"
	policy = file(t, policy, strings.Replace(readText(t, policy), `tmp = ["/tmp"]`, "tmp = [\"/tmp\"]\ndev = \"minimal\"", 1), 0o644)
	for _, backend := range memoryBackends {
		if backend.name == "native" {
			continue // its files are where the machine's are
		}
		o := finish(t, backend.root(policy, "/usr/bin/sh", "-c", script)).must(t, 137)
		if !strings.Contains(o.stderr, "ended: memory limit") {
			t.Errorf("%s: %s", backend.name, o.stderr)
		}
	}
	noMemoryCgroup(t)
}

// A limit under which the sandbox itself cannot be made is named.
func TestMemoryThatIsTooLittleForTheSandbox(t *testing.T) {
	text := readText(t, memoryPolicy(t))
	policy := file(t, filepath.Join(tree(t), "policy.toml"), strings.Replace(text, "256MiB", "1MiB", 1), 0o644)
	for _, backend := range memoryBackends {
		wants(t, finish(t, backend.root(policy, "/usr/bin/true")).must(t, 125), "nothing ran", "memory limit 1MiB reached by the sandbox itself", "policy.toml:")
	}
	noMemoryCgroup(t)
}

// A limit that the caller has already, as a container's, is as good as one of confine's, and
// an ordinary caller has it too. One that is higher is not.
func TestMemoryOfTheCallersOwnGroup(t *testing.T) {
	policy := memoryPolicy(t)
	group := limitedGroup(t, "memory", 192<<20)
	within := func(cmd *exec.Cmd) *exec.Cmd { return byUserWithin(cmd, group) }
	for _, backend := range memoryBackends {
		t.Run(backend.name, func(t *testing.T) {
			if o := finish(t, within(backend.byUser(policy, needing(8<<20, 1)...))).must(t, 0); o.stdout != "had it\n" {
				t.Errorf("%q", o.stdout)
			}
			o := finish(t, within(backend.byUser(policy, needing(512<<20, 1)...))).must(t, 137)
			wants(t, o, "ended: memory limit 192MiB reached (", "policy.toml:")
		})
	}
	text := readText(t, policy)
	lower := file(t, filepath.Join(tree(t), "policy.toml"), strings.Replace(text, "256MiB", "128MiB", 1), 0o644)
	wants(t, finish(t, within(nativeByUser(lower, "/usr/bin/true"))).must(t, refused), "nothing ran", "memory")
}

// byUserWithin makes the command one of the ordinary user in a cgroup.
func byUserWithin(cmd *exec.Cmd, group string) *exec.Cmd {
	args := append([]string{
		"-c", fmt.Sprintf(`echo $$ > "$0/cgroup.procs" && exec setpriv --reuid %d --regid %d --clear-groups "$@"`, account.uid, account.gid), group,
	}, cmd.Args...)
	wrapped := exec.Command("/usr/bin/sh", args...)
	wrapped.Stdin = cmd.Stdin
	return wrapped
}

// limitedGroup is a cgroup with a limit of one controller, memory or pids.
func limitedGroup(t *testing.T, controller string, value int) string {
	t.Helper()
	root, limit := "/sys/fs/cgroup", controller+".max"
	if _, err := os.Stat(filepath.Join(root, controller, "cgroup.procs")); err == nil {
		root = filepath.Join(root, controller)
		if controller == "memory" {
			limit = "memory.limit_in_bytes"
		}
	}
	group, err := os.MkdirTemp(root, "test-confine-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for end := time.Now().Add(endLimit); os.Remove(group) != nil && time.Now().Before(end); {
			time.Sleep(5 * time.Millisecond)
		}
	})
	if err := os.Chmod(group, 0o755); err != nil {
		t.Fatal(err)
	}
	file(t, filepath.Join(group, limit), fmt.Sprint(value), 0o644)
	return group
}

// Only root can make the cgroup: an ordinary caller is told, and nothing is dropped.
func TestMemoryTakesARootCaller(t *testing.T) {
	policy := memoryPolicy(t)
	for _, backend := range memoryBackends {
		wants(t, finish(t, backend.byUser(policy, "/usr/bin/true")).must(t, 125),
			"nothing ran", "the memory of all processes together cannot be limited here", "policy.toml:", "caller with uid", "root caller")
	}
	noMemoryCgroup(t)
}

func TestMemoryInTheReceipt(t *testing.T) {
	policy := memoryPolicy(t)
	for _, backend := range memoryBackends {
		path := filepath.Join(tree(t), "receipt.json")
		cmd := backend.root(policy, "/usr/bin/true")
		cmd.Args = slices.Insert(cmd.Args, 2, "--receipt", path)
		finish(t, cmd).must(t, 0)
		found := map[string]string{}
		for _, c := range readReceipt(t, path).Checks {
			if c.Clause == "process.memory" {
				if c.Status != stage.Proven || c.At.IsZero() {
					t.Errorf("%s: %+v", backend.name, c)
				}
				found[c.Subject] = c.Found
			}
		}
		if len(found) != 2 || found["limit of the cgroup, seen from the host"] != fmt.Sprint(memoryLimit)+" bytes" {
			t.Errorf("%s: %v", backend.name, found)
		}
	}
	noMemoryCgroup(t)
}

func TestMemoryCgroupGoesWithTheRunner(t *testing.T) {
	policy := memoryPolicy(t)
	for _, backend := range memoryBackends {
		for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
			t.Run(fmt.Sprintf("%s/%s", backend.name, sig), func(t *testing.T) {
				s := start(t, backend.root, policy, "sleep 300")
				groups := memoryCgroups(t)
				if len(groups) != 1 {
					t.Fatalf("cgroups while the program runs: %v", groups)
				}
				least := 3
				if backend.name == "native" {
					least = 2 // nothing is between the warden and the program
				}
				if members, err := os.ReadFile(filepath.Join(groups[0], "cgroup.procs")); err != nil || len(strings.Fields(string(members))) < least {
					t.Errorf("members %q, %v", members, err)
				}
				family := s.family(t)
				if err := s.Process.Signal(sig); err != nil {
					t.Fatal(err)
				}
				_ = s.Wait()
				gone(t, family, 2*time.Second)
				noMemoryCgroup(t)
			})
		}
	}
}

// The runner and its guard are not in the cgroup: what is short of memory cannot end what
// watches it.
func TestMemoryCgroupHoldsTheSandboxAlone(t *testing.T) {
	policy := memoryPolicy(t)
	for _, backend := range memoryBackends {
		s := start(t, backend.root, policy, "sleep 300")
		for pid, name := range s.family(t) {
			group := readText(t, fmt.Sprintf("/proc/%d/cgroup", pid))
			outside := pid == s.Process.Pid || strings.Contains(name, "__guard")
			if strings.Contains(group, "/confine-") == outside {
				t.Errorf("%s: process %d %s: %s", backend.name, pid, name, group)
			}
		}
		if err := s.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		_ = s.Wait()
	}
	noMemoryCgroup(t)
}
