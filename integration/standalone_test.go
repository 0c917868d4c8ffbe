//go:build linux

package integration

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"confine/compiler"
)

// standaloneTree fills a directory with what the policy of these tests names. All
// of it belongs to the connector's user: permissions deny nothing.
func standaloneTree(t *testing.T) string {
	t.Helper()
	dir := tree(t)
	program, err := os.ReadFile(probe)
	if err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{
		"read", "read/hidden", "read/inner", "map", "exec", "write", "unnamed", "gone", "naïve 文 path",
	} {
		for _, path := range []string{
			owned(t, filepath.Join(dir, sub)),
			file(t, filepath.Join(dir, sub, "file"), strings.Repeat("x", 8192), 0o644),
			file(t, filepath.Join(dir, sub, "program"), string(program), 0o755),
		} {
			if err := os.Chown(path, int(account.uid), int(account.gid)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

func standaloneMain(dir string) standalonePolicy {
	return standalonePolicy{
		exec: []string{dir + "/exec"}, mapped: []string{dir + "/map"}, dir: dir,
		rest: `
read = ["DIR/read", "DIR/naïve 文 path"]
write = ["DIR/write", "DIR/read/inner"]
hide = ["DIR/read/hidden"]
absent = ["DIR/gone"]
tmp = ["/tmp"]
proc = "self"
dev = "minimal"
[rlimits]
nofile = 200
[process]
directory = "DIR/read"
`,
	}
}

// TestStandaloneForbidden does what the policy forbids under firejail alone.
func TestStandaloneForbidden(t *testing.T) {
	dir := standaloneTree(t)
	abstract, err := net.Listen("unix", "@confine-standalone-test")
	if err != nil {
		t.Fatal(err)
	}
	defer abstract.Close()
	world := standaloneWorld{`
fill /opt 755; note /opt/unnamed
fill /var/opt 755; note /var/opt/unnamed
fill /media 755; note /media/fresh/file
fill /home 755; note /home/somebody/file
fill /run/lock 1777; note /run/lock/file
`}
	want := map[string]string{
		"read /opt/unnamed":        "EACCES",
		"read /var/opt/unnamed":    "EACCES",
		"read /home":               "EACCES",
		"read /home/somebody/file": "EACCES",
		"read /media/fresh/file":   "EACCES", // blacklist /*
		"read /run/lock/file":      "ENOENT",
		"read /run/lock":           "ENOENT",
		"read /usr/share":          "EACCES", // blacklist /usr/*
		"read /sys":                "EACCES",
		"write /var/tmp":           "EACCES",

		"read DIR/unnamed":      "ENOENT",
		"read DIR/unnamed/file": "ENOENT",
		"stat DIR/gone":         "ENOENT",
		"read DIR/gone/file":    "ENOENT",

		"read DIR/read/file":    "ok",
		"write DIR/read":        "EROFS",
		"write DIR/read/file":   "EROFS",
		"exec DIR/read/program": "EACCES",
		"map DIR/read/program":  "EPERM",

		"read DIR/naïve 文 path/file":  "ok",
		"write DIR/naïve 文 path/file": "EROFS",

		"read DIR/read/hidden":      "EACCES",
		"read DIR/read/hidden/file": "EACCES",
		"write DIR/read/hidden":     "EACCES",

		"write DIR/read/inner":        "ok",
		"exec DIR/read/inner/program": "EACCES",

		"read DIR/write/file":    "ok",
		"write DIR/write":        "ok",
		"write DIR/write/file":   "ok",
		"exec DIR/write/program": "EACCES",
		"map DIR/write/program":  "EPERM",

		"map DIR/map/program":   "ok",
		"write DIR/map":         "EROFS",
		"exec DIR/exec/program": "ok",
		"map DIR/exec/program":  "ok",
		"write DIR/exec":        "EROFS",
		"exec /bin/true":        "ok",

		"write /tmp":             "ok",
		"write /dev/null":        "ok",
		"read /dev/urandom":      "ok",
		"write /dev/shm":         "ok",
		"read /dev/ptmx":         "EACCES",
		"read /proc/self/status": "ok",
		"read /proc/cpuinfo":     "EACCES",
		"read /proc/sys":         "EACCES",

		"connect " + listener(t, "127.0.0.1"): "ECONNREFUSED",
		"abstract confine-standalone-test":    "ECONNREFUSED",
		"syscall io_uring_setup":              "EPERM",
		"syscall getppid":                     "ok",
		"read /usr/bin/env":                   "ok",
		"read DIR/write/../unnamed/file":      "ENOENT",
		"read /proc/self/root/opt/unnamed":    "EACCES",
		"read /proc/self/cwd":                 "ok",
		"read /proc/thread-self/status":       "ok",
		"read /dev/fd":                        "ok",
		"read /proc/self/root/proc/cpuinfo":   "EACCES",
	}
	absolute := map[string]string{}
	for access, expected := range want {
		absolute[strings.ReplaceAll(access, "DIR", dir)] = expected
	}
	standaloneAnswers(t, world, standaloneMain(dir).profile(t), absolute)
}

// TestStandaloneShell does what takes more than one call.
func TestStandaloneShell(t *testing.T) {
	dir := standaloneTree(t)
	profile := standaloneMain(dir).profile(t)
	// /tmp and /dev/shm of the machine may be mounted noexec: these are not.
	world := standaloneWorld{"fill /tmp 1777; note /tmp/outside\nfill /dev/shm 1777; note /dev/shm/outside\n"}
	for _, c := range []struct {
		name, script    string
		inside, outside string
	}{
		{"exec from tmp", "cp " + probe + " /tmp/p && /tmp/p nothing; echo $?", "126", "0"},
		{"exec from shm", "cp " + probe + " /dev/shm/p && /dev/shm/p nothing; echo $?", "126", "0"},
		{"tmp is empty", "ls -A /tmp", "", "outside"},
		{"shm is empty", "ls -A /dev/shm", "", "outside"},
		{"user namespace", "unshare -U true 2>/dev/null; echo $?", "1", "0"},
		{"rlimit", "ulimit -n; ulimit -Hn", "200\n200", ""},
		{"directory", "pwd -P", dir + "/read", "/usr/bin"},
		{"no privilege", "grep -c -E '^(NoNewPrivs:.1|CapBnd:.0+|Seccomp:.2)$' /proc/self/status", "3", "0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inside := finish(t, world.command(profile, "/usr/bin/sh", "-c", c.script))
			if got := strings.TrimSpace(inside.stdout); got != c.inside {
				t.Errorf("%q inside, expected %q\n%s", got, c.inside, inside.stderr)
			}
			outside := finish(t, world.command("", "/usr/bin/sh", "-c", c.script))
			got := strings.TrimSpace(outside.stdout)
			if c.outside == "" && got == c.inside || c.outside != "" && got != c.outside {
				t.Errorf("control: %q outside, expected %q\n%s", got, c.outside, outside.stderr)
			}
		})
	}
}

// TestStandaloneLiftedDirectories: /etc and /var are read-only and noexec for
// firejail, and /usr is read-only, unless an entry says otherwise.
func TestStandaloneLiftedDirectories(t *testing.T) {
	program := "cp " + probe + " "
	world := standaloneWorld{`
for dir in /var/opt /etc/opt /usr/local/src; do
  fill $dir 755
  for sub in read write exec map; do
    mkdir $dir/$sub
    ` + program + `$dir/$sub/program
    note $dir/$sub/file
  done
  chown -R $USER_ID:$GROUP_ID $dir
done
`}
	for _, dir := range []string{"/var/opt", "/etc/opt", "/usr/local/src"} {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			s := standalonePolicy{
				exec: []string{dir + "/exec"}, mapped: []string{dir + "/map"}, dir: dir,
				rest: "read = ['DIR/read']\nwrite = ['DIR/write']\n",
			}
			want := map[string]string{}
			for access, expected := range map[string]string{
				"exec DIR/exec/program":  "ok",
				"write DIR/exec":         "EROFS",
				"map DIR/map/program":    "ok",
				"write DIR/map/file":     "EROFS",
				"write DIR/write":        "ok",
				"write DIR/write/file":   "ok",
				"exec DIR/write/program": "EACCES",
				"map DIR/write/program":  "EPERM",
				"read DIR/read/file":     "ok",
				"write DIR/read/file":    "EROFS",
				"exec DIR/read/program":  "EACCES",
				"map DIR/read/program":   "EPERM",
			} {
				want[strings.ReplaceAll(access, "DIR", dir)] = expected
			}
			standaloneAnswers(t, world, s.profile(t), want)
		})
	}
}

// TestStandaloneWeaker shows that what coverage admits is so: a row that says
// weaker without a reason would hide the ones that have one.
func TestStandaloneWeaker(t *testing.T) {
	dir := standaloneTree(t)
	s := standaloneMain(dir)
	for _, row := range s.compile(t).Coverage {
		switch row.Clause + " " + row.Subject {
		case "filesystem.proc self", "filesystem.dev minimal", "filesystem.map " + dir + "/map", "filesystem.hide " + dir + "/read/hidden":
			if row.Standalone.Strength != compiler.Weaker {
				t.Errorf("%s %s is %s stand-alone", row.Clause, row.Subject, row.Standalone.Strength)
			}
		}
	}
	standaloneAnswers(t, standaloneWorld{}, s.profile(t), map[string]string{
		"append /proc/self/comm":       "ok",
		"read /proc":                   "ok",
		"read /dev":                    "ok",
		"exec " + dir + "/map/program": "ok",
	})
}
