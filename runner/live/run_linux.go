package live

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"confine/policy"
	"confine/runner"
)

// marker is the value of every variable that a test asks for.
const marker = "confine-live"

// Run launches the prober under a policy, runs it outside too, and compares. The error is
// that nothing was tried; *runner.Refusal and compiler.Refusals are among its kinds.
func Run(o Options) (*Report, error) {
	where, err := newPlace(o.Policy, o.Backend)
	if err != nil {
		return nil, err
	}
	defer where.remove()
	if err := checkStatic(where.program); err != nil {
		return nil, err
	}
	admitted := where.admit(o.Policy)
	attempts := plan(o, admitted)
	report := &Report{Policy: o.Policy.Name, Backend: o.Backend}
	var insides, outsides []Answer
	var receipt runner.Receipt
	if anyTried(attempts) {
		if err := where.write(order{where.program, attempts, o.Network}); err != nil {
			return nil, err
		}
		environment := markers(o.Expected)
		if insides, receipt, err = launch(o, where, admitted, environment); err != nil {
			return nil, err
		}
		if outsides, err = control(where, receipt.User, environment); err != nil {
			return nil, err
		}
		if len(insides) != len(attempts) || len(outsides) != len(attempts) {
			return nil, fmt.Errorf("the prober answered %d attempts inside and %d outside, of %d", len(insides), len(outsides), len(attempts))
		}
		report.Version, report.Kernel = receipt.Target.Version.String(), receipt.Host.Kernel
		report.Backend, report.User = string(receipt.Target.Backend), receipt.User.Name
		report.OwnNamespaces = receipt.Target.Namespaces
		report.Proven, report.Total = receipt.Proven, receipt.Total
	} else {
		insides, outsides = make([]Answer, len(attempts)), make([]Answer, len(attempts))
	}
	for i, e := range o.Expected {
		report.Results = append(report.Results, Compare(e, attempts[i], insides[i], outsides[i], receipt.Coverage))
	}
	return report, nil
}

// plan gives an attempt for every access, in their order.
func plan(o Options, admitted *policy.Policy) []Attempt {
	planner := Planner{
		Policy: o.Policy, Machine: machine(), Look: look, Interpreter: interpreter,
		Fresh: ".confine-live-" + strings.ToLower(rand.Text()), Network: o.Network,
	}
	attempts := make([]Attempt, 0, len(o.Expected))
	for _, e := range o.Expected {
		a := planner.Plan(e.Access)
		if !Same(o.Policy.Decide(e.Access), admitted.Decide(e.Access)) {
			a = untried("the prober itself lies there")
			a.Access = e.Access.String()
		}
		attempts = append(attempts, a)
	}
	return attempts
}

func anyTried(attempts []Attempt) bool {
	for _, a := range attempts {
		if a.Untried == "" {
			return true
		}
	}
	return false
}

// machine is the architecture as uname(2) spells it.
func machine() string {
	if runtime.GOARCH == "arm64" {
		return "aarch64"
	}
	return "x86_64"
}

// look says what the host has at a path. What cannot be seen is taken for a file, which
// is tried, and the control tells.
func look(path string) (kind Kind, real string) {
	info, err := os.Stat(path)
	real, _ = filepath.EvalSymlinks(path) // "" where something on the way cannot be seen
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return KindMissing, ""
	case err != nil || info.Mode().IsRegular():
		return KindFile, real
	case info.IsDir():
		return KindDirectory, real
	}
	return KindOther, real
}

// markers give every variable that an access names a value, so that it is there to be
// passed or removed.
func markers(expected []Expected) []string {
	var environment []string
	for _, e := range expected {
		if e.Kind == policy.AccessEnv {
			environment = append(environment, e.Target+"="+marker)
		}
	}
	return environment
}

func (p *place) write(o order) error {
	data, err := json.Marshal(o)
	if err == nil {
		err = os.WriteFile(p.order, data, 0o644)
	}
	if err == nil {
		err = os.Chmod(p.order, 0o644)
	}
	if err != nil {
		return fmt.Errorf("write the attempts: %w", err)
	}
	return nil
}

// launch runs the prober inside.
func launch(o Options, where *place, admitted *policy.Policy, environment []string) (answers []Answer, receipt runner.Receipt, err error) {
	// A standard input that has nothing, and does not end.
	stdin, feed, err := os.Pipe()
	if err != nil {
		return nil, receipt, err
	}
	defer stdin.Close()
	defer feed.Close()
	stdout, err := collect()
	if err != nil {
		return nil, receipt, err
	}
	stderr, err := collect()
	if err != nil {
		stdout.finish()
		return nil, receipt, err
	}
	var log bytes.Buffer
	code, err := runner.Run(runner.Options{
		Version: o.Version, Policy: admitted, Backend: o.Backend, NoNamespaces: o.NoNamespaces, User: o.User, Receipt: where.receipt,
		Program:     []string{where.program, Argument, inside, where.order},
		Environment: environment, Stdin: stdin, Stdout: stdout.end, Stderr: stderr.end, Log: &log, Quiet: true,
	})
	output, said := stdout.finish(), stderr.finish()
	if err != nil {
		return nil, receipt, err
	}
	if receipt, err = readJSON[runner.Receipt]("the receipt", where.receipt); err != nil {
		return nil, receipt, err
	}
	answers, err = parseAnswers(output)
	if err == nil && code != 0 {
		err = fmt.Errorf("the prober ended with code %d inside the sandbox\n  found     %s", code, firstLine(said+log.String()))
	}
	return answers, receipt, err
}

// control runs the prober outside, as the same user.
func control(where *place, id runner.Identity, environment []string) ([]Answer, error) {
	cmd := exec.Command(where.program, Argument, outside, where.order)
	cmd.Env, cmd.Dir = environment, "/"
	if cmd.Env == nil {
		cmd.Env = []string{}
	}
	if os.Getuid() == 0 {
		// Like the sandbox, without the groups that the user has besides.
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(id.UID), Gid: uint32(id.GID)}}
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	output, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("run the prober outside as %s, for the control: %w\n  found     %s", nameOf(id), err, firstLine(said.String()))
	}
	return parseAnswers(string(output))
}

func nameOf(id runner.Identity) string {
	if id.Name != "" {
		return id.Name
	}
	if u, err := user.LookupId(strconv.Itoa(id.UID)); err == nil {
		return u.Username
	}
	return strconv.Itoa(id.UID)
}

func parseAnswers(output string) ([]Answer, error) {
	var answers []Answer
	lines := bufio.NewScanner(strings.NewReader(output))
	for lines.Scan() {
		var a Answer
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			return nil, fmt.Errorf("read what the prober answered: %w", err)
		}
		answers = append(answers, a)
	}
	return answers, lines.Err()
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

// collector takes what is written to a pipe.
type collector struct {
	end, ours *os.File
	text      bytes.Buffer
	done      chan struct{}
}

func collect() (*collector, error) {
	ours, theirs, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	c := &collector{end: theirs, ours: ours, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		_, _ = io.Copy(&c.text, ours)
	}()
	return c, nil
}

// finish gives all of it, once nothing that was launched can write any more.
func (c *collector) finish() string {
	_ = c.end.Close()
	<-c.done
	_ = c.ours.Close()
	return c.text.String()
}
