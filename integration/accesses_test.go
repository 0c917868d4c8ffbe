//go:build linux

package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"confine/compiler"
	"confine/policy"
)

// attempt is one access that is really tried: inside, for each launch, and outside as a
// control. Where nothing else is said, Decide says what happens inside, and the control
// succeeds: what fails there proves nothing by failing inside.
type attempt struct {
	// access is in the text of policy.ParseAccess. It is empty for what the language
	// has no access for; inside is then needed, and Decide not asked.
	access string
	// deed is what the probe does, if not the access itself.
	deed    string
	control control
	// outside is the control's answer, if not "ok".
	outside string
	// inside is the answer inside, where Decide does not say which it is. "denied" is
	// any errno.
	inside string
	// clause is what the attempt shows, if not what Decide names.
	clause string
	// because says why there is no control, or why Decide is not asked.
	because string
	// firejail, gvisor and native say where one engine differs from what is said above. How it
	// may differ from Decide is in its coverage, see TestDifferences.
	firejail, gvisor, native other
	// only names the one engine under which the attempt makes sense.
	only compiler.Backend
	// row is what coverage says of the clause that decides, where an engine may differ from
	// Decide by that alone.
	row compiler.Coverage
}

// other is what one engine does otherwise, and why. What is empty is as in the attempt.
type other struct {
	deed, inside, because string
}

// control is who makes the attempt outside.
type control int

const (
	byUser   control = iota // the user that the program runs as
	byRoot                  // who alone can
	byNobody                // no one can: because says why
)

// text is what the probe gets.
func (a attempt) text() string {
	if a.deed != "" {
		return a.deed
	}
	return a.access
}

// other gives what one engine does otherwise.
func (a attempt) other(engine compiler.Backend) other {
	return map[compiler.Backend]other{compiler.Firejail: a.firejail, compiler.GVisor: a.gvisor, compiler.Native: a.native}[engine]
}

// under is the attempt as one engine is expected to answer it; ok is false where the
// attempt is not for it.
func (a attempt) under(engine compiler.Backend) (_ attempt, ok bool) {
	o := a.other(engine)
	if o.deed != "" {
		a.deed = o.deed
	}
	if o.inside != "" {
		a.inside = o.inside
	}
	if o.because != "" {
		a.because = o.because
	}
	return a, a.only == "" || a.only == engine
}

// world is a policy and what is attempted under it.
type world struct {
	name     string
	policy   string
	attempts []attempt
	// environment is the caller's, also that of the controls.
	environment []string
	// directory is where the caller is; empty is anywhere.
	directory string
	// stdin is what the program gets; nil is a pipe that stays open.
	stdin *os.File
	// code is the exit code of confine.
	code int
	// launches are the names of those that the world is for, if not all.
	launches []string
}

// engine is a backend and how programs are launched under it.
type engine struct {
	backend compiler.Backend
	// own says that the launch makes namespaces where no tool does it.
	own      bool
	launches []launch
}

type launch struct {
	name string
	cmd  func(policy string, program ...string) *exec.Cmd
}

// ownByRoot and ownByUser are the launches by the kernel alone in namespaces of their own.
const ownByRoot, ownByUser = "native (own namespaces) root", "native (own namespaces) user"

// engines have the same policies and attempts, for both kinds of caller.
var engines = []engine{
	{backend: compiler.Firejail, launches: []launch{{"firejail root", confined}, {"firejail user", confinedByUser}}},
	{backend: compiler.GVisor, launches: []launch{{"gvisor root", guest}, {"gvisor user", guestByUser}}},
	{backend: compiler.Native, launches: []launch{{"native root", native}, {"native user", nativeByUser}}},
}

// everyEngine is these, and native again in namespaces of its own.
var everyEngine = append(slices.Clip(engines), engine{
	backend: compiler.Native, own: true, launches: []launch{{ownByRoot, ownNative}, {ownByUser, ownNativeByUser}},
})

// name tells the two of native apart.
func (e engine) name() string {
	if e.own {
		return string(e.backend) + " (own namespaces)"
	}
	return string(e.backend)
}

