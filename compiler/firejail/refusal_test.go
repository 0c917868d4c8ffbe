package firejail_test

import (
	"fmt"
	"strings"
	"testing"

	"confine/compiler"
	"confine/compiler/firejail"
)

// TestRefusals: every refusal, with its place and its words.
func TestRefusals(t *testing.T) {
	for _, c := range []struct{ text, message, hint string }{
		// builtin.go
		{"read = ['/home/a']", "firejail replaces /home with a directory of its own", "install the program below /opt or /srv"},
		{"write = ['/root']", "firejail replaces /root with a directory of its own", "install the program below /opt or /srv"},
		{"exec = ['/run/user/1/a']", "firejail replaces /run/user with a directory of its own", "install the program below /opt or /srv"},
		{"read = ['/run/firejail']", "firejail keeps its state in /run/firejail", "install the program below /opt or /srv"},
		{"read = ['/var/log']", "firejail mounts an empty tmpfs on /var/log", ""},
		{"write = ['/var/tmp/a']", "firejail mounts an empty tmpfs on /var/tmp", ""},
		{"tmp = [{ path = '/var/tmp', size = 1 }]", "firejail mounts an empty tmpfs on /var/tmp", ""},
		{"read = ['/usr/lib/modules/a']", "firejail closes /usr/lib/modules", ""},
		{"read = ['/sys/kernel/debug/a']", "firejail closes /sys/kernel/debug", ""},
		{"write = ['/etc/passwd']", "firejail filters /etc/passwd", ""},
		{"read = ['/run']", "firejail's own state is in /run, so it cannot be given as a whole", "name what the program needs there"},
		{"tmp = ['/usr/tmp']", "firejail keeps /usr read-only", "use one below /srv or /var"},
		// hide
		{"hide = ['/run']", "firejail cannot hide a directory that it works in", "leave it out: what is named nowhere is hidden"},
		{"hide = ['/run/firejail/mnt']", "firejail cannot hide a directory that it works in", "leave it out: what is named nowhere is hidden"},
		{"hide = ['/usr/bin/firejail']", "firejail never hides its own program", "name the programs in exec one by one instead of their directory"},
		// absent
		{"absent = ['/opt']", "firejail cannot make this path absent, only inaccessible", "use hide if EACCES is good enough"},
		{"absent = ['/usr/lib']", "firejail cannot make this path absent, only inaccessible", "use hide if EACCES is good enough"},
		{"absent = ['/sys/fs/a']", "firejail cannot make this path absent, only inaccessible", "use hide if EACCES is good enough"},
		{"absent = ['/home/a/b']", "firejail replaces /home with a directory of its own", "use hide if EACCES is good enough"},
		{"absent = ['/run/firejail/a']", "firejail keeps its state in /run/firejail", "use hide if EACCES is good enough"},
		// nested
		{"read = ['/a/b']\nhide = ['/a']", "firejail cannot open a path inside a closed one", "name what is to be visible, and leave the rest unnamed"},
		{"read = ['/a/b/c']\nabsent = ['/a/b']", "firejail cannot open a path inside a closed one", "name what is to be visible, and leave the rest unnamed"},
		{"read = ['/tmp/a']\ntmp = ['/tmp']", "a tmp directory starts empty, so nothing can be inside it", ""},
		{"hide = ['/tmp/a']\ntmp = ['/tmp']", "a tmp directory starts empty, so nothing can be inside it", ""},
		{"absent = ['/a/b']\nread = ['/a']", "firejail cannot make a path absent inside another entry", "use hide, or name the directory's other children instead of the directory"},
		{"exec = ['/a/b']\nread = ['/a']", "firejail cannot lift noexec inside a directory", "name the directory's children one by one"},
		{"map = ['/a/b/c']\nwrite = ['/a']", "firejail cannot lift noexec inside a directory", "name the directory's children one by one"},
		{"exec = ['/a/b/c']\nwrite = ['/a/b']\nmap = ['/a']", "firejail cannot lift noexec inside a directory", "name the directory's children one by one"},
		{"map = ['/a/b']\nexec = ['/a']", "firejail cannot take execve away inside an exec directory and leave mmap", "name the programs in exec one by one, or read instead of map"},
		{"tmp = ['/a/b']\nread = ['/a']", "firejail cannot lift read-only from a tmp directory", "name the directory's other children instead of the directory"},
		{"hide = ['/a/b?']\nread = ['/a']", "firejail can only restrict what is there when it starts", "make the file before the start, even if it is empty"},
		{"read = ['/a/b?']\nwrite = ['/a']", "firejail can only restrict what is there when it starts", "make the file before the start, even if it is empty"},
		{"write = ['/a/b?']\nmap = ['/a']", "firejail can only restrict what is there when it starts", "make the file before the start, even if it is empty"},
		// characters.go
		{"read = ['/a#b']", "this path cannot be written in a firejail profile: the character '#' would change its meaning", "rename what it names"},
		{"hide = ['/a,b']", "this path cannot be written in a firejail profile: the character ',' would change its meaning", "rename what it names"},
		{"read = ['/a  b']", "this path cannot be written in a firejail profile: firejail collapses several blanks into one", "rename what it names"},
		{"read = ['/a ']", "this path cannot be written in a firejail profile: firejail drops a blank at the end of a name", "rename what it names"},
		{"read = ['/a /b']", "this path cannot be written in a firejail profile: firejail drops a blank at the end of a name", "rename what it names"},
		{"read = ['/a..b']", "this path cannot be written in a firejail profile: firejail refuses two dots in a row", "rename what it names"},
		{"read = ['" + strings.Repeat("/"+strings.Repeat("a", 200), 20) + "/" + strings.Repeat("b", 65) + "']", "this path cannot be written in a firejail profile: the line would be longer than 4096 bytes", "rename what it names"},
	} {
		t.Run(strings.ReplaceAll(c.text[:min(len(c.text), 60)], "/", "|"), func(t *testing.T) {
			refusals := refusalsOf(t, parse(t, "[filesystem]\n"+c.text+"\n"))
			if len(refusals) != 1 {
				t.Fatalf("%d refusals: %v", len(refusals), refusals)
			}
			r := refusals[0]
			// The first line of a case is the third of the policy after schema and name.
			mode, rest, _ := strings.Cut(strings.Split(c.text, "\n")[0], " = [")
			column := len(mode) + len(" = [") + 1
			if inner := strings.Index(rest, "path = "); inner >= 0 {
				column += inner + len("path = ")
			}
			if got, want := r.At.String(), fmt.Sprintf("p.toml:4:%d", column); got != want {
				t.Errorf("at %s, want %s", got, want)
			}
			if r.Clause != "filesystem."+mode || r.Message != c.message || r.Hint != c.hint || r.Found == "" || r.Expected == "" {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestAccepted are neighbours of what TestRefusals has.
func TestAccepted(t *testing.T) {
	for _, text := range []string{
		"hide = ['/home', '/root/a', '/run/user', '/var/log', '/boot']",
		"absent = ['/var/log/a', '/run/lock/a', '/boot/a', '/run/secrets/a', '/run/secrets']",
		"read = ['/etc/passwd', '/etc/group', '/etc', '/var', '/usr/lib', '/sys']",
		"tmp = ['/tmp', '/var/tmp', '/scratch']",
		"map = ['/a']\nexec = ['/a/b']\nread = ['/a/b/c']\nwrite = ['/a/b/c/d']",
		"write = ['/a']\nread = ['/a/b']\nhide = ['/a/c']\ntmp = ['/a/tmp']",
		"read = ['/a']\nwrite = ['/a/b?']",
		"map = ['/a']\nexec = ['/a/b?']",
		"hide = ['/a', '/a/b']\nread = ['/ab']",
		"write = ['/homes', '/rootx', '/run/users', '/var/logs', '/usrx', '/runs']\ntmp = ['/bins', '/library']",
		"absent = ['/homes/a', '/sysx/a']\nhide = ['/runs', '/usr/bin/firejails']",
		"read = ['/A-Z_0.9/a b/~c/d+e=f:g@h', '/naïve', '/文']",
	} {
		compile(t, parse(t, "[filesystem]\n"+text+"\n"))
	}
}

// TestRefusalsElsewhere: what is wrong outside [filesystem].
func TestRefusalsElsewhere(t *testing.T) {
	check := func(r compiler.Refusals, want string) {
		t.Helper()
		if got := r.Error(); got != want {
			t.Errorf("got:\n%s\nwant:\n%s", got, want)
		}
	}
	check(refusalsOf(t, parse(t, "[capabilities]\nkeep = ['net_raw']\n")),
		`p.toml:4:9: error: firejail cannot give a capability to an ordinary user [capabilities.keep]
      = found     CAP_NET_RAW
      = expected  keep = []`)
	check(refusalsOf(t, parse(t, "[filesystem]\nlinks = { '/a#b' = '/c' }\n")),
		`p.toml:4:11: error: this path cannot be written in a firejail profile: the character '#' would change its meaning [filesystem.links]
      = found     link /a#b
      = expected  a path of A-Z a-z 0-9 . / _ - + : = @ ~, single blanks and letters beyond ASCII
      = hint: rename what it names`)
	p := parse(t, "[filesystem]\nread = ['/a']\n[process]\ndirectory = '/a/b;c'\n")
	check(refusalsOf(t, p),
		`p.toml:6:13: error: this path cannot be written in a firejail profile: the character ';' would change its meaning [process.directory]
      = found     /a/b;c
      = expected  a path of A-Z a-z 0-9 . / _ - + : = @ ~, single blanks and letters beyond ASCII
      = hint: rename what it names`)
	other := target
	other.Arch = "riscv64"
	if _, err := firejail.Compile(parse(t, ""), other); err == nil || !strings.Contains(err.Error(), "riscv64") {
		t.Errorf("%v", err)
	}
}

// TestRefusalsAreAllOfThem: a policy is read once, and everything comes at once in
// the order of the file.
func TestRefusalsAreAllOfThem(t *testing.T) {
	p := parse(t, `[capabilities]
keep = ["net_raw"]
[filesystem]
hide = ["/z#", "/run"]
read = ["/home/a"]
absent = ["/opt"]
links = { "/u;" = "/v" }
[process]
directory = "/home/a/b;c"
`)
	bad := target
	bad.Version = compiler.Version{Major: 1}
	_, err := firejail.Compile(p, bad)
	refusals, ok := err.(compiler.Refusals) //nolint:errorlint // the error of a compile is never wrapped
	if !ok {
		t.Fatal(err)
	}
	var at []string
	for _, r := range refusals {
		at = append(at, r.At.String())
	}
	want := "default p.toml:4:9 p.toml:6:9 p.toml:6:16 p.toml:7:9 p.toml:8:11 p.toml:9:11 p.toml:11:13"
	if got := strings.Join(at, " "); got != want {
		t.Errorf("got  %s\nwant %s\n%v", got, want, err)
	}
}

// TestManyEntriesInOneUnit: firejail bounds the directories that it empties, not
// the paths that it keeps in them.
func TestManyEntriesInOneUnit(t *testing.T) {
	list := func(format string, n int) string {
		var items []string
		for i := range n {
			items = append(items, fmt.Sprintf("%q", fmt.Sprintf(format, i)))
		}
		return "[filesystem]\nread = [" + strings.Join(items, ", ") + "]\n"
	}
	compile(t, parse(t, list("/opt/%d", 500)))
	compile(t, parse(t, list("/top%d", 500)))
	// /run is one more.
	compile(t, parse(t, list("/top%d/a", 59)))
	refusals := refusalsOf(t, parse(t, list("/top%d/a", 60)))
	if len(refusals) != 1 || refusals[0].Found != "61 top-level directories, those of /usr included" {
		t.Errorf("%v", refusals)
	}
}
