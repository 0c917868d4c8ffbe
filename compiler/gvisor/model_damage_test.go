package gvisor_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"confine/compiler/gvisor"
	"confine/policy"
)

// recorder is a failer that gives back the first failure.
type recorder struct{ failure string }

func (*recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.failure = fmt.Sprintf(format, args...)
	panic(r)
}

// failureOf runs a check that may fail, and gives the first line of its failure.
func failureOf(check func(failer)) (failure string) {
	r := &recorder{}
	defer func() {
		if p := recover(); p != nil && p != any(r) {
			panic(p)
		}
		failure, _, _ = strings.Cut(r.failure, "\n")
	}()
	check(r)
	return ""
}

// TestModelNoticesDamage: one word less, and the property above does not hold. The first
// line is the control.
func TestModelNoticesDamage(t *testing.T) {
	p := parse(t, `syscalls.base = "unrestricted"
[filesystem]
exec   = ["/usr/bin", "/opt/own/bin"]
map    = ["/usr/lib"]
read   = ["/data", "/opt/own/fixed.txt", "/sys/fs/cgroup", "/etc/passwd"]
write  = ["/opt/own", "/data/state"]
hide   = ["/data/secrets", "/data/key.pem", "/usr/lib/private"]
absent = ["/run/secrets", "/tmp/token"]
tmp    = ["/scratch"]
links  = { "/bin" = "/usr/bin" }
proc   = "self"
dev    = "minimal"
`)
	without := func(option string) func(*specs.Mount) {
		return func(m *specs.Mount) {
			m.Options = slices.DeleteFunc(slices.Clone(m.Options), func(o string) bool { return o == option })
		}
	}
	gone := func(m *specs.Mount) { m.Destination = "" }
	for _, c := range []struct {
		at     string
		damage func(*specs.Mount)
		want   string
	}{
		{"/nowhere", gone, ""},
		{"/usr/bin", without("ro"), "write /bin is allowed"},
		{"/usr/lib", without("ro"), "write /usr/lib is allowed"},
		{"/etc/passwd", without("ro"), "write /etc/passwd is allowed"},
		{"/etc/passwd", without("noexec"), "exec /etc/passwd is allowed"},
		{"/data", without("noexec"), "exec /data/a/x is allowed"},
		{"/data/state", without("noexec"), "map /data/state/data is allowed"},
		{"/opt/own/bin", without("ro"), "write /opt/own/bin is allowed"},
		{"/opt/own/bin", gone, "write /opt/own/bin is allowed"},
		{"/opt/own/fixed.txt", gone, "write /opt/own/fixed.txt is allowed"},
		{"/data/secrets", gone, "read /data/secrets is allowed"},
		{"/data/key.pem", gone, "read /data/key.pem is allowed"},
		{"/data/key.pem", func(m *specs.Mount) { m.Source = "/host/dev/null" }, "read /data/key.pem is allowed"},
		{"/data", func(m *specs.Mount) { m.Source = "/host/srv/root" }, "runsc does not start, or makes /data/key.pem outside the sandbox: ENOENT"},
		{"/scratch", without("noexec"), "exec /scratch/data is allowed"},
		{"/scratch", gone, "read /scratch is denied"},
		{"/tmp", gone, "read /tmp is allowed"},
		{"/sys", gone, "read /sys is allowed"},
		{"/dev", gone, "read /dev is allowed"},
		{"/dev/pts", gone, "read /dev/pts is allowed"},
		{"/dev/shm", without("noexec"), "exec /dev/shm/x is allowed"},
		{"/proc", gone, "read /dev/fd is denied"},
		{"/proc/meminfo", gone, "read /proc/meminfo is allowed"},
		{"/proc/sys", gone, "read /proc/sys is allowed"},
		{"/usr/bin", func(m *specs.Mount) { m.Options = append(m.Options, "rro") }, `/usr/bin: runsc ignores the option "rro"`},
		{"/scratch", func(m *specs.Mount) { m.Type = "none" }, `runsc ignores the type "none"`},
		{"/usr/bin", func(m *specs.Mount) { m.Destination = "/usr/games" }, "runsc does not start, or makes /usr/games outside the sandbox: ENOENT"},
		{"/usr/bin", func(m *specs.Mount) { m.Destination = "/" }, "a mount on the root: runsc shows it below every other"},
	} {
		r := sample(p, compile(t, p))
		world := worldOf(r)
		s := specOf(t, r.bundle, gvisor.LaunchedConfig)
		for i := range s.Mounts {
			if s.Mounts[i].Destination == c.at {
				c.damage(&s.Mounts[i])
			}
		}
		s.Mounts = slices.DeleteFunc(s.Mounts, func(m specs.Mount) bool { return m.Destination == "" })
		got := failureOf(func(t failer) {
			checkModel(t, r, world, startGuest(t, s, r.bundle.Skeleton, machineOf(r.root, world), true), true)
		})
		if !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: %q, want %q", c.at, got, c.want)
		}
	}
}

// TestModelNoticesOrder: a child that is mounted before its parent shows other files.
func TestModelNoticesOrder(t *testing.T) {
	p := parse(t, "syscalls.base = 'unrestricted'\n[filesystem]\nread = ['/a', '/a/b']\nwrite = ['/a/b/c']\n")
	r := sample(p, compile(t, p))
	world := worldOf(r)
	s := specOf(t, r.bundle, gvisor.LaunchedConfig)
	for i := range s.Mounts {
		if s.Mounts[i].Destination == "/a/b" {
			s.Mounts[i].Source = "/host/srv/root/etc" // not what is there anyway
		}
	}
	slices.Reverse(s.Mounts)
	got := failureOf(func(t failer) {
		g := startGuest(t, s, r.bundle.Skeleton, machineOf(r.root, world), true)
		if !g.allows(policy.AccessRead, "/a/b/shadow") {
			t.Fatalf("another file")
		}
	})
	if got == "" {
		t.Error("the order of mounts makes no difference")
	}
}
