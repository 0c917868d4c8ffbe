//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// benchEgress measures from inside what a connection costs a confined program, and a call that
// has nothing to do with one. By the kernel alone a supervisor is told of socket and connect;
// under firejail and gVisor there is a network namespace with a gateway. All of them are started
// in the same place, from which a plain program reaches the host by plain routes.
func (s *subject) benchEgress(rounds int) error {
	w, err := newWorld()
	if err != nil {
		return fmt.Errorf("egress: %w", err)
	}
	defer w.close()
	client := filepath.Join(filepath.Dir(s.program), "client")
	if err := do("go", "build", "-trimpath", "-o", client, "./integration/bench/client"); err != nil {
		return err
	}
	egress, err := s.networked("egress", "egress = [\""+serverAddress+"\"]")
	if err != nil {
		return err
	}
	host, err := s.networked("host", "")
	if err != nil {
		return err
	}
	connect := []string{client, "connect", serverAddress, strconv.Itoa(connections)}
	call := []string{client, "call", "1000000"}
	run := func(backend, policy string, more ...string) []string {
		return append([]string{s.confine, "run", "--quiet", "--backend", backend, "--policy", policy}, more...)
	}
	byRoot := append(append(run("firejail", egress, "--user", account), "--"), connect...)
	for _, table := range []struct {
		title    string
		variants []variant
	}{
		{"egress: a connection, from inside", []variant{
			{name: "no sandbox", command: s.asUser(connect...)},
			{name: "native: notified", command: s.asUser(append(run("native", egress, "--"), connect...)...)},
			{name: "firejail: network namespace, by root", command: func() *exec.Cmd { return exec.Command(byRoot[0], byRoot[1:]...) }},
			{name: "gvisor: network namespace", command: s.asUser(append(run("gvisor", egress, "--"), connect...)...)},
		}},
		{"egress: 1000 calls of getppid, not notified", []variant{
			{name: "no sandbox", command: s.asUser(call...)},
			{name: `native, mode = "host": a filter`, command: s.asUser(append(run("native", host, "--"), call...)...)},
			{name: `native, mode = "egress"`, command: s.asUser(append(run("native", egress, "--"), call...)...)},
		}},
	} {
		for round := range rounds + 1 {
			for i := range table.variants {
				v := &table.variants[i]
				took, err := w.told(v.command())
				if err != nil {
					return fmt.Errorf("%s: %w", v.name, err)
				}
				// The first round warms the caches.
				if round > 0 {
					v.times = append(v.times, took)
				}
			}
		}
		report(table.title, "us", table.variants)
	}
	return nil
}

// networked is the subject's policy with a network of some mode.
func (s *subject) networked(mode, more string) (path string, err error) {
	text, err := os.ReadFile(s.policy)
	if err != nil {
		return "", err
	}
	path = filepath.Join(s.dir, mode+".toml")
	return path, os.WriteFile(path, fmt.Appendf(text, "[network]\nmode = %q\n%s\n", mode, more), 0o644)
}

// told starts a client where plain routes lead to the server, and gives what it prints.
func (w *world) told(cmd *exec.Cmd) (time.Duration, error) {
	var stdout, stderr bytes.Buffer
	// A pipe: of /dev/null, runsc would take the ownership.
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(""), &stdout, &stderr
	if err := within(w.plain, cmd.Start); err != nil {
		return 0, err
	}
	if err := cmd.Wait(); err != nil {
		return 0, fmt.Errorf("%w: %s", err, &stderr)
	}
	nanoseconds, err := strconv.ParseInt(strings.TrimSpace(stdout.String()), 10, 64)
	return time.Duration(nanoseconds), err
}
