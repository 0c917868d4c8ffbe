//go:build linux

package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"confine/integration/doctoredrunsc/change"
)

// What the policy and the stage decide, no runsc can spoil, and some of what it does
// differently breaks nothing: the launch is proven, and the program finds nothing of it.
func TestDoctoredRunscLeaksNothing(t *testing.T) {
	dir := grounds(t)
	for _, tc := range []struct {
		name   string
		change change.Change
		// access is the program's, answer what comes of it.
		access, answer string
	}{
		// The stage gives the program its environment and its directory.
		{"a variable", configured("process.env", `["LEAKED=1"]`), "env LEAKED", "ENOENT"},
		{"another value of a variable", configured("process.env", `["FIXED=2"]`), "env FIXED", "ok"},
		{"a variable of runsc's", change.Change{Environment: []string{"LEAKED=1"}}, "env LEAKED", "ENOENT"},
		{"another directory", configured("process.cwd", `"/usr/bin"`), "env FIXED", "ok"},
		// Descriptors above the three streams are closed at execve.
		{"an open file", change.Change{AddRunFlags: []string{"--pass-fd=0:20"}}, "stat /proc/self/fd/20", "ENOENT"},
		// Both keep the guest's calls from the host's kernel.
		{"another platform", flagged("--platform=systrap", "--platform=ptrace"), "env FIXED", "ok"},
		// Nothing of the sentry's reads it.
		{"an annotation", configured("annotations", `{"org.example": "1"}`), "env FIXED", "ok"},
		{"another name of the machine", configured("hostname", `"other"`), "env FIXED", "ok"},
		// The sentry always has its own, whatever the bundle says.
		{"no PID namespace", change.Change{DropNamespace: "pid"}, "read /proc/2/status", "ENOENT"},
		{"no IPC namespace", change.Change{DropNamespace: "ipc"}, "env FIXED", "ok"},
		{"no mount namespace", change.Change{DropNamespace: "mount"}, "read " + dir + "/other/file", "ENOENT"},
		// It is without interfaces in a namespace of the launch's own.
		{"the network of the host's kernel, empty", flagged("--network=none", "--network=host"), "env FIXED", "ok"},
		// Without set-user-ID files and capabilities it gives nothing.
		{"set-user-ID programs", flagged("", "--allow-suid"), "env FIXED", "ok"},
		{"raw sockets", flagged("--net-raw=false", "--net-raw=true"), "syscall socket(arg0=AF_PACKET)", "EAFNOSUPPORT"},
		// A skeleton whose names can be listed has no names that say anything.
		{"a root that can be listed", change.Change{Modes: map[string]uint32{"rootfs": 0o755}}, "env FIXED", "ok"},
		// Nothing there is writable, see proc_sys(5) and the tmpfs over it.
		{"/proc is mounted for writing", remounted("/proc", change.Mount{Drop: []string{"ro"}}), "env FIXED", "ok"},
		// The flag for nosuid is only for what --allow-suid lets through.
		{"a bind without nosuid", remounted("DIR/read", change.Mount{Drop: []string{"nosuid"}}), "env FIXED", "ok"},
	} {
		for _, caller := range []string{"root", "user"} {
			t.Run(tc.name+"/"+caller, func(t *testing.T) {
				t.Parallel()
				o, receipt := launchDoctoredGuest(t, caller, dir, doctoredGuest{change: tc.change}, probe, tc.access)
				o.must(t, 0)
				if got := answers(t, o.stdout)[tc.access]; got != tc.answer {
					t.Errorf("%s: %s, expected %s", tc.access, got, tc.answer)
				}
				if r := readReceipt(t, receipt); r.Outcome != "proven" || !strings.Contains(o.stderr, "systrap") {
					t.Errorf("outcome %q: %s", r.Outcome, o.stderr)
				}
			})
		}
	}
}

func codePointer(code int) *int { return &code }

