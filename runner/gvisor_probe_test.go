//go:build linux

package runner

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"confine/compiler/gvisor"
)

func TestRunscBinaryProblem(t *testing.T) {
	needRoot(t)
	for _, tc := range []struct {
		name    string
		mode    os.FileMode
		uid     int
		message string
	}{
		{"as installed", 0o755, 0, ""},
		{"read-only", 0o555, 0, ""},
		{"for root alone", 0o700, 0, "cannot be executed"},
		{"for a group alone", 0o750, 0, "cannot be executed"},
		{"not executable", 0o644, 0, "cannot be executed"},
		{"writable by its group", 0o775, 0, "can be replaced by users other than root"},
		{"writable by everybody", 0o757, 0, "can be replaced by users other than root"},
		{"somebody else's", 0o755, 1, "can be replaced by users other than root"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "runsc")
			writeFile(t, path, "", tc.mode)
			if err := os.Chown(path, tc.uid, 0); err != nil {
				t.Fatal(err)
			}
			p, found := runscBinaryProblem(path)
			if found != (tc.message != "") {
				t.Fatalf("got %+v", p)
			}
			mustContain(t, "message", p.Message, tc.message)
			if found {
				mustContain(t, "found", p.Found, path+": mode ")
				mustContain(t, "instead", strings.Join(p.Instead, "\n"), path)
			}
		})
	}
	for name, path := range map[string]string{"missing": filepath.Join(t.TempDir(), "gone"), "a directory": t.TempDir(), "a device": "/dev/null"} {
		if p, found := runscBinaryProblem(path); !found {
			t.Errorf("%s: got %+v", name, p)
		}
	}
	// What a link leads to decides.
	link := filepath.Join(t.TempDir(), "link")
	theirs := filepath.Join(t.TempDir(), "theirs")
	writeFile(t, theirs, "", 0o757)
	if err := os.Symlink(theirs, link); err != nil {
		t.Fatal(err)
	}
	if _, found := runscBinaryProblem(link); !found {
		t.Error("a link to what others can write is taken")
	}
}

func TestRunscVersion(t *testing.T) {
	for _, tc := range []struct{ name, script, want, fails string }{
		{"a release", `echo "runsc version release-20260905.0"; echo "spec: 1.2.1"`, "20260905", ""},
		{"that of Debian", `echo "runsc version 0.0~20221219.0-1+b5"`, "20221219", ""},
		{"that of go install", `echo "runsc version v0.0.0-20260905035102-160fafc42237"`, "20260905", ""},
		{"none", `echo "runsc version VERSION_MISSING"`, "", "has no date"},
		{"another program", `echo "runc version 1.1.5"`, "", "printed"},
		{"on the second line", `echo; echo "runsc version release-20260905.0"`, "", "printed"},
		{"nothing", `true`, "", "printed"},
		{"a long line", `head -c 100000 /dev/zero`, "", "printed"},
		{"a failure", `echo "runsc version release-20260905.0"; exit 3`, "", "exit code 3"},
		{"a signal", `kill -SEGV $$`, "", "segmentation fault"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "runsc")
			writeFile(t, path, "#!/bin/sh\n"+tc.script+"\n", 0o755)
			got, err := runscVersion(path)
			if tc.fails != "" {
				if err == nil {
					t.Fatalf("got %s", got)
				}
				if mustContain(t, "error", err.Error(), tc.fails); len(err.Error()) > 200 {
					t.Errorf("an error of %d bytes", len(err.Error()))
				}
				return
			}
			if err != nil || got.String() != tc.want {
				t.Errorf("got %s, %v, want %s", got, err, tc.want)
			}
		})
	}
	if _, err := runscVersion(filepath.Join(t.TempDir(), "gone")); err == nil {
		t.Error("a missing file has a version")
	}
	// Go's build information alone does not make a program runsc.
	if v, err := runscVersion("/proc/self/exe"); err == nil {
		t.Errorf("this test has the version %s", v)
	}
}

func TestDateOfRunsc(t *testing.T) {
	for version, want := range map[string]string{
		"release-20260905.0": "20260905", "0.0~20221219.0-1+b5": "20221219", "v0.0.0-20260905035102-160fafc42237": "20260905",
		"20260905": "20260905", "release-20260905": "20260905", "release-20260905.0-3-gabcdef": "20260905",
		"": "", "VERSION_MISSING": "", "(devel)": "", "v1.2.3": "", "2026090": "", "19991231": "", "120260905": "", "202609051": "",
	} {
		got, ok := dateOf(version)
		if ok != (want != "") || ok && got.String() != want {
			t.Errorf("%q: got %s, %t", version, got, ok)
		}
	}
}

func TestKnownRunscIsAccepted(t *testing.T) {
	for _, v := range gvisor.Known {
		if refusal, refused := gvisor.CheckVersion(v); refused {
			t.Errorf("%s: %+v", v, refusal)
		}
	}
}
