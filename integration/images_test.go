//go:build linux

package integration

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	baseImage   = "connector"
	nativeImage = "connector-native"
	apiPort     = "18080"
)

// entrypoint is what goes before that of the base image.
func entrypoint(backend string) string {
	return "/usr/local/bin/confine run --policy /etc/confine/policy.toml --backend " + backend + " -- "
}

// settings are ways to run a container, and may be all that there is between it and the host.
var settings = []struct {
	name    string
	options []string
}{
	{"default", nil},
	{"user", []string{"--user", "1000"}},
	{"uid without a name", []string{"--user", "4321"}},
	{"another group", []string{"--user", "1000:0"}},
	{"read-only", []string{"--read-only", "--tmpfs", "/tmp"}},
	{"no privileges", []string{"--cap-drop", "ALL", "--security-opt", "no-new-privileges"}},
	{"restricted", []string{"--user", "1000", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"}},
}

// TestImages: an image of a connector with confine in it does what the connector's own does, in
// a real engine, and what a hostile connector does fails.
func TestImages(t *testing.T) {
	d := startDocker(t)
	d.importBase(t, baseImage)
	d.build(t, "Dockerfile.native", baseImage, readText(t, "images/policy.toml"), nativeImage).must(t, 0)
	t.Run("refused builds", d.refusesBuilds)
	t.Run("identity", d.keepsIdentity)
	t.Run("documented commands", d.keepsPromises)
	// In parallel with each other, and all of them before the engine ends.
	t.Run("runs", func(t *testing.T) {
		bare := d.runsBare(t)
		for _, s := range settings {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				d.runsAsBare(t, nativeImage, "native", s.options, bare)
			})
		}
		t.Run("entry point", func(t *testing.T) {
			t.Parallel()
			d.runsByEntryPoint(t, nativeImage, nil, bare)
		})
		t.Run("pod", func(t *testing.T) {
			t.Parallel()
			d.runsPod(t)
		})
	})
	t.Run("gvisor", d.runsInGVisor)
	t.Run("firejail", d.runsInFirejail)
	t.Run("attacks", func(t *testing.T) {
		const image = nativeImage + "-named"
		d.build(t, "Dockerfile.native", baseImage, namedPolicy, image).must(t, 0)
		d.resists(t, image, "native", nil)
	})
	t.Run("what outlives the runner", d.leavesNothing)
}

// refusesBuilds: an image that would refuse every launch is not made.
func (d dockerEngine) refusesBuilds(t *testing.T) {
	const bare = "connector-without-entrypoint"
	container := strings.TrimSpace(finish(t, d.cmd("create", "--network", "none", baseImage)).must(t, 0).stdout)
	finish(t, d.cmd("commit", "--change", "ENV AIRBYTE_ENTRYPOINT=", container, bare)).must(t, 0)
	finish(t, d.cmd("rm", container)).must(t, 0)
	policy := readText(t, "images/policy.toml")
	for _, tc := range []struct{ name, base, policy, says string }{
		{"no entry point", bare, policy, "the base image has no AIRBYTE_ENTRYPOINT"},
		{"a policy that does not compile", baseImage, strings.Replace(policy, "extends", "extend", 1), "unknown key"},
		{
			"what this backend does not enforce", baseImage, policy + "\n[filesystem]\ntmp = [{ path = \"/scratch\", size = \"1MiB\" }]\n",
			"native enforces this less than the policy says",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if o := d.build(t, "Dockerfile.native", tc.base, tc.policy, "refused"); o.code == 0 || !strings.Contains(o.stdout+o.stderr, tc.says) {
				t.Errorf("exit code %d, expected a failure and %q\n%s%s", o.code, tc.says, o.stdout, o.stderr)
			}
		})
	}
}

// keepsIdentity: the user, the directory and the environment of the base image stay.
func (d dockerEngine) keepsIdentity(t *testing.T) {
	const format = "{{.Config.User}} {{.Config.WorkingDir}} {{index .Config.Env 0}}"
	want := finish(t, d.cmd("inspect", "--format", format, baseImage)).must(t, 0).stdout
	if got := finish(t, d.cmd("inspect", "--format", format, nativeImage)).must(t, 0).stdout; got != want || !strings.HasPrefix(got, "airbyte ") {
		t.Errorf("got %q, base %q", got, want)
	}
	o := d.sh(t, nativeImage, nil, `echo "$AIRBYTE_ENTRYPOINT"; stat -c '%U %a' /usr/local/bin/confine /etc/confine /etc/confine/policy.toml`).must(t, 0)
	if want := entrypoint("native") + "python /airbyte/integration_code/main.py\nroot 755\nroot 755\nroot 644\n"; o.stdout != want {
		t.Errorf("got\n%swant\n%s", o.stdout, want)
	}
}