// A runsc that starts nothing: the refusal says why, and nothing runs bare.
func TestDoctoredRunscThatStartsNothing(t *testing.T) {
	dir := grounds(t)
	witness := filepath.Join(dir, "write", "ran")
	for _, tc := range []struct {
		name   string
		change change.Change
		says   string
	}{
		{"ends at once", change.Change{Exit: codePointer(0)}, "runsc ended with exit code 0"},
		{"fails at once", change.Change{Exit: codePointer(1)}, "runsc ended with exit code 1"},
		{"ends with the code of its own failures", change.Change{Exit: codePointer(128)}, "runsc ended with exit code 128"},
		{"knows no platform", change.Change{Platforms: []string{"systrap", "ptrace"}}, "the platform systrap does not work today"},
		{"refuses a flag", flagged("", "--frobnicate"), "exit code"},
		{"refuses the network", flagged("--network=none", "--network=sandbox"), "sandbox network isn't supported with --rootless"},
		{"refuses the bundle", configured("process.args", `[]`), "Args:[]"},
		{"finds no root", configured("root.path", `"/host"`), "runsc"},
		{"starts another program", change.Change{Config: map[string]json.RawMessage{"process.args": json.RawMessage(`["/usr/bin/true"]`)}, DropRunFlags: []string{"--exec-fd=4"}}, "exit code 0"},
		{"loses the way to the runner", change.Change{DropRunFlags: []string{"--pass-fd=3:3"}}, "exit code 1"},
		{"loses the order", change.Change{DropRunFlags: []string{"--pass-fd=5:5"}}, "order"},
		{"loses the controls", change.Change{DropRunFlags: []string{"--pass-fd=6:6"}}, "controls"},
		{"gives an unknown order", change.Change{Place: map[int]string{5: "/dev/null"}}, "order"},
	} {
		for _, caller := range []string{"root", "user"} {
			t.Run(tc.name+"/"+caller, func(t *testing.T) {
				t.Parallel()
				tc.change.Seen = true
				o, receipt := launchDoctoredGuest(t, caller, dir, doctoredGuest{change: tc.change}, "/usr/bin/touch", witness)
				wants(t, o.must(t, 125), "nothing ran", tc.says)
				r := readReceipt(t, receipt)
				if r.Outcome != "refused" || r.Refusal == "" {
					t.Errorf("outcome %q, refusal %q", r.Outcome, r.Refusal)
				}
			})
		}
	}
	t.Cleanup(func() {
		if _, err := os.Stat(witness); err == nil {
			t.Error("the program ran")
		}
	})
}

// The usual wrappers fall back to the bare program.
func TestDoctoredRunscThatRunsBare(t *testing.T) {
	dir := grounds(t)
	witness := filepath.Join(dir, "write", "ran")
	for name, c := range map[string]change.Change{
		"alone":                           {Bare: true},
		"alone, in place of the real one": {Bare: true, Seen: true},
		"with processes as of a sandbox":  {Bare: true, Family: true},
		"with these, and before all eyes": {Bare: true, Family: true, Seen: true},
	} {
		for _, caller := range []string{"root", "user"} {
			t.Run(name+"/"+caller, func(t *testing.T) {
				o, receipt := launchDoctoredGuest(t, caller, dir, doctoredGuest{change: c}, "/usr/bin/touch", witness)
				wants(t, o.must(t, 125), "nothing ran", "landlock_create_ruleset in the guest")
				if _, err := os.Stat(witness); err == nil {
					t.Error("the program ran")
				}
				if r := readReceipt(t, receipt); r.Outcome != "refused" {
					t.Errorf("outcome %q", r.Outcome)
				}
			})
		}
	}
	// The double can execute what it is given: a stage that nobody refuses would have run.
	if err := asConnector(exec.Command("/usr/bin/touch", witness)).Run(); err != nil {
		t.Errorf("control: %v", err)
	}
}

func TestRunscPlatformFallsBack(t *testing.T) {
	dir := grounds(t)
	for _, caller := range []string{"root", "user"} {
		t.Run(caller, func(t *testing.T) {
			c := change.Change{Platforms: []string{"systrap"}}
			o, receipt := launchDoctoredGuest(t, caller, dir, doctoredGuest{change: c}, probe, "env FIXED", "read "+dir+"/other/file")
			o.must(t, 0)
			if got := answers(t, o.stdout); got["env FIXED"] != "ok" || got["read "+dir+"/other/file"] == "ok" {
				t.Errorf("answers %v", got)
			}
			if !strings.Contains(o.stderr, "ptrace") || strings.Contains(o.stderr, "systrap") {
				t.Errorf("stderr: %s", o.stderr)
			}
			if r := readReceipt(t, receipt); r.Outcome != "proven" {
				t.Errorf("outcome %q", r.Outcome)
			}
		})
	}
}

