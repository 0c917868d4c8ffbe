package firejail

import (
	"path"

	"confine/compiler"
	"confine/compiler/filter"
	"confine/policy"
)

var (
	exact    = compiler.Exact.By
	stronger = compiler.Stronger.By
	weaker   = compiler.Weaker.By
	none     = compiler.None.By
)

// cover says for every clause of the policy how firejail and the stage enforce it.
func cover(p *policy.Policy, target compiler.Target, release Release, f filter.Filter) []compiler.Coverage {
	rows := coverFilesystem(p.Filesystem, release)
	coverFilesOfGateway(p, target.Caller, rows)
	add := func(clause, subject string, at policy.Position, launched, standalone compiler.Verdict) {
		rows = append(rows, compiler.Coverage{
			Clause: clause, Subject: subject, At: at, Launched: launched, Standalone: standalone,
		})
	}
	rows = append(rows, compiler.CoverNetwork(p.Network, compiler.NetworkMechanism{
		Alone: "own network namespace", Linked: linked(target.Caller),
		Unlinked: "own network namespace, without a link",
	})...)
	for _, r := range p.Rlimits {
		standalone := none("firejail has no directive for it")
		if inProfile(r) {
			standalone = exact("rlimit-" + r.Name)
		}
		launched := exact("the stage, right before execve")
		if why := compiler.IgnoredByLinux(r.Name); why != "" {
			launched, standalone = none(why), none(why)
		}
		add(policy.RlimitClause(r.Name), "", r.At, launched, standalone)
	}
	add(policy.ClauseCapabilitiesKeep, "none", policy.Position{},
		exact("caps.drop all, NoNewPrivs"), exact("caps.drop all, NoNewPrivs"))
	launched, standalone := coverBase(p.Syscalls, f)
	add(policy.ClauseSyscallsBase, p.Syscalls.Base, p.Syscalls.At, launched, standalone)
	coverSyscalls(p.Syscalls, add)
	add(policy.ClauseEnvironment, "", policy.Position{},
		exact("composed by the runner"), none("firejail passes its caller's environment"))
	if pass := p.Environment.Pass; len(pass) > 0 {
		add(policy.ClauseEnvironmentPass, "", p.FirstStated(policy.ClauseEnvironmentPass),
			exact("composed by the runner"), exact("firejail passes its caller's environment"))
	}
	if set := p.Environment.Set; len(set) > 0 {
		add(policy.ClauseEnvironmentSet, "", p.FirstStated(policy.ClauseEnvironmentSet),
			exact("composed by the runner"), none("no value is written to an artifact"))
	}
	if p.Process.User != "" {
		add(policy.ClauseProcessUser, p.Process.User, p.Process.UserAt,
			exact("the runner starts firejail as this user"), none("firejail runs as its caller"))
	}
	if p.Process.Directory != "" {
		add(policy.ClauseProcessDirectory, p.Process.Directory, p.Process.DirectoryAt,
			exact("the stage"), exact("private-cwd"))
	}
	if p.Process.WallTime != 0 {
		add(policy.ClauseProcessWallTime, p.Process.WallTime.String(), p.Process.WallTimeAt,
			exact("the runner's timer"), none("nobody counts"))
	}
	if p.Process.Memory != 0 {
		add(policy.ClauseProcessMemory, "", p.Process.MemoryAt,
			stronger("a cgroup of the runner's, or of the caller's; what firejail needs counts too"), none("firejail makes no cgroup"))
	}
	if p.Process.Pids != 0 {
		add(policy.ClauseProcessPids, "", p.Process.PidsAt,
			stronger("a cgroup of the runner's, or of the caller's; firejail's processes count too"), none("firejail makes no cgroup"))
	}
	coverGuard(p, target.Caller, rows)
	compiler.SortCoverage(rows)
	return rows
}

func coverFilesystem(fs policy.Filesystem, release Release) []compiler.Coverage {
	rows := []compiler.Coverage{{
		Clause: policy.ClauseFilesystem, Subject: "what is named nowhere",
		Launched: exact("hidden by mounts, and by Landlock"),
		Standalone: weaker("hidden by mounts; /run/firejail, emptied directories that are the user's own, " +
			"a home directory outside /home, and what appears in / after the start stay open"),
		Existence: "names in / and /usr stay visible",
	}}
	for _, e := range fs.Entries {
		launched, standalone := coverPath(fs, e, release)
		row := compiler.Coverage{
			Clause: policy.FilesystemClause(e.Mode), Subject: e.Path, At: e.At,
			Launched: launched, Standalone: standalone,
		}
		if e.Mode == policy.ModeHide {
			row.Existence = "the name stays visible"
		}
		rows = append(rows, row)
	}
	for _, link := range fs.Links {
		launched, standalone := coverLink(fs, link)
		rows = append(rows, compiler.Coverage{
			Clause: policy.ClauseFilesystemLinks, Subject: link.From, At: link.At,
			Launched: launched, Standalone: standalone,
		})
	}
	dev := compiler.Coverage{
		Clause: policy.ClauseFilesystemDev, Subject: string(fs.Dev), At: fs.DevAt,
		Launched: exact("private-dev and Landlock"),
		Standalone: weaker("private-dev, blacklist; /dev can be listed, and /dev/shm is the host's " +
			"where that holds a name that starts with jack"),
	}
	if fs.Dev == policy.DevNone {
		dev.Standalone = weaker("private-dev: the minimal devices stay usable")
	}
	return append(rows, coverProc(fs, release), dev)
}

