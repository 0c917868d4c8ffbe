//go:build linux

package runner

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// policyTree is safe/p.toml of root's beside mine/, a directory of the program's user.
type policyTree struct {
	t            *testing.T
	root         string
	id           Identity
	safe, mine   string
	policy, link string
}

func newPolicyTree(t *testing.T) *policyTree {
	t.Helper()
	needRoot(t)
	daemon := account(t)
	uid, _ := strconv.Atoi(daemon.Uid)
	gid, _ := strconv.Atoi(daemon.Gid)
	root := t.TempDir()
	tree := &policyTree{
		t: t, root: root, id: Identity{Name: daemon.Username, UID: uid, GID: gid},
		safe: filepath.Join(root, "safe"), mine: filepath.Join(root, "mine"),
		policy: filepath.Join(root, "safe/p.toml"), link: filepath.Join(root, "safe/link.toml"),
	}
	for _, dir := range []string{tree.safe, tree.mine} {
		tree.must(os.Mkdir(dir, 0o755))
	}
	tree.must(os.Chown(tree.mine, uid, gid))
	writeFile(t, tree.policy, "schema = 1\n", 0o644)
	return tree
}

func (p *policyTree) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func TestCheckTrust(t *testing.T) {
	for _, tc := range []struct {
		name string
		// change breaks the trust, or does not; it returns the file to check.
		change func(p *policyTree) string
		// found is a part of the refusal, "" is trust.
		found string
	}{
		{"root's file in root's directories", func(p *policyTree) string { return p.policy }, ""},
		{"readable for nobody else", func(p *policyTree) string {
			p.must(os.Chmod(p.policy, 0o600))
			return p.policy
		}, ""},
		{"its own file", func(p *policyTree) string {
			p.must(os.Chown(p.policy, p.id.UID, 0))
			return p.policy
		}, "p.toml is its own (mode 0644)"},
		{"its own file, read-only", func(p *policyTree) string {
			p.must(os.Chown(p.policy, p.id.UID, 0))
			p.must(os.Chmod(p.policy, 0o400))
			return p.policy
		}, "p.toml is its own (mode 0400)"},
		{"writable by its group", func(p *policyTree) string {
			p.must(os.Chown(p.policy, 0, p.id.GID))
			p.must(os.Chmod(p.policy, 0o664))
			return p.policy
		}, "p.toml is writable by its group (mode 0664)"},
		{"readable by its group", func(p *policyTree) string {
			p.must(os.Chown(p.policy, 0, p.id.GID))
			return p.policy
		}, ""},
		{"writable by another group", func(p *policyTree) string {
			p.must(os.Chmod(p.policy, 0o664))
			return p.policy
		}, ""},
		{"writable by everybody", func(p *policyTree) string {
			p.must(os.Chmod(p.policy, 0o666))
			return p.policy
		}, "p.toml is writable by everybody (mode 0666)"},
		{"its own directory", func(p *policyTree) string {
			p.must(os.Chown(p.safe, p.id.UID, 0))
			return p.policy
		}, "safe is its own"},
		{"its own directory further up", func(p *policyTree) string {
			p.must(os.Chown(p.root, p.id.UID, 0))
			return p.policy
		}, "001 is its own"},
		{"directory writable by its group", func(p *policyTree) string {
			p.must(os.Chown(p.safe, 0, p.id.GID))
			p.must(os.Chmod(p.safe, 0o775))
			return p.policy
		}, "safe is writable by its group"},
		{"directory writable by everybody", func(p *policyTree) string {
			p.must(os.Chmod(p.safe, 0o777))
			return p.policy
		}, "safe is writable by everybody"},
		{"sticky directory writable by everybody", func(p *policyTree) string {
			p.must(os.Chmod(p.safe, 0o777|os.ModeSticky))
			return p.policy
		}, ""},
		{"its own link to root's file", func(p *policyTree) string {
			p.must(os.Symlink("p.toml", p.link))
			p.must(os.Lchown(p.link, p.id.UID, p.id.GID))
			return p.link
		}, "link.toml is its own"},
		{"root's link to root's file", func(p *policyTree) string {
			p.must(os.Symlink("p.toml", p.link))
			return p.link
		}, ""},
		{"root's link to its file", func(p *policyTree) string {
			target := filepath.Join(p.mine, "p.toml")
			writeFile(p.t, target, "", 0o644)
			p.must(os.Symlink(target, p.link))
			return p.link
		}, "mine is its own"},
		{"root's link by way of its directory to root's file", func(p *policyTree) string {
			middle := filepath.Join(p.mine, "middle.toml")
			p.must(os.Symlink(p.policy, middle))
			p.must(os.Symlink(middle, p.link))
			return p.link
		}, "mine is its own"},
		{"a directory that is a link by way of its directory", func(p *policyTree) string {
			p.must(os.Symlink(p.safe, filepath.Join(p.mine, "middle")))
			p.must(os.Symlink(filepath.Join(p.mine, "middle"), filepath.Join(p.root, "policies")))
			return filepath.Join(p.root, "policies/p.toml")
		}, "mine is its own"},
		{"two dots behind a link", func(p *policyTree) string {
			// To the kernel this is mine/p.toml; spelled out without the link it is safe's.
			writeFile(p.t, filepath.Join(p.mine, "p.toml"), "", 0o644)
			p.must(os.Mkdir(filepath.Join(p.mine, "below"), 0o755))
			p.must(os.Symlink(filepath.Join(p.mine, "below"), filepath.Join(p.safe, "link")))
			return p.safe + "/link/../p.toml"
		}, "mine is its own"},
		{"an access control list", func(p *policyTree) string {
			p.must(os.Chmod(p.policy, 0o644))
			p.must(unix.Setxattr(p.policy, "system.posix_acl_access", aclThatLetsWrite(p.id.UID), 0))
			return p.policy
		}, "p.toml is writable through its access control list"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tree := newPolicyTree(t)
			file := tc.change(tree)
			err := checkTrust("the policy", file, tree.id)
			if tc.found == "" {
				if err != nil {
					t.Errorf("refused: %s", refusalOf(t, err).Explain())
				}
				return
			}
			if err == nil {
				t.Fatalf("%s was trusted", file)
			}
			r := refusalOf(t, err)
			mustContain(t, "found", r.Found, tc.found)
			mustContain(t, "message", r.Message, "the program's own user could change the policy "+file)
			mustContain(t, "instead", strings.Join(r.Instead, "\n"), "make it root's")
		})
	}
}

func TestCheckTrustOfAMissingFile(t *testing.T) {
	tree := newPolicyTree(t)
	refusalOf(t, checkTrust("the policy", filepath.Join(tree.safe, "gone.toml"), tree.id))
	tree.must(os.Symlink("link.toml", tree.link))
	refusalOf(t, checkTrust("the policy", tree.link, tree.id))
}

// aclThatLetsWrite is acl(5) in the form of linux/posix_acl_xattr.h:
// user::rw-, user:UID:rw-, group::r--, mask::rw-, other::r--.
func aclThatLetsWrite(uid int) []byte {
	const version, nobody = 2, ^uint32(0)
	data := binary.LittleEndian.AppendUint32(nil, version)
	for _, entry := range []struct {
		tag, permission uint16
		id              uint32
	}{{0x01, 6, nobody}, {0x02, 6, uint32(uid)}, {0x04, 4, nobody}, {0x10, 6, nobody}, {0x20, 4, nobody}} {
		data = binary.LittleEndian.AppendUint16(data, entry.tag)
		data = binary.LittleEndian.AppendUint16(data, entry.permission)
		data = binary.LittleEndian.AppendUint32(data, entry.id)
	}
	return data
}
