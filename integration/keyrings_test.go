//go:build linux

package integration

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// denyingFilter starts a command under a filter that answers EPERM to the calls whose numbers are
// its first argument.
const denyingFilter = `import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
def op(code, k, jt=0, jf=0): return struct.pack("HBBI", code, jt, jf, k)
LOAD, EQUAL, GIVE = 0x20, 0x15, 0x06
ALLOW, EPERM = 0x7fff0000, 0x00050001
program = [op(LOAD, 0)]
for number in sys.argv[1].split(","): program += [op(EQUAL, int(number), 0, 1), op(GIVE, EPERM)]
program.append(op(GIVE, ALLOW))
buffer = ctypes.create_string_buffer(b"".join(program))
fprog = struct.pack("HxxxxxxQ", len(program), ctypes.addressof(buffer))
if libc.prctl(22, 2, fprog, 0, 0) != 0: sys.exit(os.strerror(ctypes.get_errno()))
os.execv(sys.argv[2], sys.argv[2:])
`

// without is a command of root's under that filter.
func without(cmd *exec.Cmd, calls ...int) *exec.Cmd {
	var numbers []string
	for _, call := range calls {
		numbers = append(numbers, strconv.Itoa(call))
	}
	words := append([]string{"/usr/bin/python3.11", "-c", denyingFilter, strings.Join(numbers, ",")}, asWrapped(cmd)...)
	return &exec.Cmd{Path: words[0], Args: words, Env: cmd.Env, Dir: cmd.Dir}
}

// TestKeyringsThatAreDenied: a session keyring of its own is what keeps a program from its
// caller's keys, and where a container's filter denies that call it has to deny all of them.
func TestKeyringsThatAreDenied(t *testing.T) {
	for _, tc := range []struct {
		name, policy string
		cmd          func(string, ...string) *exec.Cmd
	}{
		{"firejail, by root", writePolicy(t, "", ""), confined},
		{"firejail, by the user", writePolicy(t, "", ""), confinedByUser},
		{"gvisor, by root", guestPolicy(t, "", ""), guest},
		{"gvisor, by the user", guestPolicy(t, "", ""), guestByUser},
	} {
		t.Run(tc.name, func(t *testing.T) {
			finish(t, without(tc.cmd(tc.policy, "/usr/bin/true"), unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY)).must(t, 0)
			for name, left := range map[string][]int{
				"add_key and request_key are left": {unix.SYS_KEYCTL},
				"request_key is left":              {unix.SYS_KEYCTL, unix.SYS_ADD_KEY},
			} {
				t.Run(name, func(t *testing.T) {
					wants(t, finish(t, without(tc.cmd(tc.policy, "/usr/bin/true"), left...)).must(t, 125), "nothing ran", "start a session keyring")
				})
			}
		})
	}
}
