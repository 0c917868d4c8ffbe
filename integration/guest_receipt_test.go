//go:build linux

package integration

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"confine/compiler"
	"confine/runner/stage"
)

const guestSecret = "hunter2-0123456789"

// secretGuest is a launch whose environment and arguments are secret, with a receipt in a
// directory of its own.
func secretGuest(t *testing.T, caller, script string) (cmd *exec.Cmd, receipt string) {
	t.Helper()
	policy := guestPolicy(t, "tmp = [\"/tmp\"]\nproc = \"self\"\ndev = \"minimal\"",
		"[environment]\npass = [\"APP_*\"]\nset = { FIXED = \""+guestSecret+"-set\" }\n")
	dir := tree(t)
	launch := guest
	if caller == "user" {
		launch, dir = guestByUser, owned(t, filepath.Join(dir, "receipts"))
	}
	receipt = filepath.Join(dir, "receipt.json")
	cmd = launch(policy, "/usr/bin/sh", "-c", script, "argument-"+guestSecret)
	cmd.Args = slices.Insert(cmd.Args, 2, "--receipt", receipt)
	cmd.Env = []string{"APP_TOKEN=" + guestSecret + "-pass", "DROPPED=" + guestSecret + "-dropped"}
	return cmd, receipt
}

func TestGuestReceipt(t *testing.T) {
	for _, caller := range guestCallers {
		t.Run(caller.name, func(t *testing.T) {
			cmd, path := secretGuest(t, caller.name, "echo $APP_TOKEN $FIXED $0 $DROPPED")
			o := finish(t, cmd).must(t, 0)
			if o.stdout != guestSecret+"-pass "+guestSecret+"-set argument-"+guestSecret+"\n" {
				t.Errorf("control: the program saw %q", o.stdout)
			}
			data := readText(t, path)
			if strings.Contains(data, "hunter2") || strings.Contains(o.stderr, "hunter2") {
				t.Errorf("a secret in the receipt or on stderr:\n%s", o.stderr)
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode() != 0o600 {
				t.Errorf("receipt mode %v, expected 0600", info.Mode())
			}
			r := readReceipt(t, path)
			if r.Outcome != "proven" || r.Proven == 0 || r.Total != len(r.Checks) {
				t.Errorf("outcome %q, %d of %d checks, %d listed", r.Outcome, r.Proven, r.Total, len(r.Checks))
			}
			if r.Target.Backend != compiler.GVisor || r.Landlock != 0 || r.Program != "/usr/bin/sh" || r.User.UID != int(account.uid) {
				t.Errorf("backend %q, landlock %d, program %q, user %+v", r.Target.Backend, r.Landlock, r.Program, r.User)
			}
			if len(r.Artifacts) == 0 || len(r.Coverage) == 0 || r.Host.Kernel == "" {
				t.Errorf("%d artifacts, %d rows of coverage, kernel %q", len(r.Artifacts), len(r.Coverage), r.Host.Kernel)
			}
			for _, c := range r.Checks {
				if c.Status != stage.Proven && c.Status != stage.Unproven {
					t.Errorf("%s %s: %s", c.Clause, c.Subject, c.Status)
				}
			}
		})
	}
}

// While the program runs, nothing of its environment and arguments is in a file of the
// launch's, or in what ps(1) shows of its processes.
func TestGuestSecretsAreInNoFile(t *testing.T) {
	for _, caller := range guestCallers {
		t.Run(caller.name, func(t *testing.T) {
			secret, receipt := secretGuest(t, caller.name, "echo $APP_TOKEN >/tmp/inside; echo ready; exec sleep 300")
			g := startGuest(t, func(string, ...string) *exec.Cmd { return secret }, "", "")
			var searched []string
			search := func(path string) {
				data, err := os.ReadFile(path)
				if err != nil {
					return // such as what has no contents
				}
				searched = append(searched, path)
				if bytes.Contains(data, []byte("hunter2")) {
					t.Errorf("a secret in %s", path)
				}
			}
			search(receipt)
			root := fmt.Sprintf("/proc/%d/root", g.pids["keeper"])
			// The slash leads through the link.
			err := filepath.WalkDir(root+"/", func(path string, d fs.DirEntry, err error) error {
				if err != nil || path == root+"/host" || path == root+"/proc" {
					return fs.SkipDir
				}
				if d.Type().IsRegular() {
					search(path)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"/bundle/config.json", "/log.json"} {
				if !slices.Contains(searched, root+name) {
					t.Errorf("%s was not among the %d files", name, len(searched))
				}
			}
			for _, pid := range g.pids {
				for _, name := range []string{"cmdline", "environ"} {
					search(filepath.Join("/proc", strconv.Itoa(pid), name))
				}
			}
			// The caller's own words are the caller's.
			if !strings.Contains(readText(t, fmt.Sprintf("/proc/%d/cmdline", g.Process.Pid)), "hunter2") {
				t.Error("control: the runner's own arguments hold no secret")
			}
			g.signal(t, g.Process.Pid, syscall.SIGTERM)
			g.end(t).must(t, 143)
		})
	}
}

// A refused launch leaves a receipt that says so, in place of that of an earlier one.
func TestGuestRefusalReplacesTheReceipt(t *testing.T) {
	dir := tree(t)
	path := file(t, filepath.Join(dir, "receipt.json"), `{"outcome": "proven"}`, 0o600)
	cmd := guest(writePolicy(t, "", ""), "/usr/bin/true") // without the exception
	cmd.Args = slices.Insert(cmd.Args, 2, "--receipt", path)
	wants(t, finish(t, cmd).must(t, 125), "nothing ran", "filesystem.map", "[[accept]]")
	if r := readReceipt(t, path); r.Outcome != "refused" || r.Refusal == "" {
		t.Errorf("receipt %+v", r)
	}
}
