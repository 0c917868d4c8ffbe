//go:build linux

package runner

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

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
		{
			"configuration", `printf '%s\n' 'Error: invalid line 3 in firejail configuration file' more >&2; exit 1`, "",
			"exit status 1: Error: invalid line 3 in firejail configuration file",
		},
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
