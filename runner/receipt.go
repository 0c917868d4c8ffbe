//go:build linux

package runner

import (
	"time"

	"confine/compiler"
	"confine/policy"
	"confine/runner/stage"
)

// Receipt is the evidence of one launch. It holds no argument but the program's
// name, no value of the environment and no content of a file.
type Receipt struct {
	Confine string          `json:"confine"`
	Outcome string          `json:"outcome"`
	Refusal string          `json:"refusal,omitempty"`
	Started time.Time       `json:"started"`
	Policy  ReceiptPolicy   `json:"policy"`
	Target  compiler.Target `json:"target"`
	// PassedOver are the backends that auto would have preferred, each with the reason.
	PassedOver []PassedOver `json:"passed_over,omitempty"`
	Host       ReceiptHost  `json:"host"`
	User       Identity     `json:"user"`
	Program    string       `json:"program"`
	// Landlock is the version of the interface whose rights the stage handled; the
	// host's own may be newer.
	Landlock int `json:"landlock_handled"`
	// Artifacts are the SHA-256 of the bundle's files, by name.
	Artifacts map[string]string   `json:"artifacts"`
	Coverage  []compiler.Coverage `json:"coverage"`
	Proven    int                 `json:"proven"`
	Total     int                 `json:"total"`
	Checks    []stage.Check       `json:"checks"`
	// Warnings are the wrapper's own.
	Warnings     []string `json:"warnings"`
	Milliseconds int64    `json:"milliseconds"`
	// End is there only if a denied system call ended the program.
	End *ReceiptEnd `json:"end,omitempty"`
}

// ReceiptEnd says how a program ended that was started.
type ReceiptEnd struct {
	Code   int    `json:"code"`
	Signal string `json:"signal"`
	// Call is the system call, where the kernel told, and Clause and At what denied it.
	Call   string           `json:"call,omitempty"`
	Clause string           `json:"clause,omitempty"`
	At     *policy.Position `json:"at,omitempty"`
}

// ReceiptPolicy names the policy that was enforced.
type ReceiptPolicy struct {
	Name   string `json:"name"`
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
	// Sources are all files that it was made of, its own first.
	Sources []policy.SourceDigest `json:"sources"`
}

// PassedOver is a backend that was not taken.
type PassedOver struct {
	Backend string `json:"backend"`
	Reason  string `json:"reason"`
}

// ReceiptHost names where it was enforced.
type ReceiptHost struct {
	Kernel   string `json:"kernel"`
	Landlock int    `json:"landlock_abi"`
	Caller   int    `json:"caller_uid"`
}

// The outcomes of a receipt.
const (
	outcomeProven  = "proven"
	outcomeRefused = "refused"
)
