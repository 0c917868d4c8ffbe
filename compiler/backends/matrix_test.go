package backends_test

import (
	"flag"
	"fmt"
	"os"
	"sort"
	"strings"
	"testing"
	"time"

	"confine/compiler"
	"confine/compiler/backends"
	"confine/policy"
)

var update = flag.Bool("update", false, "rewrite docs/backends.md")

const matrixPage = "../../docs/backends.md"

// Policies that state every clause between them; what a backend refuses stands alone.
var everyClause = []string{
	`[network]
mode = "none"
`,
	`[filesystem]
read   = ["/etc/ssl"]
exec   = ["/usr/bin/python3.11"]
map    = ["/usr/lib"]
write  = ["/srv/acme"]
tmp    = ["/tmp"]
hide   = ["/etc/ssl/private"]
absent = ["/run/secrets"]
links  = { "/lib" = "/usr/lib" }
proc   = "self"
dev    = "minimal"
`,
	`[network]
mode            = "egress"
egress          = ["api.acme.com:443"]
private         = ["10.20.30.0/24"]
fronting        = "deny"
max_bytes       = "1GiB"
max_connections = 64
[filesystem]
read = ["/etc/resolv.conf?"]
`,
	`[network]
mode = "host"
`,
	`[rlimits]
RLIMITS
`,
	`[syscalls]
base    = "connector"
allow   = ["flock"]
deny    = ["getppid"]
on_deny = "errno"
[[syscalls.rule]]
syscall = "socket"
when    = ["arg0 in [AF_INET, AF_UNIX]"]
`,
	`[syscalls]
base    = "default"
on_deny = "kill"
`,
	`[environment]
pass = ["LANG"]
set  = { PATH = "/usr/bin" }
[process]
user      = "acme"
directory = "/srv/acme"
wall_time = "72h"
memory    = "2GiB"
pids      = 256
[filesystem]
write = ["/srv/acme"]
`,
}

// rlimitLines states every limit of setrlimit(2).
func rlimitLines() string {
	var lines []string
	for _, clause := range policy.ClauseNames() {
		if name, ok := strings.CutPrefix(clause, policy.ClauseRlimits+"."); ok {
			lines = append(lines, name+" = 16")
		}
	}
	return strings.Join(lines, "\n")
}

// ofAll comes between a clause and what is said of more than one entry. A backend may have no
// such row: the rows of the entries say it there.
const ofAll = ", of "

// matrixRow is how one clause is enforced by one backend; value is what it was asked of.
type matrixRow struct {
	launched, standalone compiler.Verdict
}

// matrix asks the compilers about every clause, without judging exceptions.
func matrix(t *testing.T, columns []column) map[string]map[string]matrixRow {
	t.Helper()
	rows := map[string]map[string]matrixRow{}
	for i, text := range everyClause {
		text = strings.ReplaceAll(text, "RLIMITS", rlimitLines())
		head := fmt.Sprintf("schema = 1\nname = \"p%d\"\n", i)
		for _, c := range columns {
			p, err := policy.Parse("p.toml", []byte(head+text+accepts(string(c.target.Backend))))
			if err != nil {
				t.Fatal(err)
			}
			bundle, err := backends.Compile(p, c.target, time.Time{})
			if err != nil {
				t.Fatalf("%s: %v\n%s", c.name, err, text)
			}
			for _, row := range bundle.Coverage {
				key := row.Clause
				switch {
				case key == policy.ClauseSyscallsOnDeny || key == policy.ClauseNetworkMode:
					key += " = " + row.Subject
				case key == policy.ClauseFilesystemMap && !strings.HasPrefix(row.Subject, "/"):
					key += ofAll + row.Subject
				}
				if rows[key] == nil {
					rows[key] = map[string]matrixRow{}
				}
				if _, known := rows[key][c.name]; !known {
					rows[key][c.name] = matrixRow{row.Launched, row.Standalone}
				}
			}
		}
	}
	return rows
}

// column is what the page shows of one way to launch.
type column struct {
	name   string
	target compiler.Target
	// base is the column of which this one shows what differs, or is empty.
	base string
}

// standsAlone reports whether a tool other than confine reads what is compiled.
func (c column) standsAlone() bool { return c.target.Backend != compiler.Native }

