//go:build linux

package integration

import "testing"

// whitelistWorld belongs to the connector's user, whom permissions deny nothing.
var whitelistWorld = standaloneWorld{`
fill /opt 755; fill /media 755
note /opt/given/file; note /opt/given/own/file; note /opt/secret/file; note /media/other/file
ln -s secret /opt/alias
chown -R "$USER_ID:$GROUP_ID" /opt /media
`}

// TestTrapWhitelistOfLink: whitelist follows a link within its directory and shows
// what it leads to; of a directory that is a link itself, as /lib is, it hides nothing
// (fs_whitelist.c). confine refuses paths that are not real.
func TestTrapWhitelistOfLink(t *testing.T) {
	trapped(t, whitelistWorld, naive(t, "whitelist /opt/alias"), map[string]string{
		"read /opt/secret/file": "ok", "read /opt/given/file": "ENOENT",
	})
	policy := writePolicy(t, `read = ["/opt/alias"]`, "")
	wants(t, finish(t, whitelistWorld.launch(confined(policy, "/usr/bin/true"))).must(t, 125), "nothing ran", "policy.toml:7:", "/opt/secret")

	trapped(t, whitelistWorld, naive(t, "whitelist /lib/confine-none"), map[string]string{"read /usr/lib/os-release": "ok"})
	policy = writePolicy(t, `read = ["/lib/os-release"]`, "")
	wants(t, finish(t, confined(policy, "/usr/bin/true")).must(t, 125), "nothing ran", "policy.toml:7:")
}

// TestTrapWhitelistOfMissingDirectory: where the first directory of a path does not
// exist, whitelist hides nothing and says nothing; and it never hides what lies in
// other directories.
func TestTrapWhitelistOfMissingDirectory(t *testing.T) {
	for _, line := range []string{"whitelist /confine-none/x", "whitelist /opt/given"} {
		trapped(t, whitelistWorld, naive(t, line), map[string]string{"read /media/other/file": "ok"})
	}
	held(t, whitelistWorld, writePolicy(t, `read = ["/confine-none/x?", "/opt/given"]`, ""), map[string]string{
		"read /opt/given/file": "ok", "read /opt/secret/file": "ENOENT", "read /media/other/file": "EACCES",
	})
	policy := writePolicy(t, `read = ["/confine-none/x"]`, "")
	wants(t, finish(t, whitelistWorld.launch(confined(policy, "/usr/bin/true"))).must(t, 125), "nothing ran", "policy.toml:7:", "missing")
}

// TestTrapWhitelistOfWholeDirectory: firejail ends where a whole first directory is
// whitelisted, and takes every path of /proc and /sys for an error.
func TestTrapWhitelistOfWholeDirectory(t *testing.T) {
	for _, line := range []string{"whitelist /opt", "whitelist /usr/share", "whitelist /sys/fs", "whitelist /proc/self"} {
		finish(t, whitelistWorld.command(naive(t, line), probe, "nothing")).must(t, 1)
	}
	held(t, whitelistWorld, writePolicy(t, `read = ["/opt", "/usr/share", "/sys/class"]`, ""), map[string]string{
		"read /opt/given/file": "ok", "read /usr/share": "ok", "read /sys/class": "ok", "read /sys/kernel": "EACCES", "read /media/other/file": "EACCES",
	})
}

// TestTrapWhitelistIsNotReadOnly: whitelist binds the path as it is, and read-only of
// "/" stops at the next mount, which every whitelisted directory is.
func TestTrapWhitelistIsNotReadOnly(t *testing.T) {
	for _, lines := range [][]string{{"whitelist /opt/given"}, {"read-only /", "whitelist /opt/given"}, {"whitelist /opt/given", "read-only /"}} {
		trapped(t, whitelistWorld, naive(t, lines...), map[string]string{"write /opt/given/own": "ok"})
	}
	held(t, whitelistWorld, writePolicy(t, `read = ["/opt/given"]`, ""), map[string]string{
		"read /opt/given/own/file": "ok", "write /opt/given/own": "EROFS", "write /opt/given/own/file": "EROFS",
	})
	// The same for a directory inside that is to be writable, and for the one around it.
	held(t, whitelistWorld, writePolicy(t, "read = [\"/opt/given\"]\nwrite = [\"/opt/given/own\"]", ""), map[string]string{
		"write /opt/given/own": "ok", "write /opt/given": "EROFS",
	})
}

// TestTrapNoblacklistAfterBlacklist: noblacklist has no effect on lines before it, and
// none on a blacklist of the directory above; blacklist beats whitelist in any order
// (fs.c, fs_blacklist).
func TestTrapNoblacklistAfterBlacklist(t *testing.T) {
	const access = "read /opt/given/file"
	for _, lines := range [][]string{
		{"blacklist /opt/given", "noblacklist /opt/given"},
		{"noblacklist /opt/given", "blacklist /opt"},
		{"whitelist /opt/given", "blacklist /opt"},
		{"blacklist /opt", "whitelist /opt/given"},
	} {
		trapped(t, whitelistWorld, naive(t, lines...), map[string]string{access: "EACCES"})
	}
	trapped(t, whitelistWorld, naive(t, "noblacklist /opt/given", "blacklist /opt/given"), map[string]string{access: "ok"})
	held(t, whitelistWorld, writePolicy(t, `read = ["/opt/given"]`, ""), map[string]string{access: "ok"})
	held(t, whitelistWorld, writePolicy(t, "read = [\"/opt\"]\nhide = [\"/opt/given\"]", ""), map[string]string{access: "EACCES"})
}

// TestTrapTmpfsIsIgnored: an ordinary user gets no tmpfs outside the own home; firejail
// warns and shows the host's directory (fs.c, disable_file).
func TestTrapTmpfsIsIgnored(t *testing.T) {
	const access = "read /opt/secret/file"
	trapped(t, whitelistWorld, naive(t, "tmpfs /opt/secret"), map[string]string{access: "ok"})
	held(t, whitelistWorld, writePolicy(t, `tmp = ["/opt/secret"]`, ""), map[string]string{access: "ENOENT", "write /opt/secret": "ok"})
	policy := writePolicy(t, `tmp = ["/opt/secret"]`, "")
	wants(t, finish(t, confinedByUser(policy, "/usr/bin/true")).must(t, 125), "nothing ran", "only root can prepare", "filesystem.tmp /opt/secret")
}

// TestTrapReadWriteIsIgnored: firejail refuses read-write without a word for what is
// not the user's own (fs.c, fs_remount_simple); the attestation finds it.
func TestTrapReadWriteIsIgnored(t *testing.T) {
	w := standaloneWorld{"fill /opt 755; note /opt/a/b/file; chmod 777 /opt/a/b\n"}
	const access = "write /opt/a/b"
	trapped(t, w, naive(t, "read-only /opt/a", "read-write /opt/a/b"), map[string]string{access: "EROFS"})
	policy := writePolicy(t, "read = [\"/opt/a\"]\nwrite = [\"/opt/a/b\"]", "")
	wants(t, finish(t, w.launch(confined(policy, "/usr/bin/true"))).must(t, 125), "nothing ran", "/opt/a/b", "policy.toml:8:")
	owner := standaloneWorld{w.prepare + "chown -R $USER_ID:$GROUP_ID /opt/a/b\n"}
	held(t, owner, policy, map[string]string{access: "ok"})
}