// of are the launches of a world under an engine.
func (e engine) of(w world) []launch {
	var found []launch
	for _, l := range e.launches {
		if w.launches == nil || slices.Contains(w.launches, l.name) {
			found = append(found, l)
		}
	}
	return found
}

// noAnswer is the result of an attempt that was not made or did not end.
const noAnswer = "no answer"

// refused is the exit code of a launch of which nothing ran.
const refused = 125

// TestAccesses does what policies allow and forbid, under every engine, and holds it
// against Decide.
func TestAccesses(t *testing.T) {
	worlds := accessWorlds(t)
	for _, e := range everyEngine {
		t.Run("every clause under "+e.name(), func(t *testing.T) { everyClause(t, worlds, e) })
	}
	t.Run("enough", func(t *testing.T) {
		all, both := 0, 0
		for _, w := range worlds {
			for _, a := range w.attempts {
				all++
				if w.code != refused && a.only == "" && len(engines[0].of(w)) > 0 && len(engines[1].of(w)) > 0 {
					both++
				}
			}
		}
		const enough = 1000
		if both < enough {
			t.Errorf("%d attempts under both engines, expected at least %d", both, enough)
		}
		t.Logf("%d attempts in %d worlds, %d of them under both engines", all, len(worlds), both)
	})
	for _, w := range worlds {
		t.Run(w.name, w.run)
	}
}

// accessWorlds are laid out before anything runs, so that what they cover is
// known however few of them are selected.
func accessWorlds(t *testing.T) []world {
	var worlds []world
	for _, topic := range []func(*testing.T) []world{
		fileWorlds, nestedWorlds, deviceWorlds, procWorlds, linkWorlds, aliasWorlds, tmpWorlds, networkWorlds, socketWorlds, limitWorlds,
		environmentWorlds, capabilityWorlds, syscallWorlds, operatorWorlds, processWorlds,
	} {
		worlds = append(worlds, topic(t)...)
	}
	return worlds
}

func (w world) run(t *testing.T) {
	p := parsePolicy(t, w.policy)
	w.controls(t)
	for _, e := range everyEngine {
		attempts := w.under(e.backend)
		if e.backend == compiler.Native && w.code != refused && len(e.of(w)) > 0 {
			attempts = byCoverage(t, p, attempts, e.own)
		}
		for _, l := range e.of(w) {
			t.Run(l.name, func(t *testing.T) {
				cmd := l.cmd(w.policy, append([]string{probe}, texts(attempts)...)...)
				if p.Process.User != "" {
					// The policy names the user, so --user is left out.
					cmd.Args = append([]string{cmd.Args[0], "run", "--backend", string(e.backend), "--policy", w.policy, "--", probe}, texts(attempts)...)
					if e.backend == compiler.Native && !e.own {
						with(cmd, "--no-namespaces")
					}
				}
				cmd.Env, cmd.Dir, cmd.Stdin = append(os.Environ(), w.environment...), w.directory, w.input(t)
				o := finish(t, cmd).must(t, w.code)
				got := answers(t, o.stdout)
				for _, a := range attempts {
					a.judge(t, p, got)
				}
			})
		}
	}
}

// under are the attempts of a world that are for an engine.
func (w world) under(engine compiler.Backend) []attempt {
	var attempts []attempt
	for _, a := range w.attempts {
		if a, ok := a.under(engine); ok {
			attempts = append(attempts, a)
		}
	}
	return attempts
}

// input is the stdin of a program, by default one that never ends.
func (w world) input(t *testing.T) *os.File {
	t.Helper()
	if w.stdin != nil {
		return w.stdin
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := read.Chown(int(account.uid), int(account.gid)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		read.Close()
		write.Close()
	})
	return read
}

func texts(attempts []attempt) []string {
	var texts []string
	for _, a := range attempts {
		texts = append(texts, a.text())
	}
	return texts
}

