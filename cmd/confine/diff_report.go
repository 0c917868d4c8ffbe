package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"confine/policy"
)

// diffReport is how two policies differ.
type diffReport struct {
	Old       comparedPolicy `json:"old"`
	New       comparedPolicy `json:"new"`
	Loosened  int            `json:"loosened"`
	Tightened int            `json:"tightened"`
	// Undecided is how many of the loosened are so because nothing shows the opposite.
	Undecided int       `json:"undecided"`
	Changes   []diffRow `json:"changes"`
}

type comparedPolicy struct {
	Policy string `json:"policy"`
	File   string `json:"file"`
	Digest string `json:"digest"`
}

// The verdicts of rows.
const (
	verdictLoosened  = "loosened"
	verdictTightened = "tightened"
	// A backend that compiled the old policy refuses the new one, or the reverse: neither
	// allows anything.
	verdictRefuses  = "refuses"
	verdictCompiles = "compiles"
	// verdictUnknown is a backend that cannot be asked.
	verdictUnknown = "unknown"
)

// diffRow is one difference.
type diffRow struct {
	Verdict string `json:"verdict"`
	// Kinds are the kinds of accesses that it is about, or a word for what has none.
	Kinds    []string         `json:"kinds"`
	Backend  string           `json:"backend,omitempty"`
	Clause   string           `json:"clause,omitempty"`
	Subject  string           `json:"subject"`
	Calls    []diffCall       `json:"calls,omitempty"`
	Was      string           `json:"was"`
	Now      string           `json:"now"`
	WasAt    *policy.Position `json:"was_at,omitempty"`
	NowAt    *policy.Position `json:"now_at,omitempty"`
	Examples []string         `json:"examples,omitempty"`
	// Undecided says that it counts as loosened because nothing shows that it is not.
	Undecided bool `json:"undecided"`

	// brief is Was in fewer words, for people, or empty.
	brief string
}

// diffCall is one of several system calls that a row is about.
type diffCall struct {
	Name  string           `json:"name"`
	WasAt *policy.Position `json:"was_at,omitempty"`
	NowAt *policy.Position `json:"now_at,omitempty"`
}

// diffOf compares two policies and how the backends enforce them.
func diffOf(oldPolicy, newPolicy comparedWith) diffReport {
	older, newer := oldPolicy.Policy, newPolicy.Policy
	hide := valuesHidden(older, newer)
	r := diffReport{Old: comparedOf(older), New: comparedOf(newer), Changes: []diffRow{}}
	for _, change := range policy.Compare(older, newer) {
		row := rowOf(change)
		row.brief = briefly(older, change)
		if pattern := patternOf(older, newer, change); pattern != "" {
			row.Subject = pattern
		}
		r.Changes = append(r.Changes, row.hiding(hide))
	}
	r.Changes = joinCalls(joinSubjects(r.Changes))
	r.Changes = append(r.Changes, compareCoverage(oldPolicy, newPolicy)...)
	order := []string{verdictLoosened, verdictTightened, verdictRefuses, verdictCompiles, verdictUnknown}
	slices.SortStableFunc(r.Changes, func(a, b diffRow) int {
		return cmp.Compare(slices.Index(order, a.Verdict), slices.Index(order, b.Verdict))
	})
	for _, row := range r.Changes {
		switch row.Verdict {
		case verdictLoosened:
			r.Loosened++
		case verdictTightened:
			r.Tightened++
		}
		if row.Undecided {
			r.Undecided++
		}
	}
	return r
}

func comparedOf(p *policy.Policy) comparedPolicy { return comparedPolicy{p.Name, p.File, p.Digest} }

// verdict is the last line of the answer.
func (r diffReport) verdict() string {
	if r.Loosened+r.Tightened == 0 {
		return "no difference in what is allowed"
	}
	undecided := ""
	if r.Undecided > 0 {
		undecided = fmt.Sprintf(" (%d not decided)", r.Undecided)
	}
	return fmt.Sprintf("%d loosened%s, %d tightened", r.Loosened, undecided, r.Tightened)
}

func rowOf(c policy.Change) diffRow {
	row := diffRow{
		Verdict: verdictTightened, Kinds: []string{kindOfChange(c)}, Clause: c.Clause, Subject: c.Subject,
		Was: c.Was, Now: c.Now, WasAt: stated(c.WasAt), NowAt: stated(c.NowAt), Undecided: c.Undecided,
	}
	if c.Loosened {
		row.Verdict = verdictLoosened
	}
	if c.Example.Kind != "" {
		row.Examples = []string{c.Example.String()}
	}
	if len(c.Calls) > 1 {
		for _, name := range c.Calls {
			row.Calls = append(row.Calls, diffCall{name, row.WasAt, row.NowAt})
		}
	}
	return row
}

// hiding puts the names of parameters in place of their values, in the tables where they
// can stand.
func (row diffRow) hiding(hide func(string) string) diffRow {
	switch tableOf(row.Clause) {
	case "network", "filesystem", "process":
		row.Subject, row.Was, row.Now, row.brief = hide(row.Subject), hide(row.Was), hide(row.Now), hide(row.brief)
		for i, example := range row.Examples {
			row.Examples[i] = hide(example)
		}
	}
	return row
}

