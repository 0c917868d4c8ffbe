//go:build linux

package integration

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// processWorlds are about who the program is, where it starts and how long it
// lives.
func processWorlds(t *testing.T) []world {
	return slices.Concat(userWorlds(t), directoryWorlds(t), memoryWorlds(t), []world{wallTimeWorld(t)})
}

// byRootCaller and byUserCaller are the launches of one kind of caller.
var (
	byRootCaller = []string{"firejail root", "gvisor root", "native root", ownByRoot}
	byUserCaller = []string{"firejail user", "gvisor user", "native user", ownByUser}
)

func userWorlds(t *testing.T) []world {
	const user = "process.user"
	dir := tree(t)
	give(t, file(t, filepath.Join(dir, "own"), "x", 0o600))
	const daemon = 1
	chown(t, file(t, filepath.Join(dir, "foreign"), "x", 0o600), daemon, daemon)
	own, foreign := filepath.Join(dir, "own"), filepath.Join(dir, "foreign")
	filesystem := fmt.Sprintf("read = [%q]\nproc = \"self\"", dir)
	identity := attempt{
		deed: fmt.Sprintf("identity %d %d", account.uid, account.gid), inside: "ok", clause: user,
		because: "the language has no access for it",
		gvisor:  other{deed: "identity 0 0", because: "it has another number in the guest; the launch proves which one the host knows it by"},
	}
	strangers := attempt{
		deed: "read " + foreign, control: byRoot, inside: "EACCES", clause: user,
		because: "the mode of the file says no to this user, whatever the policy allows",
	}
	daemonsOwn := attempt{deed: "read " + own, inside: "EACCES", clause: user, because: "the program runs as daemon, and the file is the connector's"}
	refusedOwn := daemonsOwn
	refusedOwn.inside, refusedOwn.because = noAnswer, "only root can run it as another user: the launch is refused"
	asDaemon := accessPolicy(t, nil, nil, filesystem, "user = \"daemon\"\n")
	return []world{
		{
			name: "user", policy: accessPolicy(t, nil, nil, filesystem, fmt.Sprintf("user = %q\n", connectorUser)),
			attempts: []attempt{identity, {access: "read " + own, clause: user}, strangers},
		},
		{
			name: "user of the flag", policy: accessPolicy(t, nil, nil, filesystem, ""),
			attempts: []attempt{identity, {access: "read " + own}, strangers},
		},
		{name: "another user", policy: asDaemon, attempts: []attempt{daemonsOwn}, launches: byRootCaller},
		{name: "another user, refused", policy: asDaemon, attempts: []attempt{refusedOwn}, launches: byUserCaller, code: refused},
	}
}

func directoryWorlds(t *testing.T) []world {
	const directory = "process.directory"
	allowed, hidden := owned(t, filepath.Join(tree(t), "work")), owned(t, filepath.Join(tree(t), "work"))
	const because = "the language has no access for it"
	stated := func(filesystem, line string) string {
		path := accessPolicy(t, nil, nil, filesystem, "")
		return file(t, path, strings.Replace(readText(t, path), "directory = \"/usr/bin\"\n", line, 1), 0o644)
	}
	filesystem := fmt.Sprintf("write = [%q]", allowed)
	return []world{
		{
			name: "directory", policy: stated(filesystem, fmt.Sprintf("directory = %q\n", allowed)), directory: hidden,
			attempts: []attempt{
				{deed: "directory " + allowed, control: byNobody, inside: "ok", clause: directory, because: because + ": the caller is elsewhere"},
				{deed: "directory " + hidden, inside: fmt.Sprintf("%q", allowed), clause: directory, because: because},
				{access: "read " + hidden},
			},
		},
		{
			name: "directory of the caller", policy: stated(filesystem, ""), directory: allowed,
			attempts: []attempt{{deed: "directory " + allowed, inside: "ok", clause: directory, because: because}},
		},
		{
			name: "directory that is hidden", policy: stated(filesystem, ""), directory: hidden, code: refused,
			attempts: []attempt{{
				deed: "directory " + hidden, inside: noAnswer, clause: directory,
				because: "the caller is where the policy does not let the program be: the launch is refused",
			}},
		},
	}
}

// memoryWorlds use memory below the limit and above: the kernel then ends the program,
// and under gVisor the sentry with it.
func memoryWorlds(t *testing.T) []world {
	const memory, because = "process.memory", "the language has no access for it"
	const limit, little, much = 256 << 20, 16 << 20, 1 << 30
	path := accessPolicy(t, nil, nil, "", fmt.Sprintf("memory = %d\n", limit))
	deed := func(n int, inside, because string) attempt {
		return attempt{deed: fmt.Sprintf("rlimit rss=%d", n), inside: inside, clause: memory, because: because}
	}
	return []world{
		{
			name: "memory", policy: path, launches: byRootCaller, code: 137,
			attempts: []attempt{deed(little, "ok", because), deed(much, noAnswer, because)},
		},
		{
			name: "memory, refused", policy: path, launches: byUserCaller, code: refused,
			attempts: []attempt{deed(little, noAnswer, "only root can make the cgroup: the launch is refused")},
		},
	}
}

func wallTimeWorld(t *testing.T) world {
	const wallTime, because = "process.wall_time", "the language has no access for it"
	return world{
		name: "wall time", policy: accessPolicy(t, nil, nil, "", "wall_time = \"2s\"\n"), code: 124,
		attempts: []attempt{
			{deed: "wait 10ms", inside: "ok", clause: wallTime, because: because},
			{deed: "wait 5s", inside: noAnswer, clause: wallTime, because: because},
		},
	}
}
