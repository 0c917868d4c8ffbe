package live

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"confine/policy"
)

// Argument makes confine the prober. What follows is where it runs, the file of the
// attempts, and for a worker the number of the first one.
const Argument = "__try"

// Where the prober runs.
const (
	inside  = "inside"
	outside = "outside"
)

// nothing makes the prober end at once.
const nothing = "nothing"

// nothingCode is what it ends with then. No program that was stopped before its first
// instruction does.
const nothingCode = 97

// order is the file that the prober gets.
type order struct {
	// Program is the prober's own path.
	Program  string    `json:"program"`
	Attempts []Attempt `json:"attempts"`
	// Network lets the control outside reach other machines too.
	Network bool `json:"network"`
}

// Hidden runs the prober, if that is what the arguments ask for. The caller must exit
// with the code if ok.
func Hidden() (code int, ok bool) {
	if len(os.Args) < 3 || os.Args[1] != Argument {
		return 0, false
	}
	if os.Args[2] == nothing {
		return nothingCode, true
	}
	if err := proberMain(os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "confine: the prober:", err)
		return 1, true
	}
	return 0, true
}

func proberMain(args []string) error {
	if len(args) < 2 || len(args) > 3 {
		return fmt.Errorf("found %d arguments, expected two or three", len(args))
	}
	o, err := readJSON[order]("the attempts", args[1])
	if err != nil {
		return err
	}
	if len(args) == 2 {
		return supervise(args[0], args[1], o, os.Stdout)
	}
	first, err := strconv.Atoi(args[2])
	if err != nil || first < 0 || first > len(o.Attempts) {
		return fmt.Errorf("no attempt %q", args[2])
	}
	p := prober{outside: args[0] == outside, program: o.Program, order: args[1], network: o.Network}
	encoder := json.NewEncoder(os.Stdout)
	for _, a := range o.Attempts[first:] {
		if err := encoder.Encode(p.try(a)); err != nil {
			return err
		}
	}
	return nil
}

// readJSON reads what another process of ours has written.
func readJSON[T any](what, name string) (value T, err error) {
	data, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(data, &value)
	}
	if err != nil {
		return value, fmt.Errorf("read %s: %w", what, err)
	}
	return value, nil
}

// supervise has a child try the attempts, and another one go on where one was killed: a
// denial may end the process.
func supervise(where, name string, o order, w io.Writer) error {
	encoder := json.NewEncoder(w)
	for next := 0; next < len(o.Attempts); {
		answers, ended, err := work(o.Program, where, name, next)
		if err != nil {
			return err
		}
		if len(answers) == 0 && ended == nil {
			return errors.New("the child answered nothing")
		}
		if next+len(answers) < len(o.Attempts) && ended != nil {
			answers = append(answers, *ended)
		}
		for _, a := range answers {
			if err := encoder.Encode(a); err != nil {
				return err
			}
		}
		next += len(answers)
	}
	return nil
}

// silence is how long a child may take for one attempt: some engines end a thread and not
// its process.
const silence = 4 * patience

// work gives what a child answered, and what its end says about the attempt that it did
// not answer.
func work(program, where, name string, first int) (answers []Answer, ended *Answer, err error) {
	cmd := exec.Command(program, Argument, where, name, strconv.Itoa(first))
	// There may be no /dev/null to give it.
	cmd.Stdin, cmd.Stderr = os.Stdin, os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, fmt.Errorf("start a child: %w", err)
	}
	silent := false
	for lines := answersOf(pipe); ; {
		select {
		case a, ok := <-lines:
			if ok {
				answers = append(answers, a)
				continue
			}
		case <-time.After(silence):
			silent = true
			_ = cmd.Process.Kill()
			for range lines { // what it says now comes too late
			}
		}
		break
	}
	var exit *exec.ExitError
	switch err := cmd.Wait(); {
	case err == nil:
		return answers, nil, nil
	case !errors.As(err, &exit):
		return nil, nil, fmt.Errorf("wait for a child: %w", err)
	}
	status, _ := exit.Sys().(syscall.WaitStatus)
	a := ofEnd(unix.WaitStatus(status))
	if silent {
		a = unclear("the prober did not answer within %s", silence)
	}
	return answers, &a, nil
}

// answersOf reads lines until the other end is closed, or one was cut off.
func answersOf(r io.Reader) <-chan Answer {
	answers := make(chan Answer)
	go func() {
		defer close(answers)
		for lines := bufio.NewScanner(r); lines.Scan(); {
			var a Answer
			if json.Unmarshal(lines.Bytes(), &a) != nil {
				return
			}
			answers <- a
		}
	}()
	return answers
}

// ofEnd says what the end of a process that tried something shows.
func ofEnd(status unix.WaitStatus) Answer {
	switch {
	case status.Signaled() && status.Signal() == unix.SIGSYS:
		return Answer{Outcome: Denied, Errno: "SIGSYS"}
	case status.Signaled():
		return unclear("the prober was ended by %s", unix.SignalName(status.Signal()))
	}
	return unclear("the prober ended with code %d", status.ExitStatus())
}

func unclear(format string, args ...any) Answer {
	return Answer{Outcome: Unclear, Why: fmt.Sprintf(format, args...)}
}

// prober tries attempts, one after the other.
type prober struct {
	outside bool
	network bool
	// program is its own path, and order its file, which nobody can execute.
	program, order string
	// stops is whether a program can be stopped before its first instruction; nil is that
	// nobody looked yet.
	stops *Answer
}

func (p *prober) try(a Attempt) Answer {
	access, err := policy.ParseAccess(a.Access)
	if err != nil {
		return unclear("%v", err)
	}
	switch a.How {
	case HowOpen:
		return p.open(access.Kind, a.Path)
	case HowFresh:
		return p.fresh(access.Kind, a.Path)
	case HowLook:
		return see(a.Path)
	case HowDial, HowLocal, HowRoute, HowGateway:
		return p.reach(a.How, access)
	case HowCall:
		return call(a.Call)
	case HowState:
		return state(access)
	}
	return unclear("the prober does not know %q", a.How)
}

// answerOf is what an error says about an access.
func answerOf(err error) Answer {
	var errno unix.Errno
	switch {
	case err == nil:
		return Answer{Outcome: Allowed}
	case !errors.As(err, &errno):
		return unclear("%v", err)
	case errno == unix.ENOENT || errno == unix.ENOTDIR:
		return Answer{Outcome: Absent, Errno: unix.ErrnoName(errno)}
	}
	return Answer{Outcome: Denied, Errno: unix.ErrnoName(errno)}
}
