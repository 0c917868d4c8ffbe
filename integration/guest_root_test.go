//go:build linux

package integration

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// unpackedImage is a root file system as an image has it: links at its top, dash and cat
// with what they need, the probe, and a few files by which it is known.
func unpackedImage(t *testing.T) string {
	t.Helper()
	root := filepath.Join(tree(t), "image")
	triplet, loader := "x86_64-linux-gnu", "ld-linux-x86-64.so.2"
	if runtime.GOARCH == "arm64" {
		triplet, loader = "aarch64-linux-gnu", "ld-linux-aarch64.so.1"
	}
	copied := func(from, to string, mode os.FileMode) {
		file(t, filepath.Join(root, to), readText(t, from), mode)
	}
	for _, name := range []string{"dash", "cat", "touch"} {
		copied("/usr/bin/"+name, "/usr/bin/"+name, 0o755)
	}
	libraries := filepath.Join("/usr/lib", triplet)
	for _, name := range []string{"libc.so.6", loader} {
		copied(filepath.Join(libraries, name), filepath.Join(libraries, name), 0o755)
	}
	copied(probe, "/usr/bin/probe", 0o755)
	mkdirIn(t, root, "usr/lib64")
	for link, to := range map[string]string{
		"bin": "usr/bin", "lib": "usr/lib", "lib64": "usr/lib64", "usr/bin/sh": "dash",
		"usr/lib64/" + loader: "/lib/" + triplet + "/" + loader,
	} {
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	file(t, filepath.Join(root, "etc/os-release"), "NAME=image\n", 0o644)
	file(t, filepath.Join(root, "etc/hidden"), "hidden\n", 0o644)
	file(t, filepath.Join(root, "app/main.sh"), "echo the program of the image; cat /etc/os-release\n", 0o755)
	for _, name := range []string{"tmp", "proc", "dev", "sys", "srv"} {
		mkdirIn(t, root, name)
	}
	owned(t, filepath.Join(root, "desk"))
	return root
}

const imagePolicy = `schema = 1
name = "image"
[filesystem]
exec = ["/usr/bin", "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2?", "/usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1?"]
map = ["/usr/lib", "/usr/lib64"]
read = ["/app", "/etc/os-release"]
write = ["/desk"]
tmp = ["/tmp"]
links = { "/bin" = "/usr/bin", "/lib" = "/usr/lib", "/lib64" = "/usr/lib64" }
proc = "self"
dev = "minimal"
[process]
directory = "/desk"
[syscalls]
base = "default"
[[accept]]
backend = "gvisor"
clause = "filesystem.map"
reason = "nothing below is worth executing"
until = 2999-12-31
`

// inRoot gives a command a root file system.
func inRoot(cmd *exec.Cmd, root string) *exec.Cmd {
	cmd.Args = slices.Insert(cmd.Args, 2, "--root", root)
	return cmd
}

// The program sees the image's files where the policy shows them, and nothing of the
// host's.
func TestGuestInARootOfItsOwn(t *testing.T) {
	root := unpackedImage(t)
	policy := file(t, filepath.Join(tree(t), "policy.toml"), imagePolicy, 0o644)
	o := finish(t, inRoot(guest(policy, "/bin/sh", "/app/main.sh"), root)).must(t, 0)
	if o.stdout != "the program of the image\nNAME=image\n" {
		t.Errorf("the program said %q", o.stdout)
	}

	hosts := file(t, filepath.Join(tree(t), "hosts"), "x", 0o644)
	accesses := map[string]string{
		"read /app/main.sh": "ok", "read /etc/os-release": "ok", "exec /usr/bin/probe": "ok",
		"read /etc/hidden": "", "read /etc/passwd": "", "read " + hosts: "", "read " + root + "/etc/os-release": "",
		"read /usr/bin/python3.11": "", "read /usr/bin/cat": "ok", "write /app": "", "write /etc/os-release": "", "write /desk": "ok", "write /tmp": "ok",
	}
	program := []string{"/usr/bin/probe"}
	for access := range accesses {
		program = append(program, access)
	}
	got := answers(t, finish(t, inRoot(guest(policy, program...), root)).must(t, 0).stdout)
	for access, want := range accesses {
		if (got[access] == "ok") != (want == "ok") {
			t.Errorf("%s: %s", access, got[access])
		}
	}
	// Outside, both are there.
	if readText(t, "/etc/passwd") == "" || readText(t, hosts) != "x" {
		t.Error("control: the host has neither")
	}
}

// What it writes is the image's, as the user on the host; the rest of the image stays.
func TestGuestWritesIntoItsRoot(t *testing.T) {
	root := unpackedImage(t)
	policy := file(t, filepath.Join(tree(t), "policy.toml"), imagePolicy, 0o644)
	before := pathsIn(t, root)
	finish(t, inRoot(guest(policy, "/bin/sh", "-c", "pwd >made; echo x >/tmp/gone; touch /app/no /usr/bin/no /no"), root)).must(t, 1)
	if got := readText(t, filepath.Join(root, "desk/made")); got != "/desk\n" {
		t.Errorf("%q", got)
	}
	info, err := os.Stat(filepath.Join(root, "desk/made"))
	if err != nil {
		t.Fatal(err)
	}
	if uid := ownerOfFile(info); uid != account.uid {
		t.Errorf("the file belongs to uid %d, expected %d", uid, account.uid)
	}
	if err := os.Remove(filepath.Join(root, "desk/made")); err != nil {
		t.Fatal(err)
	}
	if after := pathsIn(t, root); !slices.Equal(before, after) {
		t.Errorf("the image has now\n%s\nbefore\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
	}
	if _, err := os.Stat("/desk/made"); err == nil {
		t.Error("the file is on the host")
	}
}

// Links of an image are its own: absolute ones lead to its files, and none leads out.
func TestGuestRootWhoseLinksLeadOut(t *testing.T) {
	root := unpackedImage(t)
	secret := file(t, filepath.Join(tree(t), "secret"), "of the host\n", 0o644)
	for link, to := range map[string]string{"app/absolute": secret, "app/up": "../../../../../../../../../.." + secret, "desk/link": "/etc/os-release"} {
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	policy := file(t, filepath.Join(tree(t), "policy.toml"), imagePolicy, 0o644)
	o := finish(t, inRoot(guest(policy, "/bin/sh", "-c", "cat /app/absolute; cat /app/up; cat /desk/link"), root)).must(t, 0)
	if o.stdout != "NAME=image\n" {
		t.Errorf("%q", o.stdout)
	}
	// A path of the policy that is a link is refused, as on the host.
	linked := file(t, filepath.Join(tree(t), "policy.toml"), strings.Replace(imagePolicy, `"/etc/os-release"`, `"/app/absolute"`, 1), 0o644)
	wants(t, finish(t, inRoot(guest(linked, "/bin/sh"), root)).must(t, 125), "nothing ran", "/app/absolute")
}

// An image whose directory belongs to the program's user is no worse than another: the
// user cannot make it show the host.
func TestGuestRootOfTheProgramsUser(t *testing.T) {
	root := unpackedImage(t)
	secret := file(t, filepath.Join(tree(t), "secret"), "of the host\n", 0o644)
	finish(t, exec.Command("/usr/bin/chown", "-R", "-h", fmt.Sprintf("%d:%d", account.uid, account.gid), root)).must(t, 0)
	if err := os.RemoveAll(filepath.Join(root, "app")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Dir(secret), filepath.Join(root, "app")); err != nil {
		t.Fatal(err)
	}
	policy := file(t, filepath.Join(tree(t), "policy.toml"), imagePolicy, 0o644)
	o := finish(t, inRoot(guest(policy, "/bin/sh", "-c", "cat /app/secret"), root))
	if o.code == 0 || strings.Contains(o.stdout, "of the host") {
		t.Errorf("code %d, %q", o.code, o.stdout)
	}
}

// The receipt and the messages name the root; a root that is none is refused.
func TestGuestRootThatIsNone(t *testing.T) {
	root := unpackedImage(t)
	policy := file(t, filepath.Join(tree(t), "policy.toml"), imagePolicy, 0o644)
	for _, tc := range []struct {
		root string
		says []string
	}{
		{filepath.Join(root, "missing"), []string{"root file system", "missing"}},
		{filepath.Join(root, "etc/os-release"), []string{"root file system is not a directory"}},
		{filepath.Join(root, "srv"), []string{"a path that the policy requires is missing"}},
	} {
		wants(t, finish(t, inRoot(guest(policy, "/bin/sh"), tc.root)).must(t, 125), append(tc.says, "nothing ran")...)
	}
	// firejail has no root of its own to give.
	wants(t, finish(t, inRoot(withBackend(guest(policy, "/bin/sh"), "firejail"), root)).must(t, 125), "nothing ran", "--root")
	// By a link, and by a relative name.
	link := filepath.Join(tree(t), "link")
	if err := os.Symlink(root, link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{link, link + "/", "../" + filepath.Base(filepath.Dir(link)) + "/link"} {
		cmd := inRoot(guest(policy, "/bin/cat", "/etc/os-release"), name)
		cmd.Dir = filepath.Dir(link)
		if o := finish(t, cmd).must(t, 0); o.stdout != "NAME=image\n" {
			t.Errorf("%s: %q", name, o.stdout)
		}
	}
}

// An ordinary caller can give one too.
func TestGuestInARootByAnOrdinaryCaller(t *testing.T) {
	root := unpackedImage(t)
	policy := file(t, filepath.Join(tree(t), "policy.toml"), imagePolicy, 0o644)
	if o := finish(t, inRoot(guestByUser(policy, "/bin/sh", "/app/main.sh"), root)).must(t, 0); o.stdout != "the program of the image\nNAME=image\n" {
		t.Errorf("the program said %q", o.stdout)
	}
}

func ownerOfFile(info os.FileInfo) uint32 { return info.Sys().(*syscall.Stat_t).Uid }

// pathsIn are all names below a directory, with their kinds and sizes.
func pathsIn(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			var info os.FileInfo
			if info, err = d.Info(); err == nil {
				all = append(all, fmt.Sprintf("%s %s %d", path, info.Mode(), info.Size()))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
