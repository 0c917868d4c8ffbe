//go:build linux

package integration

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// characterWorld has directories whose names differ by what firejail makes of them.
// All of it belongs to the connector's user.
var characterWorld = standaloneWorld{`
fill /opt 755
for name in a1 'a[1]' b 'b c' d e 'f  g' 'f g' 'h,i' 'j#k' j; do note "/opt/$name/file"; done
chown -R "$USER_ID:$GROUP_ID" /opt
`}

// quoted is a name as TOML spells it.
func quoted(path string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\x00", `\u0000`, "\r", `\r`, "\n", `\n`, "\t", `\t`, "\x7f", `\u007f`).Replace(path) + `"`
}

// TestTrapCharactersThatChangeAPath: a profile has no quoting. "#", NUL, CR and LF end
// a line (util.c, line_remove_spaces), so that a shorter path is meant; blanks
// collapse; globs are expanded by every directive but whitelist (fs.c, globbing).
func TestTrapCharactersThatChangeAPath(t *testing.T) {
	for _, c := range []struct {
		name, path string
		hide       bool
		want       map[string]string
	}{
		{name: "number sign", path: "/opt/j#k", want: map[string]string{"read /opt/j/file": "ok", "read /opt/j#k/file": "ENOENT"}},
		{name: "carriage return", path: "/opt/b\rx", want: map[string]string{"read /opt/b/file": "ok"}},
		{name: "NUL", path: "/opt/b\x00x", want: map[string]string{"read /opt/b/file": "ok"}},
		{name: "line feed", path: "/opt/d\nwhitelist /opt/e", want: map[string]string{"read /opt/e/file": "ok"}},
		{name: "two blanks", path: "/opt/f  g", want: map[string]string{"read /opt/f g/file": "ok", "read /opt/f  g/file": "ENOENT"}},
		{name: "tabulator", path: "/opt/b\tc", want: map[string]string{"read /opt/b c/file": "ok"}},
		{name: "trailing blank", path: "/opt/b ", want: map[string]string{"read /opt/b/file": "ok"}},
		{name: "brackets", path: "/opt/a[1]", hide: true, want: map[string]string{"read /opt/a1/file": "EACCES", "read /opt/a[1]/file": "ok"}},
		{name: "question mark", path: "/opt/?", hide: true, want: map[string]string{"read /opt/d/file": "EACCES"}},
		{name: "star", path: "/opt/a*", hide: true, want: map[string]string{"read /opt/a1/file": "EACCES"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			word, list := "whitelist ", "read"
			if c.hide {
				word, list = "blacklist ", "hide"
			}
			trapped(t, characterWorld, naive(t, word+c.path), c.want)
			policy := writePolicy(t, list+" = ["+quoted(c.path)+"]", "")
			o := finish(t, characterWorld.launch(confined(policy, "/usr/bin/true"))).must(t, 125)
			wants(t, o, policy+":7:")
		})
	}
}

// TestTrapCharactersThatFirejailRejects: these end the start, today (lib/common.c,
// reject_meta_chars, and profile.c for two dots) or in a release to come: the last
// four with 0.9.81 (#7183, #7186). confine names the line instead.
func TestTrapCharactersThatFirejailRejects(t *testing.T) {
	for _, character := range []string{",", `\`, "&", "!", `"`, "<", ">", "%", "^", "{", "}", ";", "\x7f", "x..y", "`", "$", "|", "'"} {
		t.Run(character, func(t *testing.T) {
			path := "/opt/h" + character + "i"
			end := 1
			if strings.Contains("`$|'", character) {
				end = 0
			}
			finish(t, characterWorld.command(naive(t, "blacklist "+path), probe, "nothing")).must(t, end)
			policy := writePolicy(t, "hide = ["+quoted(path)+"]", "")
			wants(t, finish(t, characterWorld.launch(confined(policy, "/usr/bin/true"))).must(t, 125), policy+":7:")
		})
	}
}

// TestTrapLongLineIsSplit: firejail reads at most 8191 bytes of a line, and takes what
// follows for a line of its own, in a comment too (profile.c, profile_read).
func TestTrapLongLineIsSplit(t *testing.T) {
	const access = "read /opt/b/file"
	comment := "#" + strings.Repeat("x", 8190)
	hidden := naive(t, comment, "blacklist /opt/b")
	trapped(t, characterWorld, hidden, map[string]string{access: "EACCES"})
	trapped(t, characterWorld, naive(t, comment+"noblacklist /opt/b", "blacklist /opt/b"), map[string]string{access: "ok"})
	long := "/opt/" + strings.Repeat("x", 5000)
	policy := writePolicy(t, "read = ["+quoted(long)+"]", "")
	wants(t, finish(t, exec.Command(confine, "compile", policy, "-o", filepath.Join(tree(t), "out"))).must(t, 2), policy+":7:", "longer than")
}

// TestTrapCharactersInVariables: env in a profile loses what follows "#", and blanks.
// confine gives values by execve(2), where a byte is a byte.
func TestTrapCharactersInVariables(t *testing.T) {
	const value = "a#b  c\td "
	o := finish(t, characterWorld.command(naive(t, "env VALUE="+value), "/usr/bin/printenv", "VALUE")).must(t, 0)
	if o.stdout != "a\n" {
		t.Errorf("%q with env: the trap is gone", o.stdout)
	}
	policy := writePolicy(t, "", "[environment]\nset = { VALUE = "+quoted(value)+" }\n")
	if o := finish(t, confined(policy, "/usr/bin/printenv", "VALUE")).must(t, 0); o.stdout != value+"\n" {
		t.Errorf("%q under confine", o.stdout)
	}
}

// TestTrapNameTakenForALine: a path with blanks that reads like more of the directive,
// or like another one, stays one path.
func TestTrapNameTakenForALine(t *testing.T) {
	w := standaloneWorld{`
fill /opt 755
for name in '~' 'b noblacklist' '=x' ':y' '@z' '-n'; do note "/opt/$name/file"; done
`}
	policy := writePolicy(t, `read = ["/opt/~", "/opt/b noblacklist", "/opt/=x", "/opt/:y", "/opt/@z", "/opt/-n"]
hide = ["/opt/~/file", "/opt/=x/file"]`, "")
	held(t, w, policy, map[string]string{
		"read /opt/~": "ok", "read /opt/~/file": "EACCES", "read /opt/b noblacklist/file": "ok", "read /opt/=x/file": "EACCES",
		"read /opt/:y/file": "ok", "read /opt/@z/file": "ok", "read /opt/-n/file": "ok",
	})
}
