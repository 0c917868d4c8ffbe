package firejail_test

import (
	"strings"
	"testing"

	"confine/compiler"
	"confine/policy"

	"pgregory.net/rapid"
)

// TestCoverageIsComplete: every clause has a row, every entry exactly one, each at
// its place, and no launch is covered by less than the policy says.
func TestCoverageIsComplete(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawPolicy(t)
		checkCoverage(t, r.policy, r.bundle.Coverage)
	})
	for _, p := range samples(t) {
		checkCoverage(t, p, compile(t, p).Coverage)
	}
}

func checkCoverage(t failer, p *policy.Policy, rows []compiler.Coverage) {
	t.Helper()
	type key struct{ clause, subject string }
	at := map[key]policy.Position{}
	clauses := map[string]bool{}
	for _, row := range rows {
		k := key{row.Clause, row.Subject}
		if _, twice := at[k]; twice {
			t.Fatalf("%s %s has two rows", row.Clause, row.Subject)
		}
		at[k] = row.At
		clauses[row.Clause] = true
		signed := compiler.IgnoredByLinux(strings.TrimPrefix(row.Clause, "rlimits.")) != "" ||
			strings.Contains(row.Launched.How, "go around") || strings.Contains(row.Launched.How, "goes around")
		if row.Launched.Strength.Sufficient() == signed {
			t.Fatalf("%s %s is launched %s", row.Clause, row.Subject, row.Launched.Strength)
		}
		if row.Launched.How == "" || row.Standalone.How == "" || row.Standalone.Strength == "" {
			t.Fatalf("%+v says too little", row)
		}
	}
	expect := func(clause, subject string, want policy.Position) {
		t.Helper()
		got, ok := at[key{clause, subject}]
		if !ok || got != want {
			t.Fatalf("%s %q: row %v at %s, expected one at %s", clause, subject, ok, got, want)
		}
		delete(at, key{clause, subject})
	}
	stated := map[string]policy.Position{}
	for _, c := range p.Clauses() {
		stated[c.Clause] = c.At
		if !clauses[c.Clause] {
			t.Fatalf("no row for %s", c.Clause)
		}
		delete(clauses, c.Clause)
	}
	for clause := range clauses {
		t.Fatalf("a row for %s, which is no clause of the policy", clause)
	}
	for _, e := range p.Filesystem.Entries {
		expect(policy.FilesystemClause(e.Mode), e.Path, e.At)
		delete(stated, policy.FilesystemClause(e.Mode))
	}
	for _, e := range p.Network.Egress {
		if p.Network.Mode == policy.NetworkEgress {
			expect(policy.ClauseNetworkEgress, e.String(), e.At)
			delete(stated, policy.ClauseNetworkEgress)
		}
	}
	for _, n := range p.Network.Private {
		if p.Network.Mode == policy.NetworkEgress {
			expect(policy.ClauseNetworkPrivate, n.Prefix.String(), n.At)
			delete(stated, policy.ClauseNetworkPrivate)
		}
	}
	for _, l := range p.Filesystem.Links {
		expect(policy.ClauseFilesystemLinks, l.From, l.At)
		delete(stated, policy.ClauseFilesystemLinks)
	}
	for _, e := range p.Syscalls.Allow {
		expect(policy.ClauseSyscallsAllow, e.Name, e.At)
		delete(stated, policy.ClauseSyscallsAllow)
	}
	for _, e := range p.Syscalls.Deny {
		expect(policy.ClauseSyscallsDeny, e.Name, e.At)
		delete(stated, policy.ClauseSyscallsDeny)
	}
	for _, r := range p.Syscalls.Rules {
		var when []string
		for _, c := range r.When {
			when = append(when, c.Text)
		}
		expect(policy.ClauseSyscallsRule, r.Syscall+": "+strings.Join(when, ", "), r.At)
		delete(stated, policy.ClauseSyscallsRule)
	}
	for k, got := range at {
		want, ok := stated[k.clause]
		if !ok || got != want {
			t.Fatalf("row of %s %q at %s, expected %s", k.clause, k.subject, got, want)
		}
		delete(stated, k.clause)
	}
	for clause := range stated {
		t.Fatalf("no row for %s at its place", clause)
	}
}