// everyColumn is each backend with its first version, and native again for where the launch
// makes namespaces of its own.
func everyColumn(t *testing.T) []column {
	t.Helper()
	var columns []column
	for _, name := range backends.Names() {
		version, err := backends.DefaultVersion(compiler.Backend(name))
		if err != nil {
			t.Fatal(err)
		}
		target := compiler.Target{Backend: compiler.Backend(name), Version: version, Arch: "x86_64"}
		shared := column{name: name + " " + version.String(), target: target}
		columns = append(columns, shared)
		if target.Backend == compiler.Native {
			target.Namespaces = true
			columns = append(columns, column{shared.name + " in own namespaces", target, shared.name})
		}
	}
	return columns
}

// accepts signs for everything, so that what is weaker is shown and not refused.
func accepts(backend string) string {
	var b strings.Builder
	for _, clause := range policy.ClauseNames() {
		fmt.Fprintf(&b, "[[accept]]\nbackend = %q\nclause = %q\nreason = \"to be shown\"\nuntil = 2099-01-01\n", backend, clause)
	}
	return b.String()
}

// The page of coverage is what the compilers say: go test ./compiler/backends -update writes it.
func TestMatrixPage(t *testing.T) {
	columns := everyColumn(t)
	rows := matrix(t, columns)
	var b strings.Builder
	b.WriteString(`<!-- written by go test ./compiler/backends -update -->

# What each backend enforces

For every clause of the language, as the compilers say it. ` + "`exact`" + ` is what the policy says, ` + "`stronger`" + ` denies more, ` + "`weaker`" + `
less, ` + "`none`" + ` nothing. **Launched** is with ` + "`confine run`" + `, which proves it at every launch: there weaker and none are refused, unless
an ` + "`[[accept]]`" + ` signs for them. **Alone** is when the backend's own tool uses the compiled artifacts without confine: nothing is proven then.
What a policy says can change a verdict: ` + "`confine explain POLICY ACCESS`" + ` and ` + "`coverage.json`" + ` have those of one policy.

native, the kernel alone, has two columns, and none for a tool, since there is none but confine. ` + "`confine run`" + ` makes namespaces of the
launch's own where the kernel lets its caller, as on most machines; it cannot in a container with an engine's default settings, and
` + "`--no-namespaces`" + ` leaves them out. ` + "`confine doctor`" + `, the line of ` + "`confine run`" + ` and the receipt say which it is.

`)
	head, rule := "| clause |", "\n| --- |"
	for _, c := range columns {
		head, rule = head+" "+c.name+", launched |", rule+" --- |"
		if c.standsAlone() {
			head, rule = head+" alone |", rule+" --- |"
		}
	}
	b.WriteString(head + rule + "\n")
	keys := make([]string, 0, len(rows))
	for key := range rows {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		clause, what, general := strings.Cut(key, ofAll)
		fmt.Fprintf(&b, "| `%s`", clause)
		if general {
			b.WriteString(ofAll + what)
		}
		b.WriteString(" |")
		for _, c := range columns {
			row, ok := rows[key][c.name]
			if !ok && !general {
				t.Errorf("%s says nothing of %s", c.name, key)
			}
			launched := cell(row.launched)
			switch {
			case !ok:
				launched = "the rows of its entries say it"
			case c.base != "" && row.launched == rows[key][c.base].launched:
				launched = "the same"
			}
			fmt.Fprintf(&b, " %s |", launched)
			if c.standsAlone() && ok {
				fmt.Fprintf(&b, " %s |", cell(row.standalone))
			} else if c.standsAlone() {
				b.WriteString(" |")
			}
		}
		b.WriteString("\n")
	}
	for _, clause := range policy.ClauseNames() {
		if !hasClause(keys, clause) {
			t.Errorf("the page lacks %s", clause)
		}
	}
	if *update {
		if err := os.WriteFile(matrixPage, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got, err := os.ReadFile(matrixPage); err != nil || string(got) != b.String() {
		t.Errorf("%s is not what the compilers say (%v): go test ./compiler/backends -update", matrixPage, err)
	}
}

// cell is a verdict in a table.
func cell(v compiler.Verdict) string {
	return strings.ReplaceAll(fmt.Sprintf("**%s** %s", v.Strength, v.How), "|", `\|`)
}

// withoutRow are the clauses that name what holds where nothing is said: there is
// nothing to enforce of them, or their table's first row says it.
var withoutRow = map[string]bool{policy.ClauseRlimits: true, policy.ClauseSyscalls: true}

func hasClause(keys []string, clause string) bool {
	if withoutRow[clause] {
		return true
	}
	for _, key := range keys {
		if key == clause || strings.HasPrefix(key, clause+" = ") {
			return true
		}
	}
	return false
}
