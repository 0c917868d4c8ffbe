package policies_test

import (
	"errors"
	"strings"
	"testing"

	"confine/policies"
	"confine/policy"
)

func parse(t *testing.T, name string) *policy.Policy {
	t.Helper()
	file, src, ok := policies.Source(name)
	if !ok {
		t.Fatalf("no policy %q", name)
	}
	p, err := policy.Parse(file, src)
	var ds policy.Diagnostics
	if errors.As(err, &ds) {
		var out strings.Builder
		_ = ds.Render(&out)
		t.Fatal(out.String())
	}
	return p
}

func TestNames(t *testing.T) {
	names := policies.Names()
	if len(names) == 0 {
		t.Fatal("nothing is embedded")
	}
	for _, name := range names {
		if p := parse(t, name); p.Name != name || p.Description == "" {
			t.Errorf("%s.toml holds %q: %q", name, p.Name, p.Description)
		}
	}
	for _, name := range []string{"", "nope", "../policy", "source-declarative-manifest.toml"} {
		if _, _, ok := policies.Source(name); ok {
			t.Errorf("there is a policy %q", name)
		}
	}
}

func TestSourceDeclarativeManifest(t *testing.T) {
	p := parse(t, "source-declarative-manifest")
	check := func(want bool, accesses ...string) {
		t.Helper()
		for _, text := range accesses {
			a, err := policy.ParseAccess(text)
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			if d := p.Decide(a); d.Allowed != want {
				t.Errorf("%s: allowed %v by %s (%s)", text, d.Allowed, d.Clause, d.Because)
			}
		}
	}
	check(
		true,
		// Debian 12, as make run prepares it
		"exec /opt/source-declarative-manifest/bin/source-declarative-manifest",
		"exec /usr/bin/python3.11",
		"exec /bin/uname",
		"exec /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
		"read /opt/source-declarative-manifest/pyvenv.cfg",
		"map /opt/source-declarative-manifest/lib/python3.11/site-packages/orjson/orjson.so",
		"map /lib/x86_64-linux-gnu/libc.so.6",
		"read /usr/lib/ssl/openssl.cnf",
		"read /etc/ssl/certs/ca-certificates.crt",
		"read /usr/share/zoneinfo/Etc/UTC",
		"read /etc/ld.so.cache", "read /etc/resolv.conf", "read /etc/passwd",
		"write /srv/airbyte/config.json", "read /srv/airbyte",
		// an Airbyte image
		"exec /usr/local/bin/python",
		"map /usr/local/lib/libpython3.11.so.1.0",
		"read /airbyte/integration_code/main.py",
		"write /source/0f8f1c1e", "write /config/connectionConfiguration.json", "write /staging/files/x",
		"read /sys/fs/cgroup/memory.max",
		// both
		"write /tmp/tmpabcd/config.json",
		"read /proc/self/maps", "read /dev/urandom", "write /dev/null",
		"connect api.example.com:443", "resolve api.example.com",
		"env PATH", "env TMPDIR", "env LOG_LEVEL", "env WORKER_JOB_ID", "env HTTPS_PROXY",
		"rlimit nofile=1024", "rlimit cpu=72h", "rlimit as=2GiB",
	)
	check(
		false,
		"read /etc/shadow", "read /etc", "read /", "read /root/.ssh/id_rsa", "read /home/user",
		"read /run/secrets/kubernetes.io/serviceaccount/token",
		"read /var/run/secrets/kubernetes.io/serviceaccount/token",
		"exec /tmp/x", "map /tmp/x.so", "exec /srv/airbyte/x", "map /source/x.so",
		"write /airbyte/integration_code/main.py", "exec /airbyte/x",
		"write /usr/bin/python3.11", "write /opt/source-declarative-manifest/lib/x.py",
		"write /etc/passwd", "write /sys/fs/cgroup/cgroup.procs", "read /sys/kernel/security",
		"write /proc/self/mem", "read /proc/sys/kernel/core_pattern", "read /dev/mem",
		"capability SYS_ADMIN", "capability NET_RAW",
		"env LD_PRELOAD", "env PYTHONPATH", "env LAUNCHDARKLY_KEY", "env AWS_SECRET_ACCESS_KEY",
		"env KUBERNETES_SERVICE_HOST",
		"rlimit core=1", "rlimit nofile=1025",
	)
	if p.Process.WallTime.Hours() < 72 {
		t.Errorf("wall time is %v: a sync may take three days", p.Process.WallTime)
	}
}

// TestReasons: every entry of an embedded policy says why it is there.
func TestReasons(t *testing.T) {
	for _, name := range policies.Names() {
		file, src, _ := policies.Source(name)
		explained := false
		for i, line := range strings.Split(string(src), "\n") {
			text := strings.TrimSpace(line)
			switch {
			case text == "" || strings.HasPrefix(text, "["):
				explained = false
			case strings.Contains(text, "#"):
				explained = true
			case strings.HasPrefix(text, `"`) && !explained:
				t.Errorf("%s:%d: no reason is given for %s", file, i+1, text)
			}
		}
	}
}
