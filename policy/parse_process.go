package policy

import (
	"fmt"
	"regexp"
)

// loginName is what useradd(8) accepts, without the trailing $ of machine accounts.
var loginName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,31}$`)

func (b *builder) process(t table) {
	p := &b.layer.Process
	if m, ok := t.node.member("user"); ok {
		const expected = `a login name such as "airbyte"`
		if user, ok := b.text(m.value, "process.user", expected); ok {
			if !loginName.MatchString(user) {
				b.add(m.value.at, "%s is not a login name", quote(user)).note("expected  %s", expected)
			}
			if user == "root" {
				b.add(m.value.at, "process.user is root: inside, a program never is").
					note("expected  a user of its own, such as \"airbyte\"")
			}
			p.User, p.UserAt = user, b.at(m.value)
		}
	}
	if m, ok := t.node.member("directory"); ok {
		b.directory(m.value)
	}
	if m, ok := t.node.member("memory"); ok {
		if size := b.size(m.value, ClauseProcessMemory, "memory"); size > 0 {
			p.Memory, p.MemoryAt = size, b.at(m.value)
		}
	}
	if m, ok := t.node.member("pids"); ok {
		if count := b.pids(m.value); count > 0 {
			p.Pids, p.PidsAt = count, b.at(m.value)
		}
	}
	if m, ok := t.node.member("wall_time"); ok {
		if d, _, err := parseDuration(b.src.slice(m.value.at) + "s"); m.value.kind == kindInteger && err == nil && d > 0 {
			b.wrongType(m.value, "process.wall_time", expectedDuration).advise("wall_time = %q", DurationText(d))
		} else if text, ok := b.text(m.value, "process.wall_time", expectedDuration); ok {
			d, hint, err := parseDuration(text)
			switch {
			case err != nil:
				r := b.add(m.value.at, "process.wall_time: %s", err).note("expected  %s", expectedDuration)
				if hint != "" {
					r.advise("wall_time = %s", hint)
				}
			case d == 0:
				b.add(m.value.at, "process.wall_time is zero: the program could not run").
					note("expected  %s", expectedDuration).
					advise("leave wall_time out for no bound")
			default:
				p.WallTime, p.WallTimeAt = d, b.at(m.value)
			}
		}
	}
}

// maxPids is the most processes and threads that a machine of 64 bits can have,
// PID_MAX_LIMIT of the kernel; see proc_sys_kernel(5), pid_max.
const maxPids = 4194304

// pids reads a number of processes and threads; 0 is none, and was reported.
func (b *builder) pids(n *node) uint64 {
	expected := fmt.Sprintf("a number of processes and threads, from 1 to %d", maxPids)
	if n.kind != kindInteger {
		b.wrongType(n, ClauseProcessPids, expected)
		return 0
	}
	count, err := decodeInteger(b.src.slice(n.at))
	switch {
	case err != nil || count < 0 || count > maxPids:
		b.add(n.at, "%s is out of range", ClauseProcessPids).note("expected  %s", expected)
		return 0
	case count == 0:
		b.add(n.at, "%s is zero: the program could not run", ClauseProcessPids).
			note("expected  %s", expected).
			advise("leave pids out for no bound")
		return 0
	}
	return uint64(count)
}

// directory reads process.directory; whether the program may open it shows when
// the policy is flattened.
func (b *builder) directory(n *node) {
	if path, ok := b.path(n, ClauseProcessDirectory, false); ok {
		b.layer.Process.Directory, b.layer.Process.DirectoryAt = path.Path, b.at(n)
	}
}
