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
	var out []string
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

// standaloneFilesystem is the table for use without a runner: nobody mounts the
// sized tmpfs, so such a directory must not show the host's own.
func standaloneFilesystem(fs policy.Filesystem) policy.Filesystem {
	var kept []policy.PathEntry
	for _, e := range fs.Entries {
		switch {
		case e.Mode != policy.ModeTmp:
			kept = append(kept, e)
		case e.Path == "/tmp":
			e.Size = 0
			kept = append(kept, e)
		}
	}
	fs.Entries = kept
	return fs
}
