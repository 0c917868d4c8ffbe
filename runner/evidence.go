//go:build linux

package runner

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"confine/compiler"
	"confine/runner/stage"
)

// retract replaces the receipt of a sandbox that was proven, and then could not be
// completed: the evidence has to be there before the program runs, and the last
// restrictions come after it.
func (l *launchable) retract(box enclosure, checks []stage.Check, landlock int, refusal error) error {
	if l.receipt == nil {
		return nil
	}
	if err := l.renewReceipt(); err != nil {
		return err
	}
	return l.evidence(box, checks, landlock, refusal)
}

// renewReceipt makes room for a receipt in place of the one that was written.
func (l *launchable) renewReceipt() error {
	again, err := openReceipt(l.Receipt)
	if err != nil {
		return err
	}
	l.receipt.discard()
	l.receipt = again
	return nil
}

// evidence writes the receipt, also of a launch that was refused; without a
// sandbox nothing was started. An
// outcome of proven says that the sandbox was; whether the program could be
// executed in it is for the exit code to say.
func (l *launchable) evidence(box enclosure, checks []stage.Check, landlock int, refusal error) error {
	if l.receipt == nil {
		return nil
	}
	var warnings []string
	if box != nil {
		warnings = box.warnings()
		if refusal != nil && len(failures(checks)) == 0 {
			checks = append(checks, stage.Incomplete(refusal))
		}
	}
	bundle := l.bundle
	if bundle == nil {
		bundle = new(compiler.Bundle)
	}
	r := Receipt{
		Confine:   l.Version,
		Outcome:   outcomeProven,
		Started:   l.started.UTC(),
		Policy:    ReceiptPolicy{Name: l.Policy.Name, File: l.Policy.File, SHA256: l.Policy.Digest, Sources: l.Policy.Sources},
		Target:    bundle.Target,
		Host:      ReceiptHost{Kernel: l.host.Kernel, Landlock: l.host.Landlock, Caller: l.host.Caller.UID},
		Landlock:  landlock,
		User:      l.identity,
		Program:   l.Program[0],
		Artifacts: map[string]string{},
		Coverage:  bundle.Coverage,
		Proven:    proven(checks),
		Total:     len(checks),
		Checks:    checks,
		Warnings:  warnings,

		Milliseconds: time.Since(l.started).Milliseconds(),
	}
	for _, f := range l.passedOver {
		reason, _, _ := strings.Cut(f.err.Error(), "\n")
		r.PassedOver = append(r.PassedOver, PassedOver{string(f.backend), reason})
	}
	if refusal != nil {
		r.Outcome, r.Refusal = outcomeRefused, refusal.Error()
	}
	for _, f := range bundle.Artifacts {
		sum := sha256.Sum256(f.Data)
		r.Artifacts[f.Name] = hex.EncodeToString(sum[:])
	}
	l.evident = r
	return l.receipt.write(r)
}

// conclude replaces the receipt of a program that ran by one that says how it ended.
func (l *launchable) conclude(end ReceiptEnd) error {
	if l.receipt == nil {
		return nil
	}
	if err := l.renewReceipt(); err != nil {
		return err
	}
	l.evident.End = &end
	return l.receipt.write(l.evident)
}
