package policy

// filesystem asks both policies about paths that tell them apart.
func (c *comparison) filesystem() {
	a, b := &c.older.Filesystem, &c.newer.Filesystem
	seen := map[fileChange]bool{}
	paths, ok := telling(a, b)
	if !ok {
		c.undecided(ClauseFilesystem, "links", "comparable", "too many links and paths to compare", Position{}, Position{})
	}
	for _, p := range paths {
		c.point(p, seen)
	}
	c.closedEntries(a, b)
	c.unboundEntries(a, b)
}

// fileChange is one change of an answer: many paths show the same.
type fileChange struct {
	was, now Position
	wasMode  PathMode
	nowMode  PathMode
	loosened bool
	kind     AccessKind
}

func (c *comparison) point(name string, seen map[fileChange]bool) {
	for _, kind := range []AccessKind{AccessRead, AccessMap, AccessExec, AccessWrite} {
		access := Access{Kind: kind, Target: name}
		was, now := c.older.Decide(access), c.newer.Decide(access)
		wasMode, wasEntry := c.older.modeOf(name)
		nowMode, nowEntry := c.newer.modeOf(name)
		// In tmp the program meets its own files only: outside of it the host's.
		hosts := was.Allowed && now.Allowed && (wasMode == ModeTmp) != (nowMode == ModeTmp)
		larger := kind == AccessWrite && wasMode == ModeTmp && nowMode == ModeTmp && wasEntry.Size != nowEntry.Size
		if was.Allowed == now.Allowed && !hosts && !larger {
			continue
		}
		change := Change{
			Clause: now.Clause, Subject: name, Loosened: now.Allowed, Was: was.Because, Now: now.Because,
			WasAt: was.At, NowAt: now.At, Example: access,
		}
		switch {
		case larger:
			change.Loosened = wasEntry.Size != 0 && (nowEntry.Size == 0 || nowEntry.Size > wasEntry.Size)
			change.Was, change.Now, change.Example = tmpSize(wasEntry), tmpSize(nowEntry), Access{}
		case hosts:
			change.Loosened, change.Example = wasMode == ModeTmp, Access{}
		case !now.Allowed:
			change.Clause = was.Clause
		}
		key := fileChange{was.At, now.At, wasMode, nowMode, change.Loosened, kind}
		if !seen[key] {
			seen[key] = true
			c.add(change)
		}
	}
}

func tmpSize(e PathEntry) string {
	if e.Size == 0 {
		return "tmp without a size"
	}
	return "tmp of " + SizeText(e.Size)
}

// modeOf gives the entry that decides a path, links followed.
func (p *Policy) modeOf(name string) (PathMode, PathEntry) {
	e, _ := p.Filesystem.Entry(p.Filesystem.ResolveLinks(name))
	return e.Mode, e
}

// closedEntries: a hide or absent that is gone was there for a reason, also where
// nothing shows the path today; and what is hidden exists, what is absent does not. One that
// may be missing no longer stops a launch at which nothing is there to be closed.
func (c *comparison) closedEntries(a, b *Filesystem) {
	for _, was := range a.Entries {
		if was.Mode != ModeHide && was.Mode != ModeAbsent {
			continue
		}
		now, ok := b.Entry(b.ResolveLinks(was.Path))
		if ok && (now.Mode == ModeAbsent || now.Mode == was.Mode) {
			c.optional(was, now)
			continue
		}
		shown, at := nothing, Position{}
		if ok {
			shown, at = string(now.Mode)+" "+now.Path, now.At
		}
		c.undecided(FilesystemClause(was.Mode), was.Path, string(was.Mode)+" "+was.Path, shown, was.At, at)
	}
}

// optional compares whether what two entries close may be missing at launch.
func (c *comparison) optional(was, now PathEntry) {
	if was.Optional == now.Optional || !now.Optional && now.Path != was.Path {
		return
	}
	says := func(e PathEntry) string {
		if e.Optional {
			return "may be missing"
		}
		return "a launch without it is refused"
	}
	c.add(Change{
		Clause: FilesystemClause(now.Mode), Subject: was.Path, Loosened: now.Optional,
		Was: says(was), Now: says(now), WasAt: was.At, NowAt: now.At,
	})
}

// unboundEntries: an entry whose parameter has no value may turn out to be any path.
func (c *comparison) unboundEntries(a, b *Filesystem) {
	had := map[string]PathMode{}
	for _, e := range a.Entries {
		had[e.Path] = e.Mode
	}
	for _, e := range b.Entries {
		if hasParameter(e.Path) && had[e.Path] != e.Mode {
			c.undecided(FilesystemClause(e.Mode), e.Path, nothing, "a parameter without a value", Position{}, e.At)
		}
	}
}