// sh runs a script in a new container without a network.
func (d dockerEngine) sh(t *testing.T, image string, options []string, script string) outcome {
	t.Helper()
	args := append([]string{"run", "--rm", "--network", "none", "--entrypoint", "/bin/sh"}, options...)
	return finish(t, d.cmd(append(args, image, "-c", script)...))
}

// bareRun is what the commands of the base image print.
type bareRun struct {
	spec    string
	records []string
}

func (d dockerEngine) runsBare(t *testing.T) bareRun {
	spec := d.run(t, baseImage, "none", nil, "spec").must(t, 0).stdout
	if !strings.Contains(spec, `"type":"SPEC"`) {
		t.Fatalf("no SPEC in %q", spec)
	}
	read := d.run(t, baseImage, d.server(t), nil, readArguments...).must(t, 0).stdout
	workspace{}.verify(t, read)
	return bareRun{spec, records(t, read)}
}

// runsAsBare compares the commands of the image with those of its base.
func (d dockerEngine) runsAsBare(t *testing.T, image, backend string, options []string, bare bareRun) {
	run := func(network string, command ...string) string {
		t.Helper()
		o := d.run(t, image, network, options, command...).must(t, 0)
		if !strings.Contains(o.stderr, "confine: "+backend+" ") || !strings.Contains(o.stderr, "proven in") {
			t.Errorf("stderr: %s", o.stderr)
		}
		return o.stdout
	}
	if got := run("none", "spec"); got != bare.spec {
		t.Errorf("spec:\n%s\nbare:\n%s", got, bare.spec)
	}
	read := run(d.server(t), readArguments...)
	workspace{}.verify(t, read)
	sameRecords(t, read, bare.records)
}

// runsByEntryPoint is what Kubernetes does, which has a shell evaluate the words and its own, and a
// check.
func (d dockerEngine) runsByEntryPoint(t *testing.T, image string, options []string, bare bareRun) {
	o := d.run(t, image, d.server(t), options, checkArguments...).must(t, 0)
	if got := connectionStatus(t, o.stdout); got != "SUCCEEDED" {
		t.Errorf("connection status %q\n%s", got, o.stdout)
	}
	asPod := append([]string{"--entrypoint", "/bin/sh"}, options...)
	read := d.run(t, image, d.server(t), asPod, "-c", `eval "$AIRBYTE_ENTRYPOINT `+strings.Join(readArguments, " ")+`"`).must(t, 0).stdout
	workspace{}.verify(t, read)
	sameRecords(t, read, bare.records)
}

// run starts a container in a network, with the connector's files in its working directory.
func (d dockerEngine) run(t *testing.T, image, network string, options []string, command ...string) outcome {
	t.Helper()
	return finish(t, d.cmd(slices.Concat(
		[]string{"run", "--rm", "--network", network, "--volume", d.inputs(t) + ":/config", "--workdir", "/config"}, options, []string{image}, command)...))
}

// inputs is a directory with the connector's files, which every user of a container can write.
func (d dockerEngine) inputs(t *testing.T) string {
	t.Helper()
	dir := openTree(t)
	for _, name := range []string{"manifest.yaml", "config.json", "catalog.json", "state.json"} {
		file(t, filepath.Join(dir, name), readText(t, filepath.Join(inputs, name)), 0o666)
	}
	return dir
}

// server starts the API in a container, whose network it gives. It answers 429 once, so each
// read takes a new one.
func (d dockerEngine) server(t *testing.T) string {
	t.Helper()
	dir := tree(t)
	file(t, filepath.Join(dir, "server.py"), readText(t, filepath.Join(inputs, "server.py")), 0o644)
	id := strings.TrimSpace(finish(t, d.cmd("run", "--detach", "--network", "none", "--volume", dir+":/api:ro", "--entrypoint", "python", baseImage,
		"-u", "/api/server.py", apiPort)).must(t, 0).stdout)
	t.Cleanup(func() { finish(t, d.cmd("rm", "--force", id)).must(t, 0) })
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if strings.Contains(finish(t, d.cmd("logs", id)).must(t, 0).stdout, apiPort) {
			return "container:" + id
		}
		if time.Now().After(deadline) {
			t.Fatalf("the API server does not say its port after %s", patience)
		}
	}
}
