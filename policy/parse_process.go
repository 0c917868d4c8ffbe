package policy

import "regexp"

// loginName is what useradd(8) accepts, without the trailing $ of machine accounts.
var loginName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,31}$`)

func (b *builder) process(t table) {
	p := &b.policy.Process
	if m, ok := t.node.member("user"); ok {
		const expected = `a login name such as "airbyte"`
		if user, ok := b.text(m.value, "process.user", expected); ok {
			if !loginName.MatchString(user) {
				b.add(m.value.at, "%s is not a login name", quote(user)).note("expected  %s", expected)
			}
			p.User, p.UserAt = user, b.at(m.value)
		}
	}
	if m, ok := t.node.member("directory"); ok {
		b.directory(m.value)
	}
	if m, ok := t.node.member("wall_time"); ok {
		if text, ok := b.text(m.value, "process.wall_time", expectedDuration); ok {
			d, err := parseDuration(text)
			switch {
			case err != nil:
				b.add(m.value.at, "process.wall_time: %s", err).note("expected  %s", expectedDuration)
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

// directory reads process.directory, which the policy must let the program open.
// It runs after [filesystem] has been read.
func (b *builder) directory(n *node) {
	path, ok := b.path(n, "process.directory", false)
	if !ok {
		return
	}
	if to, link, aliased := b.policy.Filesystem.resolveOnce(path.Path); aliased {
		b.aliasedPath(n, path.Path, to, link)
		return
	}
	// Entries that were refused are missing here: the answer would be a false alarm.
	if len(b.found) > 0 {
		return
	}
	if d := b.policy.Decide(Access{Kind: AccessRead, Target: path.Path}); !d.Allowed {
		r := b.add(n.at, "working directory %s cannot be opened under this policy", quote(path.Path)).
			note("%s", d.Because)
		if !d.At.IsZero() {
			r.note("decided by %s", d.At)
		}
		r.advise("name it in [filesystem] read or write")
	}
	b.policy.Process.Directory, b.policy.Process.DirectoryAt = path.Path, b.at(n)
}
