package gvisor

import (
	"confine/compiler"
	"confine/policy"
)

func coverFilesystem(fs policy.Filesystem) []compiler.Coverage {
	rows := []compiler.Coverage{{
		Clause: policy.ClauseFilesystem, Subject: "what is named nowhere",
		Launched: exact("the root file system holds nothing else"), Standalone: exact("the root file system holds nothing else"),
	}}
	for _, e := range fs.Entries {
		launched, standalone := coverPath(fs, e)
		row := compiler.Coverage{
			Clause: policy.FilesystemClause(e.Mode), Subject: e.Path, At: e.At, Launched: launched, Standalone: standalone,
		}
		if e.Mode == policy.ModeHide && carvedOut(fs, e) {
			row.Existence = "the name stays visible"
		}
		rows = append(rows, row)
	}
	for _, link := range fs.Links {
		verdict := exact("a link in the root file system")
		holder, held := policy.Covering(fs.Entries, link.From)
		if kernels(link.From) || held && (!holder.Mode.Visible() || holder.Mode == policy.ModeTmp) {
			verdict = stronger("the alias is not there")
		}
		rows = append(rows, compiler.Coverage{
			Clause: policy.ClauseFilesystemLinks, Subject: link.From, At: link.At, Launched: verdict, Standalone: verdict,
		})
	}
	proc, existence := stronger("the sentry's own /proc, read-only, the rest covered; it tells less of a process"), "names in /proc stay visible"
	if fs.Proc == policy.ProcNone {
		proc, existence = exact("covered"), ""
	}
	dev := stronger("the sentry's own devices, the rest covered; /dev/zero maps without PROT_EXEC")
	if fs.Dev == policy.DevNone {
		dev = exact("covered")
	}
	return append(
		rows,
		compiler.Coverage{
			Clause: policy.ClauseFilesystemProc, Subject: string(fs.Proc), At: fs.ProcAt, Launched: proc, Standalone: proc,
			Existence: existence,
		},
		compiler.Coverage{
			Clause: policy.ClauseFilesystemDev, Subject: string(fs.Dev), At: fs.DevAt, Launched: dev, Standalone: dev,
		},
	)
}

// mapVerdict is what no mount of runsc's can say: noexec refuses execve(2) and mmap(2)
// alike, without it files with an execute bit can be started, and there is no Landlock.
var mapVerdict = weaker("a read-only mount: files with an execute bit can also be executed")

func coverPath(fs policy.Filesystem, e policy.PathEntry) (launched, standalone compiler.Verdict) {
	switch e.Mode {
	case policy.ModeAbsent:
		launched = exact("not in the root file system")
	case policy.ModeHide:
		launched = exact("not in the root file system")
		if carvedOut(fs, e) {
			launched = exact("covered by an empty mount")
		}
	case policy.ModeTmp:
		launched = exact("a tmpfs of the sentry's, noexec")
	case policy.ModeMap:
		launched = mapVerdict
	case policy.ModeExec:
		launched = exact("read-only mount")
	case policy.ModeRead:
		launched = exact("read-only noexec mount")
		if within(e.Path, "/sys") {
			launched = stronger("an empty directory of the sandbox's own")
		}
	case policy.ModeWrite:
		launched = exact("noexec mount")
	}
	return launched, launched
}

// carvedOut reports whether an entry lies in something that is shown. What is shown in
// /sys is empty.
func carvedOut(fs policy.Filesystem, e policy.PathEntry) bool {
	parent, nested := policy.Covering(fs.Entries, e.Path)
	return nested && parent.Mode.Visible() && !within(e.Path, "/sys")
}