// coverProc judges /proc, of which firejail's own process is a part: it is PID 1.
func coverProc(fs policy.Filesystem, release Release) compiler.Coverage {
	row := compiler.Coverage{
		Clause: policy.ClauseFilesystemProc, Subject: string(fs.Proc), At: fs.ProcAt,
		Launched:  exact("own PID namespace, blacklist, Landlock"),
		Existence: "names in /proc stay visible",
	}
	how := "own PID namespace, blacklist; the program can also write to its own files there"
	if fs.Proc == policy.ProcNone {
		how = "own PID namespace; its processes stay visible"
	}
	switch {
	case release.ShowsInit:
		how += ", and in /proc/1 the command line with the program's arguments"
	case fs.Proc == policy.ProcSelf:
		row.Launched = stronger("own PID namespace, blacklist, Landlock; firejail closes /proc/1")
	}
	row.Standalone = weaker(how)
	return row
}

// coverPath judges one entry. A host that has not got what the policy requires is
// the runner's to refuse; a profile by itself can only take what it finds.
func coverPath(fs policy.Filesystem, e policy.PathEntry, release Release) (launched, standalone compiler.Verdict) {
	_, nested := policy.Covering(fs.Entries, e.Path)
	switch e.Mode {
	case policy.ModeHide:
		if nested {
			return exact("blacklist of what is there at the start"),
				weaker("blacklist of what is there at the start; what appears later stays open")
		}
		if release.LenientBlacklist {
			return exact("blacklist"), weaker("blacklist; firejail goes on where it cannot mount over the path")
		}
		return exact("blacklist"), exact("blacklist")
	case policy.ModeAbsent:
		return exact("its directory is an empty tmpfs"), exact("its directory is an empty tmpfs")
	case policy.ModeTmp:
		return coverTmp(e)
	}
	how := map[policy.PathMode]string{
		policy.ModeRead:  "read-only noexec mount",
		policy.ModeMap:   "read-only mount",
		policy.ModeExec:  "read-only mount",
		policy.ModeWrite: "noexec mount",
	}[e.Mode]
	verdict := exact
	launched = exact(how + ", Landlock")
	if within(e.Path, "/sys") {
		verdict, how = stronger, "a sysfs of firejail's own, without what the host mounted in it"
		launched = stronger(how + ", Landlock")
	} else if does := builtinsBelow(e.Path, release); does != "" {
		verdict, how = stronger, how+"; firejail "+does
		launched = stronger(how + ", Landlock")
	}
	switch {
	case e.Mode == policy.ModeMap:
		standalone = weaker(how + "; its files can also be executed")
	case e.Optional && e.Path == unit(e.Path):
		standalone = weaker(how + "; unrestricted if it appears after the start")
	case e.Mode == policy.ModeWrite && insideReadOnly(fs.Entries, e):
		standalone = stronger(how + "; read-only unless it is the user's own")
	default:
		standalone = verdict(how)
	}
	return launched, standalone
}

func coverTmp(e policy.PathEntry) (launched, standalone compiler.Verdict) {
	switch {
	case !ownTmp(e.Path):
		return exact("tmpfs mounted by a root runner"), stronger("the path is hidden: nobody mounts the tmpfs")
	case e.Size != 0:
		return exact("tmpfs mounted by a root runner"), weaker("a tmpfs without a size")
	}
	return exact("a tmpfs of firejail's own, noexec"), exact("a tmpfs of firejail's own, noexec")
}

// coverLink judges an alias: in a directory that is closed or emptied it is gone.
func coverLink(fs policy.Filesystem, link policy.Link) (launched, standalone compiler.Verdict) {
	parent, nested := policy.Covering(fs.Entries, link.From)
	if !globbed(link.From) && (!nested || !parent.Mode.Visible()) {
		return stronger("the alias is hidden with " + path.Dir(link.From)),
			stronger("the alias is hidden with " + path.Dir(link.From))
	}
	return exact("the runner compares it with the host"),
		weaker("nobody compares it with the host: a directory in its place stays open")
}