// A file that is not root's alone, or no program, is not even asked for its version.
func TestRunscThatIsNotTrusted(t *testing.T) {
	policy := guestPolicy(t, "", "")
	dir := tree(t)
	asked := filepath.Join(dir, "asked")
	script := "#!/bin/sh\necho >" + asked + "\necho runsc version release-20260905.0\n"
	make := func(name string, mode os.FileMode) string {
		return file(t, filepath.Join(dir, name), script, mode)
	}
	theirs := make("theirs", 0o755)
	give(t, theirs)
	for _, caller := range guestCallers {
		for _, tc := range []struct{ name, path, says string }{
			{"no program", make("plain", 0o644), "runsc cannot be executed"},
			{"root's alone to execute", make("private", 0o700), "runsc cannot be executed"},
			{"another user's", theirs, "runsc can be replaced by users other than root"},
			{"everybody's", make("everybodys", 0o757), "runsc can be replaced by users other than root"},
			{"a group's", make("groups", 0o775), "runsc can be replaced by users other than root"},
		} {
			t.Run(caller.name+"/"+tc.name, func(t *testing.T) {
				o := replacing(t, wrapped(caller.cmd(policy, "/usr/bin/true")), map[string]string{runscPath: tc.path}).must(t, 125)
				wants(t, o, "nothing ran", tc.says, runscPath)
				if _, err := os.Stat(asked); err == nil {
					t.Error("it was executed")
				}
			})
		}
		t.Run(caller.name+"/missing", func(t *testing.T) {
			// Nothing can be unmounted or removed here; a directory that has no runsc lies over it.
			empty := mkdirIn(t, dir, "empty-"+caller.name)
			o := replacing(t, wrapped(caller.cmd(policy, "/usr/bin/true")), map[string]string{filepath.Dir(runscPath): empty}).must(t, 125)
			wants(t, o, "nothing ran", "runsc is not installed", "go install")
		})
		t.Run(caller.name+"/a directory", func(t *testing.T) {
			other := mkdirIn(t, dir, "bin-"+caller.name)
			mkdirIn(t, other, "runsc")
			o := replacing(t, wrapped(caller.cmd(policy, "/usr/bin/true")), map[string]string{filepath.Dir(runscPath): other}).must(t, 125)
			wants(t, o, "nothing ran", "runsc is no regular file")
		})
	}
}

// wrapped is a command that can be started from a mount namespace of root's.
func wrapped(cmd *exec.Cmd) *exec.Cmd {
	words := asWrapped(cmd)
	return &exec.Cmd{Path: words[0], Args: words, Env: cmd.Env, Dir: cmd.Dir}
}

func mkdirIn(t *testing.T, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRunscThatTellsAnotherVersion(t *testing.T) {
	dir := grounds(t)
	for _, tc := range []struct {
		name   string
		change change.Change
		says   string
	}{
		{"that of Debian 12", change.Change{Version: "runsc version 0.0~20221219.0-1+b5\nspec: 1.0.2-dev\n"}, "20221219"},
		{"a newer one", change.Change{Version: "runsc version release-20991231.0\nspec: 1.2.1\n"}, "20991231"},
		{"no date", change.Change{Version: "runsc version VERSION_MISSING\n"}, "has no date"},
		{"garbage", change.Change{Version: "\x00\xff\x1b[31mrunsc\n"}, "runsc --version printed"},
		{"nothing", change.Change{Version: "\n"}, "runsc --version printed"},
		{"more than anybody reads", change.Change{Version: strings.Repeat("x", 1<<20)}, "runsc --version printed"},
		{"never", change.Change{HangVersion: true}, "no answer within 5s"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			o, receipt := launchDoctoredGuest(t, "root", dir, doctoredGuest{change: tc.change}, probe, "env FIXED")
			wants(t, o.must(t, 125), "nothing ran", tc.says)
			if strings.ContainsAny(o.stderr, "\x00\x1b") {
				t.Errorf("control characters on stderr: %q", o.stderr)
			}
			if r := readReceipt(t, receipt); r.Outcome != "refused" {
				t.Errorf("outcome %q", r.Outcome)
			}
		})
	}
}

// A runsc that hangs is ended with the launch when the caller does not want it any more.
func TestRunscThatHangs(t *testing.T) {
	dir := grounds(t)
	for _, caller := range []string{"root", "user"} {
		for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
			t.Run(fmt.Sprintf("%s/%s", caller, sig), func(t *testing.T) {
				cmd, receipt := doctoredGuestCommand(t, caller, dir, doctoredGuest{change: change.Change{HangRun: true}}, probe, "env FIXED")
				var stderr strings.Builder
				cmd.Stderr = &stderr
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				family := waitFor(t, cmd, "/host/usr/local/bin/runsc")
				for pid, name := range family {
					if strings.Contains(name, confine+" run") && !strings.Contains(name, "bash") {
						if err := syscall.Kill(pid, sig); err != nil {
							t.Fatal(err)
						}
					}
				}
				_ = cmd.Wait()
				gone(t, family, 2*time.Second)
				if sig == syscall.SIGKILL {
					return
				}
				if code := cmd.ProcessState.ExitCode(); code != 125 || !strings.Contains(stderr.String(), "SIGTERM came before the program was started") {
					t.Errorf("exit code %d: %s", code, stderr.String())
				}
				if r := readReceipt(t, receipt); r.Outcome != "refused" {
					t.Errorf("outcome %q", r.Outcome)
				}
			})
		}
	}
}

// waitFor waits until a command has a descendant with a word in its command line.
func waitFor(t *testing.T, cmd *exec.Cmd, word string) map[int]string {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		family := started{Cmd: cmd}.family(t)
		for _, name := range family {
			if strings.HasPrefix(name, word) {
				return family
			}
		}
	}
	t.Fatalf("%v started no %s", cmd.Args, word)
	return nil
}
