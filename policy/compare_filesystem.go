package policy

import (
	"fmt"
	"path"
	"strings"
)

// filesystem asks both policies about every path at which an answer can change.
// Both decide by the longest entry, so all paths below one entry of either and below
// no longer one have the same answers: one of them stands for all, and the entry's
// own path for itself. Links make further names for the same places.
func (c *comparison) filesystem() {
	a, b := &c.older.Filesystem, &c.newer.Filesystem
	name := c.freshName()
	seen := map[fileChange]bool{}
	points, ok := c.points(name)
	if !ok {
		c.undecided(ClauseFilesystem, "links", "comparable", "too many links and paths to compare", Position{}, Position{})
	}
	for _, point := range points {
		c.point(point, seen)
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

// freshName gives a path component that nothing in either policy has.
func (c *comparison) freshName() string {
	name := "x"
	for taken := true; taken; {
		taken = false
		for _, p := range []*Policy{c.older, c.newer} {
			for _, e := range p.Filesystem.Entries {
				taken = taken || strings.Contains(e.Path+"/", "/"+name+"/")
			}
			for _, l := range p.Filesystem.Links {
				taken = taken || strings.Contains(l.From+"/"+l.To+"/", "/"+name+"/")
			}
		}
		if taken {
			name += "x"
		}
	}
	return name
}

// maxPoints bounds the paths that links add to a comparison: ten links and twenty
// thousand paths.
const maxPoints = 200_000

// points gives the paths to ask about, sorted; ok is false where links make more of
// them than can be asked about.
func (c *comparison) points(fresh string) (sortedPoints []string, ok bool) {
	points := map[string]bool{"/": true, "/" + fresh: true}
	add := func(p string) { points[p], points[path.Join(p, fresh)] = true, true }
	for _, p := range []*Policy{c.older, c.newer} {
		for _, e := range p.Filesystem.Entries {
			add(e.Path)
		}
		for _, l := range p.Filesystem.Links {
			add(l.From)
			add(l.To)
		}
	}
	if (len(c.older.Filesystem.Links)+len(c.newer.Filesystem.Links))*len(points) > maxPoints {
		return nil, false
	}
	aliases := map[string]bool{}
	for _, p := range []*Policy{c.older, c.newer} {
		for _, l := range p.Filesystem.Links {
			for point := range points {
				if below(point, l.To) {
					aliases[path.Join(l.From, strings.TrimPrefix(point, l.To))] = true
				}
			}
		}
	}
	for p := range aliases {
		points[p] = true
	}
	for _, dir := range []string{"/proc", "/proc/self", "/proc/1", "/proc/sys", "/dev", "/dev/shm", "/dev/fd"} {
		add(dir)
	}
	for _, device := range MinimalDevices() {
		add(device)
	}
	return sorted(points), true
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
			change.Loosened = wasMode == ModeTmp
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
	return fmt.Sprintf("tmp of %d bytes", e.Size)
}

// modeOf gives the entry that decides a path, links followed.
func (p *Policy) modeOf(name string) (PathMode, PathEntry) {
	e, _ := p.Filesystem.Entry(p.Filesystem.ResolveLinks(name))
	return e.Mode, e
}

// closedEntries: a hide or absent that is gone was there for a reason, also where
// nothing shows the path today; and what is hidden exists, what is absent does not.
func (c *comparison) closedEntries(a, b *Filesystem) {
	for _, was := range a.Entries {
		if was.Mode != ModeHide && was.Mode != ModeAbsent {
			continue
		}
		now, ok := b.Entry(b.ResolveLinks(was.Path))
		if ok && (now.Mode == ModeAbsent || now.Mode == was.Mode) {
			continue
		}
		shown, at := nothing, Position{}
		if ok {
			shown, at = string(now.Mode)+" "+now.Path, now.At
		}
		c.undecided(FilesystemClause(was.Mode), was.Path, string(was.Mode)+" "+was.Path, shown, was.At, at)
	}
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
