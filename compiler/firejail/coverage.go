package firejail

import (
	"confine/compiler"
	"confine/policy"
)

func exact(how string) compiler.Verdict { return compiler.Verdict{Strength: compiler.Exact, How: how} }
func stronger(how string) compiler.Verdict {
	return compiler.Verdict{Strength: compiler.Stronger, How: how}
}
func weaker(how string) compiler.Verdict {
	return compiler.Verdict{Strength: compiler.Weaker, How: how}
}
func none(how string) compiler.Verdict { return compiler.Verdict{Strength: compiler.None, How: how} }

// cover says for every clause of the policy how firejail and the stage enforce it.
func cover(p *policy.Policy) []compiler.Coverage {
	var rows []compiler.Coverage
	add := func(clause, subject string, at policy.Position, launched, standalone compiler.Verdict) {
		rows = append(rows, compiler.Coverage{
			Clause: clause, Subject: subject, At: at, Launched: launched, Standalone: standalone,
		})
	}
	rows = append(rows, compiler.Coverage{
		Clause: "filesystem", Subject: "what is named nowhere",
		Launched:   exact("hidden by mounts, and by Landlock"),
		Standalone: weaker("hidden by mounts; /run/firejail and what appears after the start stay open"),
		Existence:  "names in / and /usr stay visible",
	})
	for _, e := range p.Filesystem.Entries {
		launched, standalone, existence := coverPath(e)
		rows = append(rows, compiler.Coverage{
			Clause: "filesystem." + string(e.Mode), Subject: e.Path, At: e.At,
			Launched: launched, Standalone: standalone, Existence: existence,
		})
	}
	add("filesystem.proc", string(p.Filesystem.Proc), p.Filesystem.ProcAt,
		exact("own PID namespace, blacklist, Landlock"), coverProc(p.Filesystem.Proc))
	add("filesystem.dev", string(p.Filesystem.Dev), p.Filesystem.DevAt,
		exact("private-dev and Landlock"), coverDev(p.Filesystem.Dev))
	network := exact("own network namespace")
	if p.Network.Mode == policy.NetworkHost {
		network = exact("the host's network: every address is reachable")
	}
	add("network.mode", string(p.Network.Mode), p.Network.At, network, network)
	for _, r := range p.Rlimits {
		standalone := none("firejail has no directive for it")
		if inProfile(r) {
			standalone = exact("rlimit-" + r.Name)
		}
		add("rlimits."+r.Name, "", r.At, exact("the stage, right before execve"), standalone)
	}
	add("capabilities.keep", "none", policy.Position{}, exact("caps.drop all, NoNewPrivs"), exact("caps.drop all, NoNewPrivs"))
	add("syscalls.base", p.Syscalls.Base, p.Syscalls.At,
		exact("filter loaded by the stage"), weaker("firejail's own deny list"))
	add("environment", "", policy.Position{}, exact("composed by the runner"), none("firejail passes its caller's environment"))
	if p.Process.User != "" {
		add("process.user", p.Process.User, p.Process.UserAt,
			exact("the runner starts firejail as this user"), none("firejail runs as its caller"))
	}
	if p.Process.Directory != "" {
		add("process.directory", p.Process.Directory, p.Process.DirectoryAt, exact("the stage"), exact("private-cwd"))
	}
	if p.Process.WallTime != 0 {
		add("process.wall_time", p.Process.WallTime.String(), p.Process.WallTimeAt,
			exact("the runner's timer"), none("nobody counts"))
	}
	compiler.SortCoverage(rows)
	return rows
}

func coverPath(e policy.PathEntry) (launched, standalone compiler.Verdict, existence string) {
	switch e.Mode {
	case policy.ModeRead:
		return exact("read-only noexec mount, Landlock"), exact("read-only noexec mount"), ""
	case policy.ModeMap:
		return exact("read-only mount, Landlock without execute"), weaker("read-only mount: its files can also be executed"), ""
	case policy.ModeExec:
		return exact("read-only mount, Landlock"), exact("read-only mount"), ""
	case policy.ModeWrite:
		return exact("noexec mount, Landlock"), exact("noexec mount"), ""
	case policy.ModeHide:
		return exact("blacklist"), exact("blacklist"), "the name stays visible"
	case policy.ModeAbsent:
		return exact("its directory is an empty tmpfs"), exact("its directory is an empty tmpfs"), ""
	}
	switch {
	case e.Path != "/tmp":
		return exact("tmpfs mounted by a root runner"), stronger("the path is hidden: nobody mounts the tmpfs"), ""
	case e.Size != 0:
		return exact("tmpfs mounted by a root runner"), weaker("private-tmp has no size"), ""
	}
	return exact("private-tmp, noexec"), exact("private-tmp, noexec"), ""
}

func coverProc(mode policy.ProcMode) compiler.Verdict {
	if mode == policy.ProcNone {
		return weaker("own PID namespace; its processes stay visible")
	}
	return exact("own PID namespace, blacklist")
}

func coverDev(mode policy.DevMode) compiler.Verdict {
	if mode == policy.DevNone {
		return weaker("private-dev: the minimal devices stay usable")
	}
	return exact("private-dev, blacklist")
}
