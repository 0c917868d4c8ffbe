package firejail_test

import (
	"reflect"
	"slices"
	"testing"

	"confine/compiler"
	"confine/policy"

	"pgregory.net/rapid"
)

// TestExpectation: what the stage is told to find is what the profile brings about.
func TestExpectation(t *testing.T) {
	p := parse(t, `[network]
mode = "host"
[filesystem]
read   = ["/etc", "/etc/passwd", "/sys/fs/cgroup", "/sysx", "/opt/a?"]
absent = ["/run/secrets", "/mnt/volume/token", "/usr/share/a"]
tmp    = ["/tmp", "/var/tmp", "/scratch", { path = "/srv/cache", size = 8192 }]
links  = { "/bin" = "/usr/bin" }
proc   = "self"
dev    = "minimal"
[rlimits]
core = 0
`)
	b := compile(t, p)
	e := b.Expectation
	if want := []string{"/mnt", "/run", "/usr/share"}; !slices.Equal(e.Emptied, want) {
		t.Errorf("emptied: %v, want %v", e.Emptied, want)
	}
	if want := []string{"ipc", "mnt", "pid", "user"}; !slices.Equal(e.Isolated, want) || !slices.Equal(e.Shared, []string{"net"}) {
		t.Errorf("isolated: %v, shared: %v", e.Isolated, e.Shared)
	}
	var replaced []string
	for i, path := range e.Paths {
		if path.PathEntry != p.Filesystem.Entries[i] {
			t.Errorf("%+v is no entry of the policy", path)
		}
		if path.Replaced {
			replaced = append(replaced, path.Path)
		}
	}
	if want := []string{"/etc/passwd", "/sys/fs/cgroup"}; !slices.Equal(replaced, want) || len(e.Paths) != len(p.Filesystem.Entries) {
		t.Errorf("%d paths, replaced: %v, want %v", len(e.Paths), replaced, want)
	}
	mounts := []compiler.Mount{
		{Path: "/scratch", Clause: policy.ClauseFilesystemTmp, At: p.Filesystem.Entries[indexOf(p, "/scratch")].At},
		{Path: "/srv/cache", Size: 8192, Clause: policy.ClauseFilesystemTmp, At: p.Filesystem.Entries[indexOf(p, "/srv/cache")].At},
	}
	if !slices.Equal(b.Mounts, mounts) {
		t.Errorf("mounts: %+v, want %+v", b.Mounts, mounts)
	}
	if e.Network != policy.NetworkHost || e.NetworkAt != p.Network.At || e.Proc != policy.ProcSelf || e.ProcAt != p.Filesystem.ProcAt ||
		e.Dev != policy.DevMinimal || e.DevAt != p.Filesystem.DevAt || e.FilterAt != p.Syscalls.At || len(e.FilterCanaries) != 4 ||
		!reflect.DeepEqual(e.Aliases, p.Filesystem.Links) || !reflect.DeepEqual(e.Rlimits, p.Rlimits) {
		t.Errorf("%+v", e)
	}
	if len(e.Filter) == 0 || len(e.Filter)%8 != 0 {
		t.Errorf("a filter of %d bytes", len(e.Filter))
	}

	closed := compile(t, parse(t, "")).Expectation
	if want := []string{"ipc", "mnt", "net", "pid", "user"}; !slices.Equal(closed.Isolated, want) || len(closed.Shared) != 0 {
		t.Errorf("isolated: %v, shared: %v", closed.Isolated, closed.Shared)
	}
}

func indexOf(p *policy.Policy, path string) int {
	return slices.IndexFunc(p.Filesystem.Entries, func(e policy.PathEntry) bool { return e.Path == path })
}

// TestEmptiedIsEmpty: in an emptied directory nothing but whitelisted paths is left,
// and a sandbox that an ordinary user starts needs no mount for an unbounded /tmp.
func TestEmptiedIsEmpty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawPolicy(t)
		lines := readProfile(artifact(t, r.bundle, "launched.profile"))
		for _, dir := range r.bundle.Expectation.Emptied {
			if !has(lines, "whitelist", dir+"/.confine-none") {
				t.Fatalf("nothing empties %s", dir)
			}
		}
		for _, e := range r.policy.Filesystem.Entries {
			mounted := slices.ContainsFunc(r.bundle.Mounts, func(m compiler.Mount) bool { return m.Path == e.Path && m.Size == e.Size })
			own := e.Size == 0 && (e.Path == "/tmp" || e.Path == "/var/tmp")
			if mounted != (e.Mode == policy.ModeTmp && !own) {
				t.Fatalf("%s %s is mounted: %v", e.Mode, e.Path, mounted)
			}
			if e.Mode == policy.ModeAbsent && !slices.Contains(r.bundle.Expectation.Emptied, firstOrSecond(e.Path)) {
				t.Fatalf("%s is absent, and its directory is not expected to be empty", e.Path)
			}
		}
	})
}
