package policy

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
