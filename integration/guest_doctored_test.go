//go:build linux

package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"confine/integration/doctoredrunsc/change"
	"confine/runner/stage"
)

const runscPath = "/usr/local/bin/runsc"

// doctoredGuest is one launch in which one thing is not as the policy says.
type doctoredGuest struct {
	// clause is what of the policy is broken, and what the refusal names; broken says
	// how, for people.
	clause, broken string
	// caller is "root" or "user" where only one of them can have it so.
	caller string
	// policy edits the policy that all launches share: old, new, ...
	policy []string
	change change.Change
}

// guestFullPolicy states every clause that gVisor can enforce. DIR is a directory of the
// test's own.
var guestFullPolicy = func() string {
	text, _, _ := strings.Cut(fullPolicy, "[[accept]]")
	for _, clause := range []string{
		"filesystem.map", "rlimits.data", "rlimits.locks", "rlimits.msgqueue", "rlimits.nice", "rlimits.rss", "rlimits.sigpending",
	} {
		text += fmt.Sprintf("[[accept]]\nbackend = \"gvisor\"\nclause = %q\nreason = \"nothing more is asked of it\"\nuntil = 2999-12-31\n\n", clause)
	}
	return text
}()

// guestDouble is a runsc that can be doctored, built once.
var guestDouble = sync.OnceValues(func() (directory string, err error) {
	directory = filepath.Join(fixtures, "runsc-double")
	if err := os.Mkdir(directory, 0o755); err != nil {
		return "", err
	}
	// What is mounted over has to be there.
	for _, name := range []string{"runsc", "change.json"} {
		if err := os.WriteFile(filepath.Join(directory, name), nil, 0o644); err != nil {
			return "", err
		}
	}
	for _, name := range []string{"begin", "end"} {
		if err := unix.Mkfifo(filepath.Join(directory, name), 0o600); err != nil {
			return "", err
		}
	}
	path := filepath.Join(directory, "double")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-X main.directory="+directory, "-o", path, "./doctoredrunsc")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the double: %w\n%s", err, out)
	}
	return directory, os.Chmod(path, 0o755)
})

// launchDoctoredGuest runs a program under the full policy and a doctored runsc.
func launchDoctoredGuest(t *testing.T, caller, dir string, d doctoredGuest, program ...string) (o outcome, receipt string) {
	t.Helper()
	cmd, receipt := doctoredGuestCommand(t, caller, dir, d, program...)
	return finish(t, cmd), receipt
}

func doctoredGuestCommand(t *testing.T, caller, dir string, d doctoredGuest, program ...string) (cmd *exec.Cmd, receipt string) {
	t.Helper()
	home, err := guestDouble()
	if err != nil {
		t.Fatal(err)
	}
	replace := strings.NewReplacer("BIN", filepath.Dir(probe), "DIR", dir, "USER", connectorUser)
	text := guestFullPolicy
	for i := 0; i < len(d.policy); i += 2 {
		if !strings.Contains(text, d.policy[i]) {
			t.Fatalf("no %q in the full policy", d.policy[i])
		}
		text = strings.Replace(text, d.policy[i], d.policy[i+1], 1)
	}
	row := tree(t)
	policyFile := file(t, filepath.Join(row, "policy.toml"), replace.Replace(text), 0o644)
	data, err := json.Marshal(d.change)
	if err != nil {
		t.Fatal(err)
	}
	file(t, filepath.Join(row, "change.json"), replace.Replace(string(data)), 0o644)
	for _, name := range []string{"begin", "end"} {
		path := filepath.Join(row, name)
		if err := unix.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
		give(t, path)
	}
	// When the double runs it writes to begin, and reads from end when the real runsc is
	// where it was.
	script := strings.NewReplacer("HOME", home, "RUNSC", runscPath, "ROW", row).Replace(`set -e
mount --bind RUNSC HOME/runsc
for name in change.json begin end; do mount --bind ROW/$name HOME/$name; done
mount --bind HOME/double RUNSC
( read -r _ <HOME/begin; mount --bind HOME/runsc RUNSC; : >HOME/end ) </dev/null >/dev/null 2>&1 &
set +e
"$@" <&3 3<&-
code=$?
kill $! 2>/dev/null
exit $code
`)
	args := []string{"--mount", "--", "/usr/bin/bash", "-c", "exec 3<&0\n" + script, "bash"}
	user := []string{"--user", connectorUser}
	receipt = filepath.Join(row, "receipt.json")
	if caller == "user" {
		args = append(args, "/usr/bin/setpriv", "--reuid", connectorUser, "--regid", connectorUser, "--clear-groups")
		receipt, user = filepath.Join(owned(t, filepath.Join(row, "receipts")), "receipt.json"), nil
	}
	args = append(append(args, confine, "run", "--backend", "gvisor", "--policy", policyFile, "--receipt", receipt), user...)
	cmd = exec.Command("/usr/bin/unshare", append(append(args, "--"), program...)...)
	cmd.Env = []string{"DOCTORED_A=1"}
	return cmd, receipt
}

// An undoctored launch through the double is proven: what is refused elsewhere is not
// the double.
func TestDoubleOfRunscConfines(t *testing.T) {
	dir := grounds(t)
	for _, caller := range []string{"root", "user"} {
		for _, mode := range []string{"none", "host"} {
			t.Run(caller+"/"+mode, func(t *testing.T) {
				o, receipt := launchDoctoredGuest(t, caller, dir, doctoredGuest{policy: []string{`"none"`, `"` + mode + `"`}},
					probe, "env DOCTORED_A", "env FIXED", "read "+dir+"/v2/file", "read "+dir+"/other/file")
				o.must(t, 0)
				got := answers(t, o.stdout)
				if got["env DOCTORED_A"] != "ok" || got["env FIXED"] != "ok" || got["read "+dir+"/v2/file"] != "ok" || got["read "+dir+"/other/file"] == "ok" {
					t.Errorf("answers %v", got)
				}
				if r := readReceipt(t, receipt); r.Outcome != "proven" || !strings.Contains(o.stderr, "systrap") {
					t.Errorf("outcome %q: %s", r.Outcome, o.stderr)
				}
			})
		}
	}
}

func TestDoctoredRunscIsRefused(t *testing.T) {
	dir := grounds(t)
	for _, d := range doctoredGuests() {
		for _, caller := range []string{"root", "user"} {
			if d.caller != "" && d.caller != caller {
				continue
			}
			t.Run(d.clause+"/"+d.broken+"/"+caller, func(t *testing.T) {
				t.Parallel()
				o, receipt := launchDoctoredGuest(t, caller, dir, d, probe, "env FIXED")
				o.must(t, 125)
				wants(t, o, "nothing ran")
				if !regexp.MustCompile(`(?m)(^|\s)` + regexp.QuoteMeta(d.clause) + `: `).MatchString(o.stderr) {
					t.Errorf("the refusal does not name %s:\n%s", d.clause, o.stderr)
				}
				r := readReceipt(t, receipt)
				if r.Outcome != "refused" || r.Refusal == "" {
					t.Errorf("outcome %q, refusal %q in the receipt", r.Outcome, r.Refusal)
				}
				var failed []string
				for _, c := range r.Checks {
					if c.Status == stage.Failed {
						failed = append(failed, c.Clause)
					}
				}
				if !strings.Contains(" "+strings.Join(failed, " ")+" ", " "+d.clause+" ") {
					t.Errorf("failed checks of the receipt: %v, expected one of %s", failed, d.clause)
				}
			})
		}
	}
}
