//go:build linux

// Command probe tries what a policy may forbid and says what came of it. The
// integration tests run it inside a sandbox and, as a control, outside.
//
// Each argument is one attempt: an access in the text of policy.ParseAccess, or a
// more particular deed that stands for one. The answer is one line of JSON an
// attempt: its text, and "ok", the name of the errno, or what else happened.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"

	"golang.org/x/sys/unix"
)

// Result is one line of the answer.
type Result struct {
	Access string `json:"access"`
	Result string `json:"result"`
}

// verbs are the first words of an attempt; each function gets the rest.
var verbs = map[string]func(string) error{
	// Accesses.
	"read": read, "write": write, "exec": execute, "map": mapExecutable,
	"connect": connect, "resolve": resolve,
	"syscall": call, "capability": capability, "rlimit": rlimit, "env": environment,
	// Deeds.
	"stat": stat, "append": openForWriting, "execcopy": executeCopy, "mapcopy": mapCopy, "contents": contents, "fill": fill, "abstract": abstract, "unix": func(path string) error { return dial("unix", path) }, "datagram": datagram, "lookup": lookup,
	"exchange": exchange, "tls": greet, "http": hosts, "pour": pour, "crowd": crowd, "udp": datagramTo, "ping": ping, "opens": opens, "query": question, "scan": scan, "interfaces": interfaces, "route": route, "address": ownAddress,
	"limit": limit, "shows": shows, "holds": holds, "uses": uses, "value": value, "directory": directory, "identity": identity, "wait": wait,
}

// children are what the probe starts of itself for what may end the process.
var children = map[string]func(string) error{
	"nothing": func(string) error { return nil },
	"crash":   crash,
	"burn":    burn,
	"lower":   lower,
	"int80":   int80,
}

func main() {
	// What is measured to the page must not grow by itself.
	debug.SetGCPercent(-1)
	signal.Ignore(unix.SIGXFSZ)
	if len(os.Args) > 1 {
		if child, ok := children[os.Args[1]]; ok {
			os.Exit(int(number(child(strings.Join(os.Args[2:], " ")))))
		}
	}
	if len(os.Args) > 3 && os.Args[1] == "under" {
		fmt.Fprintln(os.Stderr, "probe:", under(os.Args[2], os.Args[3:]))
		os.Exit(1)
	}
	encoder := json.NewEncoder(os.Stdout)
	for _, access := range os.Args[1:] {
		if err := encoder.Encode(Result{access, outcome(try(access))}); err != nil {
			fmt.Fprintln(os.Stderr, "probe:", err)
			os.Exit(1)
		}
	}
}

func try(access string) error {
	verb, target, _ := strings.Cut(access, " ")
	if f, ok := verbs[verb]; ok {
		return f(target)
	}
	return fmt.Errorf("probe does not know %q", verb)
}

func outcome(err error) string {
	var errno unix.Errno
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &errno):
		return unix.ErrnoName(errno)
	}
	return err.Error()
}

// number is the errno in an error, EIO for one without, or 0.
func number(err error) unix.Errno {
	var e unix.Errno
	if err != nil && !errors.As(err, &e) {
		return unix.EIO
	}
	return e
}

// step is one of several ways to do the same.
type step struct {
	name string
	do   func() error
}

// agree tries every step. They must all succeed or all fail: a way that is left
// open, or closed alone, is neither allowed nor denied.
func agree(steps ...step) error {
	var first error
	var texts []string
	failed := 0
	for _, s := range steps {
		err := s.do()
		if errors.Is(err, errNotTried) {
			continue
		}
		texts = append(texts, s.name+" "+outcome(err))
		if err != nil {
			failed++
			if first == nil {
				first = err
			}
		}
	}
	if failed == 0 || failed == len(texts) {
		return first
	}
	return errors.New("mixed: " + strings.Join(texts, ", "))
}

// errNotTried is the result of a step that says nothing here.
var errNotTried = errors.New("not tried")
