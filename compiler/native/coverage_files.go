package native

import (
	"confine/compiler"
	"confine/policy"
)

// visible is what stat(2) and readlink(2) tell of what is hidden.
const visible = "names and metadata stay visible"

// unchanged is what the guard keeps from a program that may write.
const unchanged = "modes, owners, times and attributes stay as they are, and no local socket is made"

// unmounted begins what is better where a launch can make namespaces: that is the other way
// out of a refusal than an exception.
const unmounted = "without mounts of the launch's own, "

func coverFilesystem(p *policy.Policy, own bool) []compiler.Coverage {
	fs := p.Filesystem
	rows := []compiler.Coverage{{
		Clause: policy.ClauseFilesystem, Subject: "what is named nowhere",
		Launched: exact("Landlock: no rule leads there"), Existence: visible,
	}}
	var readable policy.Position // the first entry of which more than its mode says can be mapped
	for _, e := range fs.Entries {
		row := compiler.Coverage{
			Clause: policy.FilesystemClause(e.Mode), Subject: e.Path, At: e.At, Launched: coverPath(fs.Entries, e, own),
		}
		if e.Mode == policy.ModeHide {
			row.Existence = visible
		}
		if readable.IsZero() && e.Mode.Visible() && e.Mode != policy.ModeMap && e.Mode != policy.ModeExec {
			readable = e.At
		}
		rows = append(rows, row)
	}
	if !readable.IsZero() {
		rows = append(rows, compiler.Coverage{
			Clause: policy.ClauseFilesystemMap, Subject: "what may be read or written", At: readable,
			Launched: coverMap(own),
		})
	}
	for _, link := range fs.Links {
		rows = append(rows, compiler.Coverage{
			Clause: policy.ClauseFilesystemLinks, Subject: link.From, At: link.At,
			Launched: exact("the runner compares it with the host"),
		})
	}
	return append(rows, coverProc(p, own), coverDev(fs, own))
}

// coverMap judges that what may be read or written cannot be mapped to be executed.
func coverMap(own bool) compiler.Verdict {
	if own {
		return exact("mounted noexec, in a mount namespace of the launch's own")
	}
	return weaker(unmounted + "the loader can start these files as well: Landlock has no right for mmap(2) with PROT_EXEC")
}

func coverPath(entries []policy.PathEntry, e policy.PathEntry, own bool) compiler.Verdict {
	switch e.Mode {
	case policy.ModeHide:
		return exact("Landlock: no rule leads there")
	case policy.ModeAbsent:
		return exact("the runner refuses a host that has it; Landlock closes what appears later")
	case policy.ModeTmp:
		if own {
			how := "a tmpfs of the launch's own; " + unchanged
			if e.Size != 0 {
				how += "; it holds as many files as pages of memory"
			}
			return stronger(how)
		}
		const how = "a fresh directory in it, which TMPDIR names and which is removed in the end; the path itself is closed"
		if e.Size != 0 {
			return weaker(how + "; " + unmounted + "nothing limits the size of all files together")
		}
		return stronger(how)
	}
	how := "Landlock"
	if own {
		how = mountOf(e.Mode) + ", Landlock"
	}
	if e.Mode == policy.ModeWrite {
		return stronger(how + "; " + unchanged)
	}
	if len(narrowedBelow(entries, e)) > 0 {
		return stronger(how + ", on each name beside those with entries of their own; " +
			"it cannot be listed, and what appears in it later is closed")
	}
	return exact(how)
}

// mountOf is what an entry is mounted as, where the launch has mounts of its own.
func mountOf(mode policy.PathMode) string {
	switch mode {
	case policy.ModeWrite:
		return "noexec mount"
	case policy.ModeMap, policy.ModeExec:
		return "read-only mount"
	}
	return "read-only noexec mount"
}

func coverProc(p *policy.Policy, own bool) compiler.Coverage {
	fs := p.Filesystem
	row := compiler.Coverage{
		Clause: policy.ClauseFilesystemProc, Subject: string(fs.Proc), At: fs.ProcAt,
		Launched: exact("Landlock: no rule leads there"),
	}
	if row.Existence = "the processes of the launch stay visible by their numbers"; !own {
		row.Existence = "the processes of the machine stay visible by their numbers, and its network statistics in self/net"
	}
	switch {
	case fs.Proc != policy.ProcSelf:
	case own && p.Network.Mode == policy.NetworkNone:
		row.Launched = stronger("own PID namespace, Landlock; the names mounts and net are in self alone")
	case own:
		row.Launched = stronger("own PID namespace, Landlock; the names mounts and net are in self alone, and net is the machine's")
	default:
		row.Launched = stronger("Landlock, on the process that becomes the program; those that it starts cannot read their own")
	}
	return row
}

func coverDev(fs policy.Filesystem, own bool) compiler.Coverage {
	row := compiler.Coverage{
		Clause: policy.ClauseFilesystemDev, Subject: string(fs.Dev), At: fs.DevAt,
		Launched: exact("Landlock: no rule leads there"), Existence: visible,
	}
	switch {
	case fs.Dev != policy.DevMinimal:
	case own:
		row.Launched = stronger("Landlock, on each device; /dev/shm is a tmpfs of the launch's own, where " + unchanged)
	default:
		row.Launched = stronger("Landlock, on each device; /dev/shm, which is everybody's, is closed")
	}
	return row
}
