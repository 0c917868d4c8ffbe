//go:build linux

package integration

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"confine/runner/stage"
)

func TestReceipt(t *testing.T) {
	const secret = "hunter2-0123456789"
	policy := writePolicy(t, "tmp = [\"/tmp\"]\nproc = \"self\"", "[environment]\npass = [\"APP_*\"]\nset = { FIXED = \""+secret+"-set\" }\n")
	path := filepath.Join(tree(t), "receipt.json")
	cmd := exec.Command(confine, "run", "--backend", "firejail", "--policy", policy, "--user", connectorUser, "--receipt", path, "--",
		"/usr/bin/sh", "-c", "echo $APP_TOKEN $FIXED", "argument-"+secret)
	cmd.Env = []string{"APP_TOKEN=" + secret + "-pass"}
	o := finish(t, cmd).must(t, 0)
	if o.stdout != secret+"-pass "+secret+"-set\n" {
		t.Errorf("control: the program saw %q", o.stdout)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte("hunter2")) || strings.Contains(o.stderr, "hunter2") {
		t.Errorf("a secret in the receipt or on stderr:\n%s", o.stderr)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o600 {
		t.Errorf("receipt mode %v, expected 0600", info.Mode())
	}
	r := readReceipt(t, path)
	if r.Outcome != "proven" || r.Proven == 0 || r.Total != len(r.Checks) {
		t.Errorf("outcome %q, %d of %d checks, %d listed", r.Outcome, r.Proven, r.Total, len(r.Checks))
	}
	for _, c := range r.Checks {
		if c.Status != stage.Proven && c.Status != stage.Unproven {
			t.Errorf("%s %s: %s", c.Clause, c.Subject, c.Status)
		}
	}
}

func TestEnvironmentIsClean(t *testing.T) {
	policy := writePolicy(t, "", "[environment]\npass = [\"KEEP\", \"PRE_*\"]\nset = { FIXED = \"1\" }\n")
	cmd := confined(policy, "/usr/bin/env")
	cmd.Env = []string{"KEEP=a", "PRE_X=b", "PRE=c", "DROP=d", "LD_PRELOAD=/nonexistent", "container=x"}
	if got := finish(t, cmd).must(t, 0).stdout; got != "FIXED=1\nKEEP=a\nPRE_X=b\n" {
		t.Errorf("environment:\n%s", got)
	}
}

func TestRlimits(t *testing.T) {
	limits := map[string]string{"nofile": "-n", "core": "-c", "fsize": "-f", "nproc": "-p", "as": "-v", "stack": "-s", "cpu": "-t"}
	policy := writePolicy(t, "", `[rlimits]
nofile = 77
core = 0
fsize = "1MiB"
nproc = 50
as = "512MiB"
stack = "4MiB"
cpu = "100s"
`)
	want := map[string]string{"nofile": "77", "core": "0", "fsize": "2048", "nproc": "50", "as": "524288", "stack": "4096", "cpu": "100"}
	for name, flag := range limits {
		for _, kind := range []string{"-S", "-H"} {
			o := finish(t, confined(policy, "/usr/bin/sh", "-c", "ulimit "+kind+" "+flag)).must(t, 0)
			if got := strings.TrimSpace(o.stdout); got != want[name] {
				t.Errorf("%s %s: %s, expected %s", name, kind, got, want[name])
			}
		}
	}
	// Not named is inherited: the soft limit too, which the Go runtime raises for itself.
	inherited := confined(writePolicy(t, "", ""), "/usr/bin/sh", "-c", "ulimit -S -n; ulimit -H -n")
	shell := exec.Command("/usr/bin/sh", append([]string{"-c", `ulimit -S -n 333; ulimit -H -n 999; exec "$@"`, "sh"}, inherited.Args...)...)
	if got := finish(t, shell).must(t, 0).stdout; got != "333\n999\n" {
		t.Errorf("inherited nofile: %q", got)
	}
	lower := exec.Command("/usr/bin/sh", append([]string{"-c", `ulimit -n 60; exec "$@"`, "sh"}, confined(policy, "/usr/bin/true").Args...)...)
	wants(t, finish(t, lower).must(t, 125), "rlimits.nofile", "at least 77", "60")
}

func TestLargestFileIsEnforced(t *testing.T) {
	policy := writePolicy(t, "tmp = [\"/tmp\"]", "[rlimits]\nfsize = \"1MiB\"\n")
	script := "dd if=/usr/bin/python3.11 of=/tmp/x bs=1024 count=1025 status=none; stat -c %s /tmp/x"
	if got := strings.TrimSpace(finish(t, confined(policy, "/usr/bin/sh", "-c", script)).must(t, 0).stdout); got != "1048576" {
		t.Errorf("%s bytes inside, expected 1048576", got)
	}
	outside := strings.ReplaceAll(script, "/tmp/x", filepath.Join(t.TempDir(), "x"))
	if got := strings.TrimSpace(finish(t, exec.Command("/usr/bin/sh", "-c", outside)).must(t, 0).stdout); got != "1049600" {
		t.Errorf("control: %s bytes outside, expected 1049600", got)
	}
}

func TestSizedTmp(t *testing.T) {
	for _, path := range []string{"/tmp", "/mnt", tree(t)} {
		t.Run(path, func(t *testing.T) {
			policy := writePolicy(t, fmt.Sprintf("tmp = [{ path = %q, size = \"1MiB\" }]", path), "")
			o := finish(t, confined(policy, "/usr/bin/sh", "-c", "dd if=/usr/bin/python3.11 of="+path+"/x bs=4096 count=512 status=none; stat -c %s "+path+"/x"))
			if got := strings.TrimSpace(o.must(t, 0).stdout); got != "1048576" {
				t.Errorf("%s bytes, expected 1048576", got)
			}
			if _, err := os.Stat(filepath.Join(path, "x")); err == nil {
				t.Error("the file is on the host")
			}
			wants(t, finish(t, confinedByUser(policy, "/usr/bin/true")).must(t, 125), "only root can prepare", "filesystem.tmp "+path)
		})
	}
}

func TestStandardStreamsPassThrough(t *testing.T) {
	policy := writePolicy(t, "", "")
	data := make([]byte, 1<<20)
	if _, err := rand.Read(data); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(confine, "run", "--backend", "firejail", "--quiet", "--policy", policy, "--user", connectorUser, "--",
		"/usr/bin/sh", "-c", "tee /proc/self/fd/2")
	cmd.Args[len(cmd.Args)-1] = "/usr/bin/cat; echo done >&2"
	cmd.Stdin = bytes.NewReader(data)
	o := finish(t, cmd).must(t, 0)
	if o.stdout != string(data) || o.stderr != "done\n" {
		t.Errorf("%d bytes on stdout, expected %d; stderr %q", len(o.stdout), len(data), o.stderr)
	}
}

// firejail itself takes at most 127 arguments of 4127 bytes, and 255 variables.
func TestManyArgumentsAndVariables(t *testing.T) {
	args := []string{"/usr/bin/sh", "-c", "echo $# ${#1} $#; env | wc -l", "sh", strings.Repeat("x", 100_000)}
	for i := range 300 {
		args = append(args, fmt.Sprint(i))
	}
	cmd := confined(writePolicy(t, "", "[environment]\npass = [\"MANY_*\", \"PATH\"]\n"), args...)
	cmd.Env = []string{"PATH=/usr/bin"}
	for i := range 400 {
		cmd.Env = append(cmd.Env, fmt.Sprintf("MANY_%d=x", i))
	}
	// sh adds PWD.
	if got := finish(t, cmd).must(t, 0).stdout; got != "301 100000 301\n402\n" {
		t.Errorf("%q", got)
	}
}

func TestNothingIsInherited(t *testing.T) {
	policy := writePolicy(t, "proc = \"self\"", "")
	secret := file(t, filepath.Join(tree(t), "open"), "secret", 0o600)
	f, err := os.Open(secret)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd := confined(policy, "/usr/bin/ls", "/proc/self/fd")
	cmd.ExtraFiles = []*os.File{f, f, f, f, f, f, f, f, f}
	// 3 is the directory that ls reads.
	if got := strings.Join(strings.Fields(finish(t, cmd).must(t, 0).stdout), " "); got != "0 1 2 3" {
		t.Errorf("descriptors %s", got)
	}
}

func TestUmaskAndDirectory(t *testing.T) {
	dir := owned(t, filepath.Join(tree(t), "work"))
	policy := file(t, filepath.Join(tree(t), "p.toml"), strings.NewReplacer(
		"BIN", filepath.Dir(probe), "MORE", fmt.Sprintf("write = [%q]", dir), `directory = "/usr/bin"`, "").Replace(base), 0o644)
	old := unix.Umask(0o027)
	defer unix.Umask(old)
	cmd := confined(policy, "/usr/bin/sh", "-c", "umask; pwd; echo x > made; stat -c %a made")
	cmd.Dir = dir
	if got := finish(t, cmd).must(t, 0).stdout; got != "0027\n"+dir+"\n640\n" {
		t.Errorf("%q", got)
	}
}

func TestParallelLaunches(t *testing.T) {
	policy := writePolicy(t, "tmp = [\"/tmp\"]", "")
	var wg sync.WaitGroup
	failed := make(chan string, 64)
	for i := range 32 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			cmd := launches[i%2].cmd(policy, "/usr/bin/true")
			if out, err := cmd.CombinedOutput(); err != nil {
				failed <- fmt.Sprintf("%v: %s", err, out)
			}
		}()
	}
	wg.Wait()
	close(failed)
	for f := range failed {
		t.Error(f)
	}
}

