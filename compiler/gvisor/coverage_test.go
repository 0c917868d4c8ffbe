package gvisor_test

import (
	"strings"
	"testing"

	"confine/compiler"
	"confine/compiler/gvisor"
	"confine/policy"

	"pgregory.net/rapid"
)

// TestCoverageIsComplete: every clause has a row, every entry exactly one, each at its
// place.
func TestCoverageIsComplete(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawPolicy(t)
		checkCoverage(t, r.policy, r.bundle.Coverage)
	})
	for name, p := range samples(t) {
		checkCoverage(t, p, sampleBundle(t, name, p).Coverage)
	}
}

func checkCoverage(t failer, p *policy.Policy, rows []compiler.Coverage) {
	t.Helper()
	type key struct{ clause, subject string }
	at := map[key]policy.Position{}
	clauses := map[string]bool{}
	for i, row := range rows {
		k := key{row.Clause, row.Subject}
		if _, twice := at[k]; twice {
			t.Fatalf("%s %s has two rows", row.Clause, row.Subject)
		}
		at[k] = row.At
		clauses[row.Clause] = true
		for _, v := range []compiler.Verdict{row.Launched, row.Standalone} {
			switch v.Strength {
			case compiler.Exact, compiler.Stronger, compiler.Weaker, compiler.None:
			default:
				t.Fatalf("%+v has no strength", row)
			}
			if v.How == "" || strings.ContainsAny(v.How, "\n\t") || v.How != strings.TrimSpace(v.How) {
				t.Fatalf("%+v does not say how", row)
			}
		}
		if !row.Launched.Strength.Sufficient() && row.Standalone.Strength.Sufficient() {
			t.Fatalf("%+v is enforced better without confine", row)
		}
		if i > 0 && (row.Clause < rows[i-1].Clause || row.Clause == rows[i-1].Clause && row.Subject < rows[i-1].Subject) {
			t.Fatalf("%+v comes too late", row)
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

// TestCoverageNeedsNoRoot: what is promised does not depend on what is known of the root
// file system.
func TestCoverageNeedsNoRoot(t *testing.T) {
	for name, p := range samples(t) {
		if a, b := coverageText(sampleBundle(t, name, p).Coverage), coverageText(compileIn(t, p, nil).Coverage); a != b {
			t.Errorf("%s:\n%s", name, difference(a, b))
		}
	}
}

// TestBundleHoldsNoValue: what environment.set gives is nobody's business.
func TestBundleHoldsNoValue(t *testing.T) {
	files, err := compile(t, parse(t, "[environment.set]\nTOKEN = \"hunter2\"\n[environment]\npass = ['OTHER_TOKEN']\n")).Files()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.Contains(string(f.Data), "hunter2") || f.Name == gvisor.StandaloneConfig && strings.Contains(string(f.Data), "TOKEN") {
			t.Errorf("%s holds a variable", f.Name)
		}
	}
}

// strengthsOf are those of every row, launched and stand-alone.
func strengthsOf(t failer, p *policy.Policy) map[string][2]compiler.Strength {
	t.Helper()
	rows := map[string][2]compiler.Strength{}
	for _, row := range compile(t, p).Coverage {
		rows[strings.TrimSpace(row.Clause+" "+row.Subject)] = [2]compiler.Strength{row.Launched.Strength, row.Standalone.Strength}
	}
	return rows
}

// TestStrengths are the judgements that tests in integration back with the real runsc.
func TestStrengths(t *testing.T) {
	rows := strengthsOf(t, parse(t, `[network]
mode = "host"
[filesystem]
read = ["/data", "/top?", "/sys/fs/cgroup"]
exec = ["/opt/e"]
map = ["/opt/m"]
write = ["/data/own"]
hide = ["/data/hidden", "/opt/hidden", "/sys/class", "/sys/fs/cgroup/x"]
absent = ["/run/secrets"]
tmp = ["/scratch", { path = "/small", size = 4096 }]
links = { "/link" = "/opt/m", "/data/link" = "/opt/e", "/opt/hidden/link" = "/data", "/run/secrets/link" = "/data", "/scratch/link" = "/data", "/opt/nowhere" = "/srv" }
proc = "self"
dev = "minimal"
[environment]
pass = ["LANG"]
[environment.set]
A = "1"
[process]
user = "worker"
directory = "/data"
wall_time = "1h"
memory = "1GiB"
pids = 100
`))
	const (
		exact, stronger, weaker, none = compiler.Exact, compiler.Stronger, compiler.Weaker, compiler.None
	)
	for name, want := range map[string][2]compiler.Strength{
		"filesystem what is named nowhere":       {exact, exact},
		"filesystem.read /data":                  {exact, exact},
		"filesystem.read /top":                   {exact, exact},
		"filesystem.read /sys/fs/cgroup":         {stronger, stronger},
		"filesystem.exec /opt/e":                 {exact, exact},
		"filesystem.map /opt/m":                  {weaker, weaker},
		"filesystem.write /data/own":             {exact, exact},
		"filesystem.hide /data/hidden":           {exact, exact},
		"filesystem.hide /opt/hidden":            {exact, exact},
		"filesystem.hide /sys/class":             {exact, exact},
		"filesystem.hide /sys/fs/cgroup/x":       {exact, exact},
		"filesystem.absent /run/secrets":         {exact, exact},
		"filesystem.tmp /scratch":                {exact, exact},
		"filesystem.tmp /small":                  {exact, exact},
		"filesystem.links /link":                 {exact, exact},
		"filesystem.links /data/link":            {exact, exact},
		"filesystem.links /opt/hidden/link":      {stronger, stronger},
		"filesystem.links /run/secrets/link":     {stronger, stronger},
		"filesystem.links /scratch/link":         {stronger, stronger},
		"filesystem.links /opt/nowhere":          {exact, exact},
		"filesystem.proc self":                   {stronger, stronger},
		"filesystem.dev minimal":                 {stronger, stronger},
		"network.mode host":                      {exact, exact},
		"capabilities.keep none":                 {exact, exact},
		"environment":                            {exact, exact},
		"environment.pass":                       {exact, stronger},
		"environment.set":                        {exact, none},
		"process.user worker":                    {exact, none},
		"process.directory /data":                {exact, exact},
		"process.wall_time 1h0m0s":               {exact, none},
		"process.memory":                         {stronger, stronger},
		"process.pids":                           {stronger, stronger},
		policy.ClauseSyscallsBase + " connector": {exact, exact},
	} {
		if got, ok := rows[name]; !ok || got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		delete(rows, name)
	}
	for name := range rows {
		t.Errorf("nothing is said of the row %s", name)
	}
	closed := strengthsOf(t, parse(t, ""))
	for _, name := range []string{"filesystem.proc none", "filesystem.dev none", "network.mode none"} {
		if closed[name] != [2]compiler.Strength{exact, exact} {
			t.Errorf("%s: %v", name, closed[name])
		}
	}
}

// TestExistence: only what is carved out of something visible has a name that stays.
func TestExistence(t *testing.T) {
	got := map[string]string{}
	for _, row := range compile(t, parse(t, `[filesystem]
read = ["/data", "/sys/fs/cgroup"]
hide = ["/data/a", "/data/a/b", "/opt", "/opt/x", "/sys/fs/cgroup/a"]
proc = "self"
`)).Coverage {
		if row.Existence != "" {
			got[row.Clause+" "+row.Subject] = row.Existence
		}
	}
	if len(got) != 2 || got["filesystem.hide /data/a"] != "the name stays visible" || got["filesystem.proc self"] != "names in /proc stay visible" {
		t.Errorf("%v", got)
	}
}

// TestRlimitStrengths: every limit that the language has, by name.
func TestRlimitStrengths(t *testing.T) {
	values := map[string]string{"cpu": `"1h"`, "nice": "1", "rtprio": "1"}
	strengths := map[string]compiler.Strength{
		"as": compiler.Exact, "cpu": compiler.Exact, "fsize": compiler.Exact, "nofile": compiler.Exact, "nproc": compiler.Exact, "stack": compiler.Exact,
		"core": compiler.Stronger, "rtprio": compiler.Stronger, "rttime": compiler.Stronger, "memlock": compiler.Stronger,
		"nice": compiler.Weaker, "data": compiler.Weaker, "sigpending": compiler.Weaker, "msgqueue": compiler.Weaker,
		"locks": compiler.None, "rss": compiler.None,
	}
	stored := map[string]bool{"nice": true, "rttime": true, "sigpending": true, "msgqueue": true, "locks": true}
	for _, clause := range policy.ClauseNames() {
		name, limit := strings.CutPrefix(clause, policy.ClauseRlimits+".")
		if !limit {
			continue
		}
		value := values[name]
		if value == "" {
			value = "1000000"
		}
		p := parse(t, "syscalls.base = 'unrestricted'\n[rlimits]\n"+name+" = "+value+"\n")
		for _, row := range compile(t, p).Coverage {
			if row.Clause == clause && (row.Launched.Strength != strengths[name] || row.Standalone != row.Launched || row.At != p.Rlimits[0].At) {
				t.Errorf("%+v, want %s", row, strengths[name])
			}
		}
		if gvisor.Stored(name) != stored[name] || gvisor.RlimitType(name) != "RLIMIT_"+strings.ToUpper(name) {
			t.Errorf("%s is %s, stored: %v", name, gvisor.RlimitType(name), gvisor.Stored(name))
		}
		delete(strengths, name)
	}
	if len(strengths) > 0 {
		t.Errorf("no such limits: %v", strengths)
	}
	if gvisor.Stored("") || gvisor.Stored("NICE") {
		t.Error("what is no limit is stored")
	}
}
