//go:build linux

package integration

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// printing prints records as fast as it can, up to a number, and counts in a file those
// of which print has come back.
const printing = `
import itertools, json, os, sys, time
count = os.open("printed", os.O_CREAT | os.O_WRONLY, 0o644)
for n in itertools.count():
    if n == int(sys.argv[1]):
        time.sleep(3600)
    print(json.dumps({"type": "RECORD", "record": {"stream": "numbers", "data": {"id": n, "text": "x" * 200}}}))
    os.pwrite(count, b"%d" % (n + 1), 0)
`

// TestNoRecordIsLost: SIGTERM in the middle of a read loses no record that was printed.
// The shipped policy has Python print without a buffer; with one, records are lost.
func TestNoRecordIsLost(t *testing.T) {
	const endless, few = "-1", "10"
	buffered := variant(t, "[environment.set]\nPYTHONUNBUFFERED = \"\"\n")
	for _, launch := range everywhere() {
		t.Run(launch.name, func(t *testing.T) {
			t.Parallel()
			r := startReading(t, launch, connectorPolicy, endless)
			for range 200 {
				r.line(t)
			}
			// Nobody reads now: pipes fill up on the way, and the program waits in a write.
			time.Sleep(300 * time.Millisecond)
			if printed, delivered := r.terminate(t); delivered < printed {
				t.Errorf("%d of %d records arrived", delivered, printed)
			}
			r = startReading(t, launch, buffered, few)
			r.awaitPrinted(t, 10)
			if printed, delivered := r.terminate(t); printed != 10 || delivered != 0 {
				t.Errorf("control: %d of %d records arrived from a buffer", delivered, printed)
			}
		})
	}
}

// reading is a run whose records are read one by one.
type reading struct {
	started
	dir string
	// delivered is how many whole records arrived, each after the one before.
	delivered int
}

func startReading(t *testing.T, launch launch, policy, number string) *reading {
	t.Helper()
	dir, err := os.MkdirTemp("/srv/airbyte", "test-")
	if err != nil {
		t.Fatalf("%v: run make setup first", err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	give(t, dir)
	cmd := workspace{dir}.in(launch.cmd(policy, "/usr/bin/python3", "-c", printing, number))
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return &reading{started: started{Cmd: cmd, lines: bufio.NewReader(stdout)}, dir: dir}
}

// line takes the next record, and wants it to be whole.
func (r *reading) line(t *testing.T) bool {
	t.Helper()
	line, err := r.lines.ReadString('\n')
	if err != nil {
		return false // the end, be it in the middle of a line that was not printed
	}
	var m struct {
		Record struct{ Data struct{ ID int } }
	}
	if err := json.Unmarshal([]byte(line), &m); err != nil || m.Record.Data.ID != r.delivered {
		t.Fatalf("%v: record %d is %q", err, r.delivered, line)
	}
	r.delivered++
	return true
}

func (r *reading) printed(t *testing.T) int {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(r.dir, "printed"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	n, _ := strconv.Atoi(strings.TrimSpace(string(data)))
	return n
}

func (r *reading) awaitPrinted(t *testing.T, n int) {
	t.Helper()
	for end := time.Now().Add(patience); r.printed(t) < n; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d records printed after %s", r.printed(t), patience)
		}
	}
}

// terminate sends SIGTERM, lets it arrive, and reads what is left.
func (r *reading) terminate(t *testing.T) (printed, delivered int) {
	t.Helper()
	if err := r.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	for r.line(t) {
	}
	if err := r.Wait(); r.ProcessState.ExitCode() != 128+int(syscall.SIGTERM) {
		t.Errorf("ended with %v", fmt.Sprint(err))
	}
	return r.printed(t), r.delivered
}
