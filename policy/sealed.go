package policy

// sealable are the tables that can be sealed.
var sealable = []string{
	tableNetwork, tableFilesystem, tableRlimits, tableCapabilities, tableSyscalls, tableEnvironment, tableProcess,
}

// seal is a table that one of the files of a policy has sealed.
type seal struct {
	// by is the name of the policy that says so, and own that it is the one that was asked for.
	by  string
	own bool
	at  Position
}

// sealsOf gives who has sealed which table, the bases first.
func sealsOf(chain []*document) map[string][]seal {
	seals := map[string][]seal{}
	for i, d := range chain {
		for _, table := range sorted(d.layer.seals) {
			seals[table] = append(seals[table], seal{d.layer.Name, i == len(chain)-1, d.layer.seals[table]})
		}
	}
	return seals
}

// seals compares what those who extend the policies may loosen: a seal of the policy itself
// binds them to all of it, and one of a base to what that base says.
func (c *comparison) seals() {
	for _, table := range sealable {
		a, b := c.older.seals[table], c.newer.seals[table]
		lost, was := unsealed(a, b)
		gained, now := unsealed(b, a)
		switch {
		case lost:
			c.seal(table, true, was, b)
		case gained:
			c.seal(table, false, now, a)
		}
	}
}

// seal adds a change of one table: by has it, and the other policy only what rest says.
func (c *comparison) seal(table string, loosened bool, by seal, rest []seal) {
	other, at := "not sealed", Position{}
	if len(rest) > 0 {
		other, at = "sealed by "+rest[0].by, rest[0].at
	}
	change := Change{
		Clause: table + ".sealed", Subject: "[" + table + "]", Loosened: loosened,
		Was: "sealed by " + by.by, Now: other, WasAt: by.at, NowAt: at,
	}
	if !loosened {
		change.Was, change.Now, change.WasAt, change.NowAt = change.Now, change.Was, at, by.at
	}
	c.add(change)
}

// unsealed gives a seal that the others do not replace.
func unsealed(seals, others []seal) (missing bool, which seal) {
	for i := len(seals) - 1; i >= 0; i-- {
		held := false
		for _, other := range others {
			held = held || other.own || !seals[i].own && other.by == seals[i].by
		}
		if !held {
			return true, seals[i]
		}
	}
	return false, seal{}
}

// judgeSeals reports where a policy loosens a table that a base has sealed.
func judgeSeals(chain []*document, p *Policy, r *reports) {
	root := chain[len(chain)-1]
	for _, d := range chain {
		if d == root || len(d.layer.seals) == 0 {
			continue
		}
		// What the base means by itself: nothing is wrong in it, or it would show.
		base := flatten(d.closure(), &reports{places: r.places}, true)
		changes := Compare(base, p)
		for _, table := range sorted(d.layer.seals) {
			for _, change := range changes {
				if tableOf(change.Clause) == table && change.Loosened {
					root.loosened(change, d.layer.seals[table], table)
				}
			}
			if table == tableEnvironment {
				root.passChanged(base, p, d.layer.seals[table])
			}
		}
	}
}

// loosened reports one change of a sealed table where the file states it, or where
// it extends the base.
func (d *document) loosened(change Change, seal Position, table string) {
	at := d.seat(change)
	r := d.addAt(at, "%s loosens [%s], which a base has sealed", change.Clause, table).
		note("sealed at %s", seal).
		note("was  %s", placed(d.concealed(change.Was), change.WasAt)).
		note("now  %s", placed(d.concealed(change.Now), change.NowAt))
	switch {
	case change.Example.Kind != "" && !d.reveals(change.Example.Target):
		r.note("newly allowed: %s", clip(change.Example.String(), maxShown))
	case change.Clause == ClauseEnvironmentPass && change.Now == "removed":
		r.note("a program can do more without a variable: one may name a proxy or switch something off")
	case change.Undecided:
		r.note("nothing shows that this allows no more, and so it counts as loosening")
	}
	r.advise("take it out: whoever extends the base can only tighten [%s]", table)
}

// seat gives the token of this file that a change is shown at: what makes it, what
// took the entry out, or extends.
func (d *document) seat(change Change) Position {
	if p, ok := d.places[change.NowAt]; ok && p.src == d.src {
		return change.NowAt
	}
	for _, rm := range d.layer.removals {
		if rm.clause == change.Clause && (rm.entry == change.Subject || change.Subject == "") {
			return rm.at
		}
	}
	for _, rm := range d.layer.removals {
		if tableOf(rm.clause) == tableOf(change.Clause) {
			return rm.at
		}
	}
	m, _ := d.root.member("extends")
	return d.position(m.key)
}

// passChanged: which variables a program gets is sealed as a list, since taking one
// away can change what the program does.
func (d *document) passChanged(base, p *Policy, seal Position) {
	had := map[string]Position{}
	for _, e := range base.Environment.Pass {
		had[e.Pattern] = e.At
	}
	for _, e := range p.Environment.Pass {
		delete(had, e.Pattern)
	}
	for _, v := range p.Environment.Set {
		delete(had, v.Name) // Compare has reported it
	}
	for _, pattern := range sorted(had) {
		change := Change{
			Clause: ClauseEnvironmentPass, Subject: pattern, Undecided: true,
			Was: "passed", WasAt: had[pattern], Now: "removed",
		}
		d.loosened(change, seal, tableEnvironment)
	}
}

// maxShown is how many characters of a path or entry a note shows.
const maxShown = 200

// placed shows what a policy says and where.
func placed(what string, at Position) string {
	what = clip(what, maxShown)
	if at.IsZero() {
		return what
	}
	return what + "  " + at.String()
}
