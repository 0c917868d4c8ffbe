//go:build linux

package integration

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// imagesHome is where `scripts/setup images` puts an engine and a base image.
const imagesHome = "/opt/confine-images"

// engineGroup is the cgroup of all containers of the tests; one that a killed test has left is
// taken again, and removed.
const engineGroup = "confine-images"

// engineScript runs dockerd in the namespaces that unshare(1) has made, until standard input
// ends. Directories that it writes outside of its own are copies; its network has one address
// beside loopback, that of cloud metadata, where something listens.
const engineScript = `set -e
mount -t tmpfs tmpfs /run
for dir in etc opt; do
  mkdir -p "$1/$dir/upper" "$1/$dir/work"
  mount -t overlay overlay -o "lowerdir=/$dir,upperdir=$1/$dir/upper,workdir=$1/$dir/work" "/$dir"
done
# runsc takes the ownership of a null device that it gets as a stream: not of the machine's.
mknod -m 666 "$1/null" c 1 3
mount --bind "$1/null" /dev/null
ip link set lo up
ip address add ` + metadataAddress + `/32 dev lo
python3 -c 'import socket
tcp, udp = socket.create_server(("` + metadataAddress + `", 80)), socket.socket(type=socket.SOCK_DGRAM)
udp.bind(("` + metadataAddress + `", 80))
while True: udp.sendto(*udp.recvfrom(64))' &
dockerd --config-file "$1/daemon.json" --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false --bridge=none \
  --cgroup-parent=/` + engineGroup + ` --data-root "$1/data" --exec-root "$1/exec" --pidfile "$1/pid" \
  -H "unix://$1/socket" >"$1/log" 2>&1 &
read -r _ || true
`

// fencedJSON is the configuration of the engine in the documentation.
var fencedJSON = regexp.MustCompile("(?s)```json\n(.*?)```")

// dockerEngine is a Docker engine of a test's own. It and its containers are in a PID, a mount
// and a network namespace that end with it.
type dockerEngine struct{ dir string }

func startDocker(t *testing.T) dockerEngine {
	t.Helper()
	if _, err := os.Stat(filepath.Join(imagesHome, ".stamp")); err != nil {
		t.Fatalf("%v: run scripts/setup images first", err)
	}
	d := dockerEngine{tree(t)}
	file(t, filepath.Join(d.dir, "daemon.json"), fencedJSON.FindStringSubmatch(read(t, "../docs/images.md"))[1], 0o644)
	cmd := exec.Command("/usr/bin/unshare", "--mount", "--propagation", "private", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
		"/bin/sh", "-c", engineScript, "sh", d.dir)
	cmd.Env = []string{"PATH=" + imagesHome + "/engine/usr/sbin:" + imagesHome + "/engine/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	// The end of the pipe closes with the test process, however that ends.
	lifeline, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = cmd.Wait() }()
	t.Cleanup(func() {
		_ = lifeline.Close()
		<-ended
		removeEngineGroups(t)
	})
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		if d.cmd("version").Run() == nil {
			return d
		}
		select {
		case <-ended:
			t.Fatalf("the engine ended: %s\n%s", said.String(), d.log())
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("the engine does not answer after %s\n%s", patience, d.log())
		}
	}
}

// cmd is one of docker(1).
func (d dockerEngine) cmd(args ...string) *exec.Cmd {
	cmd := exec.Command(imagesHome+"/engine/usr/bin/docker", args...)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + d.dir, "DOCKER_BUILDKIT=0", "DOCKER_HOST=unix://" + d.dir + "/socket"}
	return cmd
}

// log is what dockerd has said, for a failed test.
func (d dockerEngine) log() string {
	data, err := os.ReadFile(filepath.Join(d.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// removeEngineGroups removes the cgroups of the containers, in every hierarchy.
func removeEngineGroups(t *testing.T) {
	t.Helper()
	for _, pattern := range []string{"/sys/fs/cgroup/" + engineGroup, "/sys/fs/cgroup/*/" + engineGroup} {
		groups, _ := filepath.Glob(pattern)
		for _, group := range groups {
			children, _ := filepath.Glob(filepath.Join(group, "*/"))
			for _, dir := range append(children, group) {
				if err := os.Remove(dir); err != nil && dir == group {
					t.Errorf("left behind: %v", err)
				}
			}
		}
	}
}

// importBase makes the base image, with what Airbyte's images say of themselves.
func (d dockerEngine) importBase(t *testing.T, name string) {
	t.Helper()
	args := []string{"import"}
	for _, change := range []string{
		"ENV PATH=" + connectorBin + ":/usr/local/bin:/usr/bin:/bin",
		`ENV AIRBYTE_ENTRYPOINT="python /airbyte/integration_code/main.py"`,
		`ENTRYPOINT ["python", "/airbyte/integration_code/main.py"]`,
		"USER airbyte", "WORKDIR /airbyte",
	} {
		args = append(args, "--change", change)
	}
	finish(t, d.cmd(append(args, imagesHome+"/base.tar", name)...)).must(t, 0)
}

// build makes an image of a Dockerfile of this directory and a policy. The network that a build has
// by default does not exist here.
func (d dockerEngine) build(t *testing.T, dockerfile, base, policy, name string) outcome {
	t.Helper()
	context := tree(t)
	copyFile(t, confine, filepath.Join(context, "confine"), 0o755)
	file(t, filepath.Join(context, "policy.toml"), policy, 0o644)
	if dockerfile == "Dockerfile.gvisor" {
		copyFile(t, "/usr/local/bin/runsc", filepath.Join(context, "runsc"), 0o755)
	}
	return finish(t, d.cmd("build", "--network", "none", "--tag", name, "--file", filepath.Join("images", dockerfile), "--build-arg", "BASE="+base, context))
}

func copyFile(t *testing.T, from, to string, mode os.FileMode) {
	t.Helper()
	source, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, mode)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(target, source); err != nil {
		t.Fatal(err)
	}
	if err := target.Close(); err != nil {
		t.Fatal(err)
	}
}
