package firejail

import (
	"fmt"

	"confine/policy"
)

// profileRlimits are the limits that firejail 0.9.72 has a directive for.
var profileRlimits = map[string]bool{
	"as": true, "cpu": true, "fsize": true, "nofile": true, "nproc": true, "sigpending": true,
}

// inProfile reports whether a limit can be said in a profile: firejail refuses 0
// for sizes and takes it for "kill at once" in rlimit-cpu.
func inProfile(r policy.Rlimit) bool { return profileRlimits[r.Name] && r.Value > 0 }

// standaloneLines say what the runner and the stage do otherwise. The launched
// profile must not have them: limits set that early can stop the stage.
func standaloneLines(p *policy.Policy) []string {
	// firejail waits for orphans, unless this line makes it kill them, 100 ms after
	// the program's end. The runner does that at once.
	out := []string{"deterministic-shutdown", x11Line}
	if d := p.Process.Directory; d != "" {
		out = append(out, "private-cwd "+d)
	}
	for _, r := range p.Rlimits {
		if inProfile(r) {
			out = append(out, fmt.Sprintf("rlimit-%s %d", r.Name, r.Value))
		}
	}
	return out
}

// standaloneFilesystem is the table for use without a runner: nobody mounts a
// tmpfs, so the host's own directory must not show in its place. Only /tmp can be
// had without one, unbounded.
func standaloneFilesystem(fs policy.Filesystem) policy.Filesystem {
	var kept []policy.PathEntry
	for _, e := range fs.Entries {
		if e.Mode == policy.ModeTmp {
			_, nested := policy.Covering(fs.Entries, e.Path)
			switch {
			case ownTmp(e.Path):
				e.Size = 0
			case nested:
				e.Mode = policy.ModeHide
			default:
				continue
			}
		}
		kept = append(kept, e)
	}
	fs.Entries = kept
	return fs
}