// controls makes every attempt outside.
func (w world) controls(t *testing.T) {
	t.Helper()
	by := map[control][]string{}
	for _, a := range w.attempts {
		by[a.control] = append(by[a.control], a.text())
	}
	got := map[control]map[string]string{}
	for _, c := range []control{byUser, byRoot} {
		if len(by[c]) == 0 {
			continue
		}
		cmd := exec.Command(probe, by[c]...)
		if c == byUser {
			cmd = asConnector(cmd)
		}
		cmd.Env, cmd.Dir, cmd.Stdin = append(os.Environ(), w.environment...), w.directory, w.input(t)
		got[c] = answers(t, finish(t, cmd).must(t, 0).stdout)
	}
	for _, a := range w.attempts {
		want := a.outside
		if want == "" {
			want = "ok"
		}
		switch found := got[a.control][a.text()]; {
		case a.unexplained():
			t.Errorf("%s: the table does not say why it is an exception", a.text())
		case a.control != byNobody && found != want:
			t.Errorf("control: %s: %s outside the sandbox, expected %s", a.text(), found, want)
		}
	}
}

// unexplained reports whether the table says how something ends and not why.
func (a attempt) unexplained() bool {
	if a.because == "" && (a.control == byNobody || a.outside != "" || a.inside != "" || a.access == "" || a.only != "") {
		return true
	}
	for _, o := range []other{a.firejail, a.gvisor, a.native} {
		if o.because == "" && o != (other{}) {
			return true
		}
	}
	return false
}

// judge compares what happened inside with the meaning of the policy.
func (a attempt) judge(t *testing.T, p *policy.Policy, answers map[string]string) {
	t.Helper()
	got, answered := answers[a.text()]
	if !answered {
		got = noAnswer
	}
	switch {
	case strings.HasPrefix(got, "mixed: ") && a.row.Clause == "":
		t.Errorf("%s: neither allowed nor denied inside: %s", a.text(), got)
	case a.inside == "denied":
		if got == "ok" || got == noAnswer {
			t.Errorf("%s: %s inside, expected a denial: %s", a.text(), got, a.because)
		}
	case a.inside != "":
		if got != a.inside {
			t.Errorf("%s: %s inside, expected %s: %s", a.text(), got, a.inside, a.because)
		}
	case a.row.Clause != "":
		if !a.covered(decide(t, p, a.access), got) {
			t.Errorf("%s: %s inside; Decide says allowed: %t, and coverage %s: %s", a.text(), got, decide(t, p, a.access).Allowed, a.row.Launched.Strength, a.row.Launched.How)
		}
	default:
		d := decide(t, p, a.access)
		if got == noAnswer || d.Allowed != (got == "ok") {
			verdict := "denied"
			if d.Allowed {
				verdict = "allowed"
			}
			t.Errorf("%s: %s inside, but %s by the policy: %s (%s)", a.text(), got, verdict, d.Because, d.At)
		}
	}
}

func decide(t *testing.T, p *policy.Policy, text string) policy.Decision {
	t.Helper()
	a, err := policy.ParseAccess(text)
	if err != nil {
		t.Fatal(err)
	}
	return p.Decide(a)
}

// elsewhereShown is why the clauses of a gateway are not in this table.
const elsewhereShown = "it takes hosts beyond loopback, in a network of the test's own: see TestEgress"

