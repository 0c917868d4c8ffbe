package policy

import (
	"sort"
	"strconv"
)

// Change is one difference in what two policies allow.
type Change struct {
	// Clause is what the newer policy decides by, or the older where the newer says
	// nothing; its first part is the table.
	Clause string
	// Subject is what the change is about: a path, a host, a name.
	Subject string
	// Calls are the system calls that a change of the base list is about, sorted; it is
	// empty for other changes.
	Calls []string
	// Loosened says that something is newly allowed, or that it cannot be decided
	// whether it is; otherwise something is newly denied.
	Loosened bool
	// Undecided says that the loosening could not be shown by an access.
	Undecided bool
	// Was and Now are what the two policies say, for people.
	Was, Now     string
	WasAt, NowAt Position
	// Example is an access that only the looser policy allows. Its Kind is empty where
	// there is none to show.
	Example Access
}

// Compare gives what a policy allows or denies otherwise than an older one, sorted by
// clause and subject, with the loosenings first. It asks both what they decide, and
// compares no text: entries that are said otherwise and mean the same are no change.
// What it cannot decide is a loosening, and so is a hide, absent or deny that is
// gone, a new exception, another user, another on_deny and another value of a variable.
// Two promises are compared too that decide no access: that a table is sealed, and that
// what is hidden or absent has to be found at launch.
//
// If Compare gives no loosening, there is no access that only the newer policy allows.
// That is exact for files, hosts, limits, capabilities, and system calls with their
// arguments; of the latter so many conditions that it would take too long are not
// decided.
func Compare(older, newer *Policy) []Change {
	c := &comparison{older: older, newer: newer}
	c.network()
	c.filesystem()
	c.rlimits()
	c.capabilities()
	c.syscalls()
	c.environment()
	c.process()
	c.accept()
	c.parameters()
	c.seals()
	sort.SliceStable(c.changes, func(i, j int) bool {
		a, b := c.changes[i], c.changes[j]
		switch {
		case a.Loosened != b.Loosened:
			return a.Loosened
		case a.Clause != b.Clause:
			return a.Clause < b.Clause
		case a.Subject != b.Subject:
			return a.Subject < b.Subject
		}
		return a.Now < b.Now
	})
	return c.changes
}

type comparison struct {
	older, newer *Policy
	changes      []Change
}

func (c *comparison) add(change Change) { c.changes = append(c.changes, change) }

// undecided adds a change of which no access can show that it loosens nothing.
func (c *comparison) undecided(clause, subject, was, now string, wasAt, nowAt Position) {
	c.add(Change{
		Clause: clause, Subject: subject, Loosened: true, Undecided: true,
		Was: was, Now: now, WasAt: wasAt, NowAt: nowAt,
	})
}

// nothing is what a policy says that does not name something.
const nothing = "not named"

func (c *comparison) rlimits() {
	was, now := map[string]Rlimit{}, map[string]Rlimit{}
	for _, l := range c.older.Rlimits {
		was[l.Name] = l
	}
	for _, l := range c.newer.Rlimits {
		now[l.Name] = l
	}
	shown := func(l Rlimit, set bool) string {
		if !set {
			return "the caller's"
		}
		return rlimitText(l.Name, l.Value)
	}
	for _, name := range rlimitNames() {
		a, limited := was[name]
		b, still := now[name]
		if limited == still && a.Value == b.Value {
			continue
		}
		change := Change{
			Clause: RlimitClause(name), Subject: name, Loosened: limited && (!still || b.Value > a.Value),
			Was: shown(a, limited), Now: shown(b, still), WasAt: a.At, NowAt: b.At,
		}
		least := b.Value
		if change.Loosened {
			least = a.Value
		}
		change.Example = Access{Kind: AccessRlimit, Target: name, Value: least + 1}
		c.add(change)
	}
}

func (c *comparison) capabilities() {
	was, now := map[string]Position{}, map[string]Position{}
	for _, k := range c.older.Capabilities {
		was[k.Name] = k.At
	}
	for _, k := range c.newer.Capabilities {
		now[k.Name] = k.At
	}
	for _, name := range capabilityNames {
		wasAt, kept := was[name]
		nowAt, keeps := now[name]
		if kept == keeps {
			continue
		}
		change := Change{
			Clause: ClauseCapabilitiesKeep, Subject: name, Loosened: keeps, Was: "dropped", Now: "kept",
			WasAt: wasAt, NowAt: nowAt, Example: Access{Kind: AccessCapability, Target: name},
		}
		if kept {
			change.Was, change.Now = "kept", "dropped"
		}
		c.add(change)
	}
}

func (c *comparison) process() {
	a, b := c.older.Process, c.newer.Process
	if a.User != b.User {
		c.undecided(ClauseProcessUser, "user", orCaller(a.User), orCaller(b.User), a.UserAt, b.UserAt)
	}
	if a.Directory != b.Directory {
		c.undecided(ClauseProcessDirectory, "directory", orCaller(a.Directory), orCaller(b.Directory), a.DirectoryAt, b.DirectoryAt)
	}
	c.bound(ClauseProcessWallTime, "wall_time", uint64(a.WallTime), uint64(b.WallTime),
		DurationText(a.WallTime), DurationText(b.WallTime), a.WallTimeAt, b.WallTimeAt)
	c.bound(ClauseProcessMemory, "memory", a.Memory, b.Memory,
		SizeText(a.Memory), SizeText(b.Memory), a.MemoryAt, b.MemoryAt)
	c.bound(ClauseProcessPids, "pids", a.Pids, b.Pids,
		strconv.FormatUint(a.Pids, 10), strconv.FormatUint(b.Pids, 10), a.PidsAt, b.PidsAt)
}

func orCaller(value string) string {
	if value == "" {
		return "the caller's"
	}
	return value
}

// bound compares two upper bounds of which 0 is none.
func (c *comparison) bound(clause, subject string, a, b uint64, was, now string, wasAt, nowAt Position) {
	if a == b {
		return
	}
	if a == 0 {
		was = "no bound"
	}
	if b == 0 {
		now = "no bound"
	}
	c.add(Change{
		Clause: clause, Subject: subject, Loosened: a != 0 && (b == 0 || b > a),
		Was: was, Now: now, WasAt: wasAt, NowAt: nowAt,
	})
}

func (c *comparison) accept() {
	was := map[[2]string]Accept{}
	for _, a := range c.older.Accept {
		was[[2]string{a.Backend, a.Clause}] = a
	}
	for _, b := range c.newer.Accept {
		key := [2]string{b.Backend, b.Clause}
		a, had := was[key]
		delete(was, key)
		now := "accepted until " + b.Until.Format(dateLayout)
		switch {
		case !had:
			c.undecided(b.Clause, "accept "+b.Backend, "enforced in full", now, Position{}, b.At)
		case b.Until.After(a.Until):
			c.undecided(b.Clause, "accept "+b.Backend, "accepted until "+a.Until.Format(dateLayout), now, a.At, b.At)
		case b.Until.Before(a.Until):
			c.add(Change{
				Clause: b.Clause, Subject: "accept " + b.Backend, Was: "accepted until " + a.Until.Format(dateLayout),
				Now: now, WasAt: a.At, NowAt: b.At,
			})
		}
	}
	for _, a := range was {
		c.add(Change{
			Clause: a.Clause, Subject: "accept " + a.Backend, Was: "accepted until " + a.Until.Format(dateLayout),
			Now: "enforced in full", WasAt: a.At,
		})
	}
}
