//go:build linux

package integration

import (
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// namedPolicy reaches one host by name, which no test needs to exist.
const namedPolicy = `schema  = 1
name    = "image"
extends = ["source-declarative-manifest"]

[network]
mode   = "egress"
egress = ["api.ledger.test:443"]
`

// attacks are what a hostile connector tries, as words of the probe. Those that the container
// itself refuses have no control. Some it refuses no more once CAP_SYS_ADMIN was granted.
var attacks = []struct {
	try             string
	closed, granted bool
}{
	{try: "read /mnt/secret"},
	{try: "read /proc/1/environ"},
	{try: "env LAUNCHDARKLY_KEY"},
	{try: "connect " + metadataAddress + ":80"},
	{try: "write /airbyte/integration_code"},
	{try: "append /airbyte/integration_code/main.py"},
	{try: "execcopy /config/copied"},
	{try: "syscall chmod:S_ISUID"},
	{try: "syscall ptrace"},
	{try: "syscall io_uring_setup"},
	{try: "syscall int80"},
	{try: "syscall memfd_create"},
	{try: "syscall socket:AF_PACKET", closed: true},
	{try: "opens raw", closed: true},
	{try: "syscall unshare", closed: true, granted: true},
	{try: "syscall setns", closed: true, granted: true},
	{try: "syscall mount", closed: true, granted: true},
	{try: "syscall keyctl", closed: true},
}

// resists: what succeeds in the container fails under confine in the same one.
func (d dockerEngine) resists(t *testing.T, image, backend string, grants []string) {
	secret := file(t, filepath.Join(tree(t), "secret"), "x", 0o644)
	var words []string
	for _, a := range attacks {
		if !strings.HasSuffix(a.try, "int80") || runtime.GOARCH == "amd64" {
			words = append(words, "'"+a.try+"'")
		}
	}
	options := append([]string{
		"--entrypoint", "/bin/sh", "--env", "LAUNCHDARKLY_KEY=x",
		"--volume", probe + ":/usr/local/bin/probe:ro", "--volume", secret + ":/mnt/secret:ro",
	}, grants...)
	script := "/usr/local/bin/probe WORDS && echo && " + entrypoint(backend) + "/usr/local/bin/probe WORDS"
	// The network of the engine, where the metadata server is.
	o := d.run(t, image, "host", options, "-c", strings.ReplaceAll(script, "WORDS", strings.Join(words, " "))).must(t, 0)
	outside, inside, both := strings.Cut(o.stdout, "\n\n")
	if !both {
		t.Fatalf("one answer in %q", o.stdout)
	}
	bare, confined := answers(t, outside), answers(t, inside)
	for _, a := range attacks {
		t.Run(a.try, func(t *testing.T) {
			control, tried := bare[a.try]
			closed := a.closed && (!a.granted || len(grants) == 0)
			switch {
			case !tried && runtime.GOARCH == "amd64":
				t.Fatal("no answer")
			case tried && (control == "ok") == closed:
				t.Errorf("control: %s in the container, closed: %t", control, closed)
			case tried && (confined[a.try] == "ok" || confined[a.try] == ""):
				t.Errorf("confined: %q", confined[a.try])
			}
		})
	}
}

// outlives starts a process that leaves its session where it may, and shows that it lives by a file.
const outlives = `import os, time
if os.fork() == 0:
    try: os.setsid()
    except PermissionError: pass
    while True:
        open("/config/alive", "w").close()
        time.sleep(0.05)
time.sleep(300)
`

// outlived runs a program in the background, kills what it started with, and says whether the
// file comes back each time that it is removed.
const outlived = `"$@" python -c '` + outlives + `' &
until [ -e /config/alive ]; do sleep 0.1; kill -0 $! || exit 1; done
kill -9 $!
for n in 1 2 3; do
  rm -f /config/alive
  sleep 1
  [ -e /config/alive ] || { echo gone; exit; }
done
echo alive`

// leavesNothing: a runner that is killed takes the program's processes with it, also where it
// cannot have a PID namespace.
func (d dockerEngine) leavesNothing(t *testing.T) {
	for want, command := range map[string]string{"alive": "env", "gone": entrypoint("native")} {
		t.Run(want, func(t *testing.T) {
			words := append([]string{"-c", outlived, "sh"}, strings.Fields(command)...)
			if got := d.run(t, nativeImage, "none", []string{"--entrypoint", "/bin/sh"}, words...).must(t, 0).stdout; got != want+"\n" {
				t.Errorf("the process is %q, expected %s", got, want)
			}
		})
	}
}
