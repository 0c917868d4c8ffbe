package runner

import (
	"errors"
	"fmt"
	"strings"

	"confine/compiler"
)

// The exit codes of run that are not the program's own.
const (
	ExitWallTime = 124
	// ExitRefused means that nothing of the program ran.
	ExitRefused       = 125
	ExitNotExecutable = 126
	ExitNotFound      = 127
	// exitSignal is added to the number of a signal that ended the program.
	exitSignal = 128
)

// Refusal says why a launch was refused before anything of the program ran.
type Refusal struct {
	Message  string
	Found    string
	Expected string
	// Instead are edits and commands that would help, one a line.
	Instead []string
	// Failed are the checks of the attestation that did not hold.
	Failed []string
	// Wrapper is what the tool itself said that makes the sandbox, and Tool its name.
	Wrapper, Tool string
}

// Error gives the one line that says what happened.
func (r *Refusal) Error() string { return "refused, nothing ran: " + r.Message }

// Explain gives the refusal with all its lines, each indented below the first.
func (r *Refusal) Explain() string {
	var b strings.Builder
	b.WriteString(r.Error())
	row := func(label, text string) {
		for i, line := range strings.Split(text, "\n") {
			if i > 0 {
				label = ""
			}
			fmt.Fprintf(&b, "\n  %-9s %s", label, line)
		}
	}
	for _, line := range r.Failed {
		fmt.Fprintf(&b, "\n  %s", line)
	}
	if r.Found != "" {
		row("found", r.Found)
	}
	if r.Expected != "" {
		row("expected", r.Expected)
	}
	if r.Wrapper != "" {
		row(r.Tool, r.Wrapper)
	}
	for i, line := range r.Instead {
		if i == 0 {
			row("instead", line)
		} else {
			row("", line)
		}
	}
	return b.String()
}

func refuse(message string, args ...any) *Refusal {
	return &Refusal{Message: fmt.Sprintf(message, args...)}
}

// asRefusal gives an error the form of a refusal, if it has another.
func asRefusal(err error) error {
	var r *Refusal
	var lines compiler.Refusals
	if errors.As(err, &r) || errors.As(err, &lines) {
		return err
	}
	return refuse("%v", err)
}
