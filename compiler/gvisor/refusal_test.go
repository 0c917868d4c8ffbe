package gvisor_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"confine/compiler"
	"confine/compiler/gvisor"
	"confine/policy"

	"pgregory.net/rapid"
)

// TestRefusals: every refusal, with its place and its words.
func TestRefusals(t *testing.T) {
	const (
		sysfs    = "the guest has no sysfs of the host's"
		always   = "runsc cannot make this path absent, only inaccessible"
		void     = "a path that does not exist cannot hold one that does"
		inside   = "runsc cannot make a path absent inside another entry"
		empty    = "a tmp directory starts empty, so nothing can be inside it"
		early    = "runsc can only restrict what is there when it starts"
		rename   = "the program could rename the directories in between, and this entry would mean other files"
		covered  = "runsc cannot open a path inside a directory that it hides inside another entry"
		children = "use hide, or name the directory's other children instead of the directory"
		oneByOne = "name the directory's children in write one by one instead of the directory"
		make     = "make the file before the start, even if it is empty"
	)
	for _, c := range []struct{ text, message, expected, hint string }{
		{"read = ['/sys']", sysfs, "no entry in /sys but /sys/fs/cgroup, which is shown empty", "leave it out"},
		{"read = ['/sys/class/net']", sysfs, "no entry in /sys but /sys/fs/cgroup, which is shown empty", "leave it out"},
		{"read = ['/sys/fs/cgroups?']", sysfs, "no entry in /sys but /sys/fs/cgroup, which is shown empty", "leave it out"},
		{"absent = ['/sys/class']", always, "an absent path other than /tmp, and none in /sys", "use hide if EACCES is good enough"},
		{"absent = ['/sys/fs/cgroup/x']\nread = ['/sys/fs/cgroup']", always, "an absent path other than /tmp, and none in /sys", "use hide if EACCES is good enough"},
		{"absent = ['/sys']", always, "an absent path other than /tmp, and none in /sys", "use hide if EACCES is good enough"},
		{"absent = ['/tmp']", always, "an absent path other than /tmp, and none in /sys", "use hide if EACCES is good enough"},
		{"read = ['/a/b']\nabsent = ['/a']", void, "no entry inside absent /a (p.toml:5:11)", "hide the directory instead"},
		{"write = ['/a/b/c']\nhide = ['/a/b']\nabsent = ['/a']", void, "no entry inside absent /a (p.toml:6:11)", "hide the directory instead"},
		{"absent = ['/a/b']\nread = ['/a']", inside, "no entry above it, but there is read /a (p.toml:5:9)", children},
		{"absent = ['/a/b/c']\nhide = ['/a/b']\nmap = ['/a']", inside, "no entry above it, but there is map /a (p.toml:6:8)", children},
		{"absent = ['/a/b']\ntmp = ['/a']", inside, "no entry above it, but there is tmp /a (p.toml:5:8)", children},
		{"read = ['/tmp/a']\ntmp = ['/tmp']", empty, "no entry inside tmp /tmp (p.toml:5:8)", ""},
		{"hide = ['/tmp/a/b']\ntmp = ['/tmp']", empty, "no entry inside tmp /tmp (p.toml:5:8)", ""},
		{"tmp = ['/a/b/c', '/a/b']", empty, "no entry inside tmp /a/b (p.toml:4:18)", ""},
		{"hide = ['/a/b?']\nwrite = ['/a']", early, "a path that must be there (without \"?\"), inside write /a (p.toml:5:10)", make},
		{"read = ['/a/b?']\nwrite = ['/a']", early, "a path that must be there (without \"?\"), inside write /a (p.toml:5:10)", make},
		{"exec = ['/a/b/c?']\nwrite = ['/a', '/a/b']", early, "a path that must be there (without \"?\"), inside write /a/b (p.toml:5:16)", make},
		{"hide = ['/a/b/c']\nwrite = ['/a']", rename, "an entry directly below write /a (p.toml:5:10)", oneByOne},
		{"read = ['/a/b/c']\nwrite = ['/a']", rename, "an entry directly below write /a (p.toml:5:10)", oneByOne},
		{"tmp = ['/a/b/c']\nwrite = ['/a']", rename, "an entry directly below write /a (p.toml:5:10)", oneByOne},
		{"exec = ['/a/b/c']\nwrite = ['/a', '/a/b']", rename, "an entry directly below write /a (p.toml:5:10)", oneByOne},
		{"read = ['/a/b/c']\nhide = ['/a/b']\nmap = ['/a']", covered, "no entry inside hide /a/b (p.toml:5:9), or none above that, but there is map /a (p.toml:6:8)", "name the other children of /a instead of the directory"},
		{"tmp = ['/a/b/c/d']\nhide = ['/a/b', '/a/b/c']\nexec = ['/a']", covered, "no entry inside hide /a/b/c (p.toml:5:17), or none above that, but there is exec /a (p.toml:6:9)", "name the other children of /a instead of the directory"},
	} {
		t.Run(strings.ReplaceAll(c.text[:min(len(c.text), 60)], "/", "|"), func(t *testing.T) {
			refusals := refusalsOf(t, parse(t, "[filesystem]\n"+c.text+"\n"))
			if len(refusals) != 1 {
				t.Fatalf("%d refusals: %v", len(refusals), refusals)
			}
			r := refusals[0]
			// The first line of a case is the fourth of the policy.
			mode, rest, _ := strings.Cut(strings.Split(c.text, "\n")[0], " = [")
			if got, want := r.At.String(), fmt.Sprintf("p.toml:4:%d", len(mode)+len(" = [")+1); got != want {
				t.Errorf("at %s, want %s", got, want)
			}
			found, _, _ := strings.Cut(strings.Trim(rest, "'"), "'")
			found = mode + " " + strings.TrimSuffix(found, "?")
			if r.Clause != "filesystem."+mode || r.Message != c.message || r.Hint != c.hint || r.Expected != c.expected || r.Found != found {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestAccepted are neighbours of what TestRefusals has.
func TestAccepted(t *testing.T) {
	for _, text := range []string{
		"read = ['/sys/fs/cgroup', '/sys/fs/cgroup/a']\nhide = ['/sys', '/sys/class', '/sys/fs/cgroup/b']",
		"read = ['/sysx', '/tmpx']\nabsent = ['/sysy', '/tmp/a', '/tmpy', '/run']",
		"read = ['/a/b']\nhide = ['/a', '/a/b/c']",
		"absent = ['/a', '/a/b']\nread = ['/ab']",
		"absent = ['/a/b']\nhide = ['/a']",
		"hide = ['/a/b']\nabsent = ['/a']",
		"read = ['/home', '/root', '/run', '/etc/passwd', '/var/log']\ntmp = ['/tmp', '/var/tmp', '/scratch']",
		"map = ['/a']\nexec = ['/a/b']\nread = ['/a/b/c']\nwrite = ['/a/b/c/d']\ntmp = ['/a/b/c/d/e']",
		"write = ['/a', '/a/b/c', '/a/d?']\nread = ['/a/r']\nhide = ['/a/h']\ntmp = ['/a/t']\nexec = ['/a/x']\nmap = ['/a/m']",
		"read = ['/a']\nwrite = ['/a/b?']\nhide = ['/a/c']\nexec = ['/a/d?']",
		"read = ['/a']\nhide = ['/a/b', '/a/b/c']",
		"read = ['/a#b', '/a,b', '/a  b', '/a ', '/a..b', '/a:b', '/a=b', '/naïve', '/文']",
		"links = { '/tmpx' = '/tmp', '/tmp/a' = '/run', '/var/tmp' = '/tmp' }\nread = ['/tmp/b']",
	} {
		compile(t, parse(t, "syscalls.base = 'unrestricted'\n[filesystem]\n"+text+"\n"))
	}
}

// TestRefusalsElsewhere: what is wrong outside of the lists of paths.
func TestRefusalsElsewhere(t *testing.T) {
	check := func(r compiler.Refusals, want string) {
		t.Helper()
		if got := r.Error(); got != want {
			t.Errorf("got:\n%s\nwant:\n%s", got, want)
		}
	}
	check(refusalsOf(t, parse(t, "[capabilities]\nkeep = ['net_bind_service', 'sys_admin']\n")),
		`p.toml:4:9: error: the guest's user gets no capability [capabilities.keep]
      = found     CAP_NET_BIND_SERVICE
      = expected  keep = []
      = hint: with one, what hides a path could be taken away: leave it out
p.toml:4:29: error: the guest's user gets no capability [capabilities.keep]
      = found     CAP_SYS_ADMIN
      = expected  keep = []
      = hint: with one, what hides a path could be taken away: leave it out`)
	check(refusalsOf(t, parse(t, "[filesystem]\nlinks = { '/tmp' = '/var/tmp' }\ntmp = ['/var/tmp']\n")),
		`p.toml:4:11: error: runsc follows this link and covers an empty directory with one from which programs can be executed [filesystem.links]
      = found     link /tmp
      = expected  no link that is /tmp
      = hint: leave it out, and set TMPDIR to the directory itself`)
	for _, arch := range []string{"riscv64", "x86-64", ""} {
		other := target
		other.Arch = arch
		if bundle, err := gvisor.Compile(parse(t, ""), other); err == nil || bundle != nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", arch)) {
			t.Errorf("%q: %v, %v", arch, bundle, err)
		}
	}
}

// TestTooLongFilter: what the filter is refused for has the line of the rules.
func TestTooLongFilter(t *testing.T) {
	var values []string
	for i := range 3000 {
		values = append(values, fmt.Sprint(2*i))
	}
	r := refusalsOf(t, parse(t, "[[syscalls.rule]]\nsyscall = 'lseek'\nwhen = ['arg1 in ["+strings.Join(values, ", ")+"]']\n"))
	if len(r) != 1 || r[0].Clause != policy.ClauseSyscallsRule || r[0].At.Line != 3 || r[0].Message != "the filter is longer than the kernel takes" {
		t.Errorf("%v", r)
	}
}

// TestRefusalsAreAllOfThem: a policy is read once, and everything comes at once in the
// order of the file.
func TestRefusalsAreAllOfThem(t *testing.T) {
	p := parse(t, `[capabilities]
keep = ["net_raw"]
[filesystem]
hide = ["/w/a/b", "/fine"]
write = ["/w"]
read = ["/sys", "/gone/a"]
absent = ["/gone", "/sys/x"]
links = { "/tmp" = "/w", "/bin" = "/usr/bin" }
`)
	bad := target
	bad.Version = compiler.Version{Major: 1}
	_, err := gvisor.Compile(p, bad)
	refusals, ok := err.(compiler.Refusals) //nolint:errorlint // the error of a compile is never wrapped
	if !ok {
		t.Fatal(err)
	}
	var at []string
	for _, r := range refusals {
		at = append(at, r.At.String())
	}
	want := "default p.toml:4:9 p.toml:6:9 p.toml:8:9 p.toml:8:17 p.toml:9:20 p.toml:10:11"
	if got := strings.Join(at, " "); got != want {
		t.Errorf("got  %s\nwant %s\n%v", got, want, err)
	}
}

// TestRefusalsAreSorted: whatever is refused is about a line of the policy, in their
// order, and names the entry.
func TestRefusalsAreSorted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := drawEntries(t)
		_, err := gvisor.Compile(parse(t, tables(entries, nil, "none", "none", "none")), target)
		var refusals compiler.Refusals
		if err != nil && !errors.As(err, &refusals) {
			t.Fatalf("%v", err)
		}
		sorted := slices.Clone(refusals)
		sorted.Sort()
		if !slices.Equal(refusals, sorted) {
			t.Fatalf("%v", refusals)
		}
		for _, r := range refusals {
			mode, name, _ := strings.Cut(r.Found, " ")
			if r.At.IsZero() || r.Clause != "filesystem."+mode || r.Message == "" || r.Expected == "" ||
				!slices.ContainsFunc(entries, func(e entry) bool { return e.path == name && string(e.mode) == mode }) {
				t.Fatalf("%+v", r)
			}
		}
	})
}
