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

	"confine/integration/doctoredfirejail/change"
	"confine/policy"
	"confine/runner/stage"
)

// doctored is one launch in which one thing is not as the policy says.
type doctored struct {
	// clause is what of the policy is broken. The refusal names it, or names where
	// one clause stands for a list of them.
	clause, named string
	// broken says how, for people.
	broken string
	// caller is "root" or "user" where only one of them can have it so.
	caller string
	// policy edits the policy that all launches share: old, new, ...
	policy []string
	change change.Change
}

// fullPolicy states every clause that firejail can enforce. DIR is a directory of
// the test's own.
const fullPolicy = `schema = 1
name = "full"

[network]
mode = "none"

[filesystem]
exec = ["BIN", "DIR/exec", "/usr/bin", "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2?", "/usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1?"]
map = ["DIR/map", "/usr/lib", "/usr/lib64?"]
read = ["DIR/read", "DIR/v2"]
write = ["DIR/write"]
tmp = ["/tmp"]
hide = ["DIR/read/secret"]
absent = ["DIR/gone"]
links = { "DIR/links/current" = "DIR/v2", "/bin" = "/usr/bin", "/lib" = "/usr/lib", "/lib64" = "/usr/lib64", "/sbin" = "/usr/sbin" }
proc = "self"
dev = "minimal"

[rlimits]
as = "1TiB"
core = 100_000
cpu = 100_000
data = "1TiB"
fsize = "1TiB"
locks = 100_000
memlock = "4KiB"
msgqueue = 4096
nice = 0
nofile = 256
nproc = 10_000
rss = "1TiB"
rtprio = 0
rttime = "10s"
sigpending = 100
stack = "8MiB"

[capabilities]
keep = []

[syscalls]
base = "default"  # the probe writes by links and named pipes too

[environment]
pass = ["DOCTORED_*"]
set = { FIXED = "1" }

[process]
user = "USER"
directory = "DIR/write"
wall_time = "1m"

[[accept]]
backend = "firejail"
clause  = "rlimits.locks"
reason  = "the limit is set, and nothing more is asked of it"
until   = 2999-12-31

[[accept]]
backend = "firejail"
clause  = "rlimits.rss"
reason  = "the limit is set, and nothing more is asked of it"
until   = 2999-12-31
`

// double is a firejail that can be doctored, built once.
var double = sync.OnceValues(func() (directory string, err error) {
	directory = filepath.Join(fixtures, "double")
	if err := os.Mkdir(directory, 0o755); err != nil {
		return "", err
	}
	// What is mounted over has to be there.
	for _, name := range []string{"firejail", "change.json", "network"} {
		if err := os.WriteFile(filepath.Join(directory, name), nil, 0o644); err != nil {
			return "", err
		}
	}
	path := filepath.Join(directory, "double")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-X main.directory="+directory, "-o", path, "./doctoredfirejail")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the double: %w\n%s", err, out)
	}
	return directory, unix.Chmod(path, 0o4755)
})

