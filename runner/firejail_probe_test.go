//go:build linux

package runner

import (
	"os"
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
		{name: "every switch", text: "seccomp no\nuserns no\nwhitelist no\ndbus no", messages: []string{
			"turns off seccomp", "turns off userns", "turns off whitelist", "turns off dbus",
		}},
		{name: "a switch of no interest", text: "x11 no\nfile-transfer no\n"},
		{name: "a longer name", text: "seccomp-error-actions no\n"},
		{name: "a name alone", text: "seccomp\n"},
		{name: "top directory", text: "whitelist-disable-topdir /opt\n", messages: []string{"keeps whitelist from hiding"}, found: "whitelist-disable-topdir /opt"},
		{name: "error action", text: "seccomp-error-action kill\n", messages: []string{"what a denied system call does"}, found: "seccomp-error-action kill"},
		{name: "error action as it is", text: "seccomp-error-action EPERM\n"},
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

func TestFirejailBinaryProblems(t *testing.T) {
	needRoot(t)
	for _, tc := range []struct {
		name    string
		mode    os.FileMode
		uid     int
		message string
	}{
		{"as installed", 0o755 | os.ModeSetuid, 0, ""},
		{"for one group only", 0o750 | os.ModeSetuid, 0, ""},
		{"without SUID", 0o755, 0, "lacks its SUID bit"},
		{"SGID is not SUID", 0o755 | os.ModeSetgid, 0, "lacks its SUID bit"},
		{"writable by its group", 0o775 | os.ModeSetuid, 0, "can be replaced by users other than root"},
		{"writable by everybody", 0o757 | os.ModeSetuid, 0, "can be replaced by users other than root"},
		{"somebody else's", 0o755 | os.ModeSetuid, 1, "can be replaced by users other than root"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "firejail")
			writeFile(t, path, "", 0o755)
			if err := os.Chown(path, tc.uid, 0); err != nil {
				t.Fatal(err)
			}
			// After the owner: a change of it clears the bit.
			if err := os.Chmod(path, tc.mode); err != nil {
				t.Fatal(err)
			}
			problems := firejailBinaryProblems(path)
			if tc.message == "" {
				if len(problems) != 0 {
					t.Errorf("got %+v", problems)
				}
				return
			}
			if len(problems) != 1 {
				t.Fatalf("got %+v", problems)
			}
			mustContain(t, "message", problems[0].Message, tc.message)
			mustContain(t, "found", problems[0].Found, path+": mode ")
			mustContain(t, "instead", strings.Join(problems[0].Instead, "\n"), path)
		})
	}
	if problems := firejailBinaryProblems(filepath.Join(t.TempDir(), "gone")); len(problems) != 1 {
		t.Errorf("a missing file: got %+v", problems)
	}
}

func TestFirejailVersion(t *testing.T) {
	for _, tc := range []struct{ name, script, want, fails string }{
		{"as printed", `echo "firejail version 0.9.72"; echo; echo "Compile time support:"`, "0.9.72", ""},
		{"another program", `echo "wine 8"`, "", `firejail --version printed "wine 8"`},
		{"silent", `exit 0`, "", `firejail --version printed ""`},
		{"failing", `exit 3`, "", "exit status 3"},
		// A caller's variables must not reach a program that runs as root.
		{"environment", `test -z "$CONFINE_TEST_SECRET" && test "$PWD" = / && echo "firejail version 1"`, "1", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv("CONFINE_TEST_SECRET", "1")
			path := filepath.Join(t.TempDir(), "firejail")
			writeFile(t, path, "#!/bin/sh\n"+tc.script+"\n", 0o755)
			got, err := firejailVersion(path)
			if tc.fails != "" {
				if err == nil {
					t.Fatalf("got %q", got)
				}
				mustContain(t, "error", err.Error(), tc.fails)
				return
			}
			if err != nil || got != tc.want {
				t.Errorf("got %q, %v, want %q", got, err, tc.want)
			}
		})
	}
}

func TestKnownVersions(t *testing.T) {
	for version, want := range map[string]bool{"0.9.72": true, "0.9.74": false, "0.9.7": false, "0.9.720": false, "": false, "0.9.72rc1": false} {
		if got := known(version); got != want {
			t.Errorf("known(%q) = %t", version, got)
		}
	}
}
