//go:build linux

package runner

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestFirejailConfigProblems(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		// messages are parts of the problems, in order.
		messages []string
		found    string
	}{
		{name: "empty"},
		{name: "comments and defaults", text: "# seccomp no\n\n  # userns no\nseccomp yes\nrestricted-network yes\n"},
		{name: "a switch of ours", text: "x11 no\nseccomp no\n", messages: []string{"turns off seccomp"}, found: ":2: seccomp no"},
		{name: "blanks around it", text: "\t userns \t no  \n", messages: []string{"turns off userns"}, found: ":1: userns no"},
		{name: "every switch", text: "seccomp no\nuserns no\ndbus no", messages: []string{
			"turns off seccomp: it would ignore seccomp, protocol and restrict-namespaces in the profile, which syscalls.base needs",
			"turns off userns: it would ignore noroot in the profile, which capabilities.keep needs",
			"turns off dbus: it would ignore nodbus in the profile, which filesystem needs",
		}},
		{name: "the last of two", text: "seccomp no\nseccomp yes\nuserns yes\nuserns no\n", messages: []string{"turns off userns"}, found: ":4: userns no"},
		{name: "the end of a long comment", text: "#" + strings.Repeat("x", 8190) + "seccomp no\n", messages: []string{"turns off seccomp"}, found: ":1: seccomp no"},
		{name: "a comment as long as it can be", text: "#" + strings.Repeat("x", 8179) + "seccomp no\n"},
		{name: "a long line that comments its own end", text: strings.Repeat(" ", 8191) + "#seccomp no\n"},
		{name: "carriage return", text: "seccomp no\r\nuserns yes\rno\n", messages: []string{"turns off seccomp"}, found: ":1: seccomp no"},
		{name: "NUL", text: "seccomp no\x00x\n", messages: []string{"turns off seccomp"}, found: ":1: seccomp no"},
		{name: "no line of firejail's", text: "seccomp no # for now\nSeccomp no\n"},
		{name: "a switch of no interest", text: "x11 no\nfile-transfer no\n"},
		{name: "a longer name", text: "seccomp-error-actions no\n"},
		{name: "a name alone", text: "seccomp\n"},
		{name: "top directory", text: "whitelist-disable-topdir /opt\n", messages: []string{"keeps whitelist from hiding"}, found: "whitelist-disable-topdir /opt"},
		{name: "more system calls", text: "seccomp-filter-add !chroot,kcmp\n", messages: []string{"changes the list of denied system calls"}, found: "seccomp-filter-add !chroot,kcmp"},
		{name: "error action, for profiles that ask for one", text: "seccomp-error-action log\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "firejail.config")
			writeFile(t, path, tc.text, 0o644)
			problems := firejailConfigProblems(path)
			if len(problems) != len(tc.messages) {
				t.Fatalf("got %d problems, want %d: %+v", len(problems), len(tc.messages), problems)
			}
			for i, p := range problems {
				mustContain(t, "message", p.Message, tc.messages[i])
				mustContain(t, "found", p.Found, path+":")
				mustContain(t, "found", p.Found, tc.found)
				if p.Expected == "" || len(p.Instead) == 0 {
					t.Errorf("no remedy: %+v", p)
				}
			}
		})
	}
}

func TestFirejailConfigMissingOrUnreadable(t *testing.T) {
	dir := t.TempDir()
	if problems := firejailConfigProblems(filepath.Join(dir, "gone")); len(problems) != 0 {
		t.Errorf("a missing file is no problem, got %+v", problems)
	}
	if problems := firejailConfigProblems(dir); len(problems) != 1 {
		t.Errorf("a directory cannot be read, got %+v", problems)
	}
}