// notShown are the halves of clauses that no attempt can show, and why.
var notShown = map[string]string{
	"allowed process.pids": "how many there are of the backend's own differs: see TestPidsOfTheSandbox",
	"denied process.pids":  "as above",

	"allowed filesystem.hide":   "it only takes away",
	"allowed filesystem.absent": "it only takes away",
	"allowed capabilities.keep": "neither engine gives an ordinary user a capability, so a list with one is refused",
	"denied rlimits":            "a limit that the policy does not set is the caller's",
	"denied rlimits.locks":      "Linux enforces it no longer, since 2.4.25 (setrlimit(2))",
	"denied rlimits.rss":        "Linux enforces it no longer, since 2.4.30 (setrlimit(2))",
	"denied environment.pass":   "it only gives; what it does not match is denied by environment",
	"allowed environment":       "the default only takes away",
	"allowed filesystem":        "the default only takes away",
	"allowed syscalls":          "the default only takes away",
	"allowed syscalls.deny":     "it only takes away",
	"denied syscalls.allow":     "it only gives",
	"allowed syscalls.on_deny":  "it says how, not what",
	"denied syscalls.on_deny":   "it says how, not what",
	"allowed network.egress":    elsewhereShown,
	"denied network.egress":     elsewhereShown,
	"allowed network.private":   elsewhereShown,
	"denied network.private":    elsewhereShown,
	"allowed network.fronting":  elsewhereShown,
	"denied network.fronting":   elsewhereShown,

	"allowed network.max_bytes":       elsewhereShown,
	"denied network.max_bytes":        elsewhereShown,
	"allowed network.max_connections": elsewhereShown,
	"denied network.max_connections":  elsewhereShown,
}

// notShownUnder are those that one engine cannot show besides: its coverage calls them
// weaker.
var notShownUnder = map[compiler.Backend]map[string]string{
	compiler.GVisor: {
		"denied rlimits.data":       "the sentry looks at brk(2) alone",
		"denied rlimits.msgqueue":   "the sentry stores it",
		"denied rlimits.nice":       "the sentry stores it",
		"denied rlimits.sigpending": "the sentry stores it",
	},
	compiler.Native: {
		"denied filesystem.absent": "a machine that has the path is refused, see TestNativeAbsent",
	},
}

// everyClause wants each clause to be shown both ways under an engine.
func everyClause(t *testing.T, worlds []world, e engine) {
	shown := map[string]bool{}
	for _, w := range worlds {
		if len(e.of(w)) == 0 {
			continue
		}
		p := parsePolicy(t, w.policy)
		for _, a := range w.under(e.backend) {
			clause, allowed := a.clause, a.inside == "ok"
			if a.access == "" && clause == "" {
				continue // shows nothing but itself
			}
			if a.access != "" {
				d := decide(t, p, a.access)
				if a.inside != "" && d.Allowed != allowed {
					continue // the engine and not the clause
				}
				if allowed = d.Allowed; clause == "" {
					clause = d.Clause
				}
			}
			verdict := "denied "
			if allowed {
				verdict = "allowed "
			}
			shown[verdict+clause] = true
		}
	}
	for _, clause := range policy.ClauseNames() {
		for _, verdict := range []string{"allowed ", "denied "} {
			why, excused := notShown[verdict+clause]
			if !excused {
				why, excused = notShownUnder[e.backend][verdict+clause]
			}
			switch {
			case !shown[verdict+clause] && !excused:
				t.Errorf("%s: no attempt is %sby it", clause, verdict)
			case shown[verdict+clause] && excused:
				t.Errorf("%s: an attempt is %sby it, and notShown says: %s", clause, verdict, why)
			}
		}
	}
}

// accepted is the exception for a clause that is enforced less than it says.
func accepted(backend compiler.Backend, clause string) string {
	return fmt.Sprintf("[[accept]]\nbackend = %q\nclause = %q\nreason = \"the test says so\"\nuntil = 2999-12-31\n", backend, clause)
}

// accessPolicy writes base with more entries in its lists, and what follows.
func accessPolicy(t *testing.T, exec, mapped []string, filesystem, tables string) string {
	t.Helper()
	text := base
	for list, paths := range map[string][]string{"\nexec = [": exec, "\nmap = [": mapped} {
		more := list
		for _, path := range paths {
			more += fmt.Sprintf("%q, ", path)
		}
		text = strings.Replace(text, list, more, 1)
	}
	text = strings.NewReplacer("BIN", filepath.Dir(probe), "MORE", filesystem).Replace(text) + withCalls(tables) + accepted(compiler.GVisor, policy.ClauseFilesystemMap) + accepted(compiler.Native, policy.ClauseFilesystemMap)
	return file(t, filepath.Join(tree(t), "policy.toml"), text, 0o644)
}