// grounds makes what fullPolicy names, and what stands in for it.
func grounds(t *testing.T) string {
	t.Helper()
	dir := tree(t)
	program, err := os.ReadFile(probe)
	if err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{"read", "map", "exec", "write", "other", "unnamed", "v2", "gone", "read/secret", "read/inner", "write/sub"} {
		file(t, filepath.Join(dir, sub, "file"), "x", 0o644)
		give(t, filepath.Join(dir, sub))
	}
	for _, sub := range []string{"map", "exec"} {
		file(t, filepath.Join(dir, sub, "program"), string(program), 0o755)
	}
	file(t, filepath.Join(dir, "read", "passage", "file"), "x", 0o644)
	if err := os.Chmod(filepath.Join(dir, "read", "passage"), 0o711); err != nil {
		t.Fatal(err)
	}
	owned(t, filepath.Join(dir, "sized"))
	owned(t, filepath.Join(dir, "optional"))
	for link, to := range map[string]string{"links/current": "../v2", "relinked/current": "/usr/bin"} {
		link = filepath.Join(dir, link)
		if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// launchDoctored runs a program under the full policy and a doctored firejail.
func launchDoctored(t *testing.T, caller, dir string, d doctored, program ...string) (o outcome, receipt string) {
	t.Helper()
	home, err := double()
	if err != nil {
		t.Fatal(err)
	}
	replace := strings.NewReplacer("BIN", filepath.Dir(probe), "DIR", dir, "USER", connectorUser)
	text := fullPolicy
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
	changeFile := file(t, filepath.Join(row, "change.json"), replace.Replace(string(data)), 0o644)

	script := strings.NewReplacer("HOME", home, "FIREJAIL", firejailPath, "CHANGE", changeFile).Replace(`set -e
mount --bind FIREJAIL HOME/firejail
mount --bind CHANGE HOME/change.json
mount --bind /proc/self/ns/net HOME/network
mount --bind HOME/double FIREJAIL
exec "$@"
`)
	args := []string{"--mount", "--", "/usr/bin/sh", "-c", script, "sh"}
	user := []string{"--user", connectorUser}
	receipt = filepath.Join(row, "receipt.json")
	if caller == "user" {
		args = append(args, "/usr/bin/setpriv", "--reuid", connectorUser, "--regid", connectorUser, "--clear-groups")
		receipt, user = filepath.Join(owned(t, filepath.Join(row, "receipts")), "receipt.json"), nil
	}
	args = append(append(args, confine, "run", "--backend", "firejail", "--policy", policyFile, "--receipt", receipt), user...)
	cmd := exec.Command("/usr/bin/unshare", append(append(args, "--"), program...)...)
	cmd.Env = []string{"DOCTORED_A=1"}
	return finish(t, cmd), receipt
}

// An undoctored launch through the double is proven: what is refused elsewhere is
// not the double.
func TestDoubleOfFirejailConfines(t *testing.T) {
	dir := grounds(t)
	for _, caller := range []string{"root", "user"} {
		for mode, policy := range map[string][]string{"none": nil, "host": toHost, "egress": toEgress} {
			t.Run(caller+"/"+mode, func(t *testing.T) {
				o, receipt := launchDoctored(t, caller, dir, doctored{policy: policy},
					probe, "env DOCTORED_A", "env FIXED", "read DIR/v2/file")
				o.must(t, 0)
				if got := answers(t, o.stdout); got["env DOCTORED_A"] != "ok" || got["env FIXED"] != "ok" {
					t.Errorf("answers %v", got)
				}
				if r := readReceipt(t, receipt); r.Outcome != "proven" {
					t.Errorf("outcome %q", r.Outcome)
				}
			})
		}
	}
}

func TestDoctoredFirejailIsRefused(t *testing.T) {
	dir := grounds(t)
	for _, d := range doctoredLaunches() {
		for _, caller := range []string{"root", "user"} {
			if d.caller != "" && d.caller != caller {
				continue
			}
			t.Run(d.clause+"/"+d.broken+"/"+caller, func(t *testing.T) {
				t.Parallel()
				o, receipt := launchDoctored(t, caller, dir, d, probe, "env FIXED")
				named := d.named
				if named == "" {
					named = d.clause
				}
				o.must(t, 125)
				wants(t, o, "nothing ran")
				if !regexp.MustCompile(`(?m)(^|\s)` + regexp.QuoteMeta(named) + `: `).MatchString(o.stderr) {
					t.Errorf("the refusal does not name %s:\n%s", named, o.stderr)
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
				if !strings.Contains(" "+strings.Join(failed, " ")+" ", " "+named+" ") {
					t.Errorf("failed checks of the receipt: %v, expected one of %s", failed, named)
				}
			})
		}
	}
}

// Every clause of the language has a launch by each caller in which it is broken.
func TestEveryClauseIsDoctored(t *testing.T) {
	p, err := policy.Parse("full.toml", []byte(strings.NewReplacer("BIN", "/opt/bin", "DIR", "/srv/full", "USER", "worker").Replace(fullPolicy)))
	if err != nil {
		t.Fatal(err)
	}
	clauses := map[string]bool{}
	for _, clause := range policy.ClauseNames() {
		clauses[clause] = true
	}
	for _, c := range p.Clauses() {
		clauses[c.Clause] = true
	}
	broken := map[string]bool{}
	for _, d := range doctoredLaunches() {
		for _, caller := range []string{"root", "user"} {
			if d.caller == "" || d.caller == caller {
				broken[d.clause+" by "+caller] = true
			}
		}
		if !clauses[d.clause] && d.clause != "sandbox" {
			t.Errorf("%s: no clause of the language, and a launch that breaks it", d.clause)
		}
	}
	for clause := range clauses {
		for _, caller := range []string{"root", "user"} {
			reason, launch := notTheWrappers[clause] != "", broken[clause+" by "+caller]
			switch {
			case !launch && !reason:
				t.Errorf("%s: no launch by %s breaks it, and no reason says why", clause, caller)
			case launch && reason:
				t.Errorf("%s: broken, and said to be out of reach", clause)
			}
		}
	}
}