// briefly says what the older policy has for the access that shows a change; it is empty
// where the change itself says it as well.
func briefly(older *policy.Policy, c policy.Change) string {
	if c.Example.Kind == "" {
		return ""
	}
	clause := older.Decide(c.Example).Clause
	switch {
	case clause == policy.ClauseEnvironment:
		return "removed"
	case clause == policy.ClauseFilesystem:
		return "hidden"
	case tableOf(clause) != "filesystem":
		return ""
	}
	entry, ok := older.Filesystem.Entry(older.Filesystem.ResolveLinks(c.Example.Target))
	switch {
	case !ok || policy.FilesystemClause(entry.Mode) != clause:
		return ""
	case entry.Path == c.Subject:
		return string(entry.Mode)
	}
	return string(entry.Mode) + " " + entry.Path
}

// patternOf gives the entry of environment.pass that makes a variable newly seen, or no
// longer: two variables may show one entry.
func patternOf(older, newer *policy.Policy, c policy.Change) string {
	p, at := newer, c.NowAt
	if !c.Loosened {
		p, at = older, c.WasAt
	}
	for _, e := range p.Environment.Pass {
		if c.Example.Kind == policy.AccessEnv && e.At == at {
			return e.Pattern
		}
	}
	return ""
}

func tableOf(clause string) string {
	table, _, _ := strings.Cut(clause, ".")
	return table
}

// kindOfChange is the kind of the access that shows a change, or a word for its table.
func kindOfChange(c policy.Change) string {
	if strings.HasPrefix(c.Subject, "accept ") && c.Example.Kind == "" {
		return "accept"
	}
	if strings.HasSuffix(c.Clause, ".sealed") {
		return "sealed"
	}
	if c.Example.Kind != "" && c.Clause != policy.ClauseNetworkMode {
		return string(c.Example.Kind)
	}
	word, ok := map[string]string{
		"filesystem": "files", "rlimits": "rlimit", "capabilities": "capability", "syscalls": "syscall",
		"environment": "env", "params": "parameter",
	}[tableOf(c.Clause)]
	if !ok {
		return tableOf(c.Clause)
	}
	return word
}

// valuesHidden gives what puts the name of a parameter in place of its value, which may
// come from a connector's configuration.
func valuesHidden(policies ...*policy.Policy) func(string) string {
	var bound []policy.Parameter
	for _, p := range policies {
		for _, param := range p.Params {
			if param.Bound && param.Value != "" {
				bound = append(bound, param)
			}
		}
	}
	// A value may be a part of another: the longest goes first.
	slices.SortStableFunc(bound, func(a, b policy.Parameter) int { return cmp.Compare(len(b.Value), len(a.Value)) })
	var pairs []string
	for _, param := range bound {
		pairs = append(pairs, param.Value, "${"+param.Name+"}")
	}
	return strings.NewReplacer(pairs...).Replace
}

// joinSubjects makes one row of those that say the same of one path or entry: that it can be
// read and executed, say.
func joinSubjects(rows []diffRow) []diffRow {
	type key struct {
		verdict, clause, subject, was, now string
		wasAt, nowAt                       policy.Position
		undecided                          bool
	}
	first := map[key]int{}
	var joined []diffRow
	for _, row := range rows {
		k := key{row.Verdict, row.Clause, row.Subject, row.Was, row.Now, placeOf(row.WasAt), placeOf(row.NowAt), row.Undecided}
		if row.brief != "" {
			// That an entry does not allow this and that is said in two ways.
			k.was, k.now = row.brief, ""
		}
		i, seen := first[k]
		if table := tableOf(row.Clause); !seen || table != "filesystem" && table != "environment" {
			first[k] = len(joined)
			joined = append(joined, row)
			continue
		}
		if !slices.Contains(joined[i].Kinds, row.Kinds[0]) {
			joined[i].Kinds = append(joined[i].Kinds, row.Kinds...)
		}
		joined[i].Examples = append(joined[i].Examples, row.Examples...)
	}
	return joined
}

func placeOf(at *policy.Position) policy.Position {
	if at == nil {
		return policy.Position{}
	}
	return *at
}

// manyCalls is how many system calls of which the same is to be said are one row.
const manyCalls = 4

// joinCalls makes one row of system calls of which the same is said, if they are many:
// those of a long allow, say.
func joinCalls(rows []diffRow) []diffRow {
	type key struct{ verdict, clause, was, now string }
	alike := map[key][]diffRow{}
	keyOf := func(row diffRow) (key, bool) {
		whole := len(row.Examples) == 1 && row.Examples[0] == "syscall "+row.Subject
		return key{row.Verdict, row.Clause, row.Was, row.Now}, whole && tableOf(row.Clause) == "syscalls"
	}
	for _, row := range rows {
		if k, ok := keyOf(row); ok {
			alike[k] = append(alike[k], row)
		}
	}
	var joined []diffRow
	for _, row := range rows {
		k, ok := keyOf(row)
		same := alike[k]
		switch {
		case !ok || len(same) < manyCalls:
			joined = append(joined, row)
		case same[0].Subject == row.Subject:
			for _, one := range same {
				row.Calls = append(row.Calls, diffCall{one.Subject, one.WasAt, one.NowAt})
			}
			row.Subject = fmt.Sprintf("%s and %d more", row.Subject, len(same)-1)
			joined = append(joined, row)
		}
	}
	return joined
}