// TestCoverageHoldsNoValue: what environment.set gives is nobody's business.
func TestCoverageHoldsNoValue(t *testing.T) {
	b := compile(t, parse(t, "[environment.set]\nTOKEN = \"hunter2\"\n"))
	files, err := b.Files()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.Contains(string(f.Data), "hunter2") {
			t.Errorf("%s holds the value of a variable", f.Name)
		}
	}
}

// TestStandaloneStrengths are the judgements that a test in integration backs with
// the real firejail.
func TestStandaloneStrengths(t *testing.T) {
	p := parse(t, `[filesystem]
read = ["/data", "/top?", "/sys/fs/cgroup", "/etc/passwd"]
exec = ["/opt/e"]
map = ["/usr/lib", "/opt/m"]
write = ["/data/own", "/srv/w", "/srv/open?"]
hide = ["/data/hidden", "/opt/hidden"]
absent = ["/run/secrets"]
tmp = ["/tmp", "/var/tmp", "/scratch", "/srv/w/tmp"]
links = { "/lib" = "/usr/lib", "/var/run" = "/run", "/data/link" = "/opt/e" }
proc = "self"
dev = "minimal"
[rlimits]
core = 0
nofile = 10
`)
	rows := map[string]compiler.Coverage{}
	for _, row := range compile(t, p).Coverage {
		rows[strings.TrimSpace(row.Clause+" "+row.Subject)] = row
	}
	for name, want := range map[string][2]compiler.Strength{
		"filesystem what is named nowhere": {compiler.Exact, compiler.Weaker},
		"filesystem.read /data":            {compiler.Exact, compiler.Exact},
		"filesystem.read /top":             {compiler.Exact, compiler.Weaker},
		"filesystem.read /sys/fs/cgroup":   {compiler.Stronger, compiler.Stronger},
		"filesystem.read /etc/passwd":      {compiler.Stronger, compiler.Stronger},
		"filesystem.exec /opt/e":           {compiler.Exact, compiler.Exact},
		"filesystem.map /usr/lib":          {compiler.Stronger, compiler.Weaker},
		"filesystem.map /opt/m":            {compiler.Exact, compiler.Weaker},
		"filesystem.write /data/own":       {compiler.Exact, compiler.Stronger},
		"filesystem.write /srv/w":          {compiler.Exact, compiler.Exact},
		"filesystem.write /srv/open":       {compiler.Exact, compiler.Exact},
		"filesystem.hide /data/hidden":     {compiler.Exact, compiler.Weaker},
		"filesystem.hide /opt/hidden":      {compiler.Exact, compiler.Exact},
		"filesystem.absent /run/secrets":   {compiler.Exact, compiler.Exact},
		"filesystem.tmp /tmp":              {compiler.Exact, compiler.Exact},
		"filesystem.tmp /var/tmp":          {compiler.Exact, compiler.Exact},
		"filesystem.tmp /scratch":          {compiler.Exact, compiler.Stronger},
		"filesystem.tmp /srv/w/tmp":        {compiler.Exact, compiler.Stronger},
		"filesystem.links /lib":            {compiler.Exact, compiler.Weaker},
		"filesystem.links /var/run":        {compiler.Stronger, compiler.Stronger},
		"filesystem.links /data/link":      {compiler.Exact, compiler.Weaker},
		"filesystem.proc self":             {compiler.Exact, compiler.Weaker},
		"filesystem.dev minimal":           {compiler.Exact, compiler.Weaker},
		"network.mode none":                {compiler.Exact, compiler.Exact},
		"capabilities.keep none":           {compiler.Exact, compiler.Exact},
		"rlimits.core":                     {compiler.Exact, compiler.None},
		"rlimits.nofile":                   {compiler.Exact, compiler.Exact},
		"syscalls.base connector":          {compiler.Exact, compiler.Weaker},
		"environment":                      {compiler.Exact, compiler.None},
	} {
		got, ok := rows[name]
		if !ok || got.Launched.Strength != want[0] || got.Standalone.Strength != want[1] {
			t.Errorf("%s: %+v, want %v", name, got, want)
		}
		delete(rows, name)
	}
	for name := range rows {
		t.Errorf("nothing is said of the row %s", name)
	}
}