func TestLaunchNeedsNoTemporaryDirectory(t *testing.T) {
	policy := writePolicy(t, "", "")
	dir := tree(t)
	wrapped := exec.Command("/usr/bin/unshare", append([]string{
		"--mount", "--", "/usr/bin/sh", "-c",
		"mount -t tmpfs -o ro,size=4k none '" + dir + "'; export TMPDIR='" + dir + "'; exec \"$@\"", "sh",
	},
		confined(policy, "/usr/bin/true").Args...)...)
	finish(t, wrapped).must(t, 0)
}

// systemd-resolved makes resolv.conf a link into /run.
func TestResolverFileThatIsALink(t *testing.T) {
	etc := filepath.Join(tree(t), "etc")
	finish(t, exec.Command("cp", "-a", "/etc", etc)).must(t, 0)
	if err := os.Remove(filepath.Join(etc, "resolv.conf")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../run/systemd/resolve/stub-resolv.conf", filepath.Join(etc, "resolv.conf")); err != nil {
		t.Fatal(err)
	}
	policy := writePolicy(t, `read = ["/etc/resolv.conf"]`, "[network]\nmode = \"host\"\n")
	script := `set -e
mount --bind '` + etc + `' /etc
mount -t tmpfs none /run
mkdir -p /run/systemd/resolve /run/firejail
echo nameserver 127.0.0.53 > /run/systemd/resolve/stub-resolv.conf
echo other > /run/systemd/resolve/other
exec "$@"
`
	for _, launch := range launches {
		t.Run(launch.name, func(t *testing.T) {
			program := []string{"/usr/bin/sh", "-c", "cat /etc/resolv.conf; cat /run/systemd/resolve/other || echo closed"}
			cmd := launch.cmd(policy, program...)
			args := []string{"--mount", "--", "/usr/bin/sh", "-c", script, "sh"}
			if launch.name == "user" {
				args = append(args, "/usr/bin/setpriv", "--reuid", connectorUser, "--regid", connectorUser, "--clear-groups")
			}
			o := finish(t, exec.Command("/usr/bin/unshare", append(args, cmd.Args...)...)).must(t, 0)
			if o.stdout != "nameserver 127.0.0.53\nclosed\n" {
				t.Errorf("inside: %q", o.stdout)
			}
		})
	}
}

// A link of the policy inside a directory that is emptied stays, and leads where
// the policy says.
func TestNamedLinkInsideAnEmptiedDirectory(t *testing.T) {
	dir := tree(t)
	file(t, filepath.Join(dir, "v2", "data"), "two", 0o644)
	if err := os.Symlink("v2", filepath.Join(dir, "current")); err != nil {
		t.Fatal(err)
	}
	policy := writePolicy(t, fmt.Sprintf("read = [%q]", filepath.Join(dir, "v2")), "")
	text, err := os.ReadFile(policy)
	if err != nil {
		t.Fatal(err)
	}
	link := fmt.Sprintf("links = { %q = %q, ", filepath.Join(dir, "current"), filepath.Join(dir, "v2"))
	file(t, policy, strings.Replace(string(text), "links = { ", link, 1), 0o644)
	for _, launch := range launches {
		o := finish(t, launch.cmd(policy, "/usr/bin/cat", filepath.Join(dir, "current", "data"))).must(t, 0)
		if o.stdout != "two" {
			t.Errorf("%s: %q", launch.name, o.stdout)
		}
	}
}
