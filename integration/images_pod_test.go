//go:build linux

package integration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// pod is what the tests read of a manifest.
type pod struct {
	Spec struct {
		AutomountServiceAccountToken  *bool
		HostNetwork, HostPID, HostIPC bool
		SecurityContext               podSecurity
		InitContainers                []json.RawMessage
		Containers                    []podContainer
		Volumes                       []map[string]json.RawMessage
	}
}

type podSecurity struct {
	RunAsNonRoot          *bool
	RunAsUser, RunAsGroup *int
	SeccompProfile        struct{ Type string }
}

type podContainer struct {
	Command, Args   []string
	WorkingDir      string
	SecurityContext struct {
		AllowPrivilegeEscalation, ReadOnlyRootFilesystem, Privileged *bool
		Capabilities                                                 struct{ Add, Drop []string }
		SeccompProfile                                               struct{ Type string }
	}
	VolumeMounts []struct {
		Name, MountPath string
		ReadOnly        bool
	}
}

// manifest gives the pod of the documentation as JSON.
func manifest(t *testing.T) []byte {
	t.Helper()
	fenced := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindStringSubmatch(read(t, "../docs/kubernetes.md"))
	if fenced == nil {
		t.Fatal("no manifest")
	}
	convert := exec.Command(connectorBin+"/python", "-c", "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)")
	convert.Stdin = strings.NewReader(fenced[1])
	return []byte(finish(t, convert).must(t, 0).stdout)
}

func parsePod(t *testing.T, text []byte) pod {
	t.Helper()
	var p pod
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestPodManifest: every field is one of a pod's, and has its type.
func TestPodManifest(t *testing.T) {
	source, err := jsonschema.UnmarshalJSON(strings.NewReader(read(t, "testdata/kubernetes/pod.schema.json")))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("pod.json", source); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("pod.json")
	if err != nil {
		t.Fatal(err)
	}
	text := string(manifest(t))
	validate := func(text string) error {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(value)
	}
	if err := validate(text); err != nil {
		t.Error(err)
	}
	for _, change := range [][2]string{
		{`"runAsNonRoot"`, `"runAsNonroot"`},
		{`"drop": ["ALL"]`, `"drop": "ALL"`},
		{`"runAsUser": 1000`, `"runAsUser": "airbyte"`},
		{`"automountServiceAccountToken": false`, `"automountServiceAccountToken": "no"`},
	} {
		changed := strings.Replace(text, change[0], change[1], 1)
		if changed == text {
			t.Errorf("no %s in %s", change[0], text)
		} else if validate(changed) == nil {
			t.Errorf("control: %s passes", change[1])
		}
	}
}

// TestPodIsRestricted: the level restricted of Pod Security, see
// https://kubernetes.io/docs/concepts/security/pod-security-standards/, and no token.
func TestPodIsRestricted(t *testing.T) {
	text := manifest(t)
	if why := parsePod(t, text).unrestricted(); len(why) > 0 {
		t.Error(why)
	}
	for _, change := range [][2]string{
		{`"runAsNonRoot": true`, `"runAsNonRoot": false`},
		{`"runAsUser": 1000`, `"runAsUser": 0`},
		{`"RuntimeDefault"`, `"Unconfined"`},
		{`"allowPrivilegeEscalation": false`, `"allowPrivilegeEscalation": true`},
		{`"drop": ["ALL"]`, `"drop": ["NET_RAW"]`},
		{`"drop": ["ALL"]`, `"drop": ["ALL"], "add": ["SYS_ADMIN"]`},
		{`"emptyDir": {"sizeLimit": "1Gi"}`, `"hostPath": {"path": "/"}`},
		{`"automountServiceAccountToken": false, `, ``},
		{`"restartPolicy"`, `"hostNetwork": true, "restartPolicy"`},
	} {
		changed := bytes.Replace(text, []byte(change[0]), []byte(change[1]), 1)
		if bytes.Equal(changed, text) {
			t.Errorf("no %s in %s", change[0], text)
		} else if len(parsePod(t, changed).unrestricted()) == 0 {
			t.Errorf("control: %s passes", change[1])
		}
	}
}

// unrestricted says what the level restricted refuses of a pod.
func (p pod) unrestricted() []string {
	var why []string
	refuse := func(bad bool, what string) {
		if bad {
			why = append(why, what)
		}
	}
	is := func(b *bool, want bool) bool { return b != nil && *b == want }
	s := p.Spec
	refuse(!is(s.AutomountServiceAccountToken, false), "a token")
	refuse(s.HostNetwork || s.HostPID || s.HostIPC, "a namespace of the host's")
	refuse(!is(s.SecurityContext.RunAsNonRoot, true), "root")
	refuse(s.SecurityContext.RunAsUser == nil || *s.SecurityContext.RunAsUser == 0, "uid 0")
	refuse(s.SecurityContext.SeccompProfile.Type != "RuntimeDefault", "no seccomp profile")
	refuse(len(s.InitContainers) > 0 || len(s.Containers) == 0, "containers that are not looked at")
	for _, c := range s.Containers {
		security := c.SecurityContext
		refuse(!is(security.AllowPrivilegeEscalation, false), "privilege escalation")
		refuse(security.Privileged != nil && *security.Privileged, "privileged")
		refuse(!slices.Contains(security.Capabilities.Drop, "ALL") || len(security.Capabilities.Add) > 0, "capabilities")
		refuse(security.SeccompProfile.Type != "", "a seccomp profile of its own")
	}
	for _, v := range s.Volumes {
		for kind := range v {
			refuse(kind != "name" && kind != "secret" && kind != "emptyDir" && kind != "configMap", "a volume "+kind)
		}
	}
	return why
}

// runsPod starts the container of the documented pod, with what a kubelet would make of it.
func (d dockerEngine) runsPod(t *testing.T) {
	p := parsePod(t, manifest(t))
	c, user := p.Spec.Containers[0], p.Spec.SecurityContext
	args := []string{
		"run", "--rm", "--network", d.server(t), "--user", fmt.Sprintf("%d:%d", *user.RunAsUser, *user.RunAsGroup), "--workdir", c.WorkingDir,
		"--security-opt", "no-new-privileges", "--entrypoint", c.Command[0],
	}
	if *c.SecurityContext.ReadOnlyRootFilesystem {
		args = append(args, "--read-only")
	}
	for _, name := range c.SecurityContext.Capabilities.Drop {
		args = append(args, "--cap-drop", name)
	}
	for _, m := range c.VolumeMounts {
		volume := map[string]func() string{"inputs": func() string { return d.inputs(t) }, "tmp": func() string { return openTree(t) }}[m.Name]() + ":" + m.MountPath
		if m.ReadOnly {
			volume += ":ro"
		}
		args = append(args, "--volume", volume)
	}
	o := finish(t, d.cmd(slices.Concat(args, []string{nativeImage}, c.Command[1:], c.Args)...)).must(t, 0)
	workspace{}.verify(t, o.stdout)
	if !strings.Contains(o.stderr, "confine: native ") {
		t.Errorf("stderr: %s", o.stderr)
	}
}

// openTree is a directory that everybody can write.
func openTree(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(tree(t), "open")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}
