package runner

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"confine/compiler"
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
	Host    ReceiptHost     `json:"host"`
	User    Identity        `json:"user"`
	Program string          `json:"program"`
	// Artifacts are the SHA-256 of the bundle's files, by name.
	Artifacts map[string]string   `json:"artifacts"`
	Coverage  []compiler.Coverage `json:"coverage"`
	Proven    int                 `json:"proven"`
	Total     int                 `json:"total"`
	Checks    []stage.Check       `json:"checks"`
	// Warnings are the wrapper's own.
	Warnings     []string `json:"warnings"`
	Milliseconds int64    `json:"milliseconds"`
}

// ReceiptPolicy names the policy that was enforced.
type ReceiptPolicy struct {
	Name   string `json:"name"`
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
}

// ReceiptHost names where it was enforced.
type ReceiptHost struct {
	Kernel   string `json:"kernel"`
	Landlock int    `json:"landlock"`
	Caller   int    `json:"caller_uid"`
}

// The outcomes of a receipt.
const (
	outcomeProven  = "proven"
	outcomeRefused = "refused"
)

// receiptFile is a receipt that appears under its name only when it is whole.
type receiptFile struct {
	path string
	temp *os.File
}

// openReceipt makes sure before the launch that the evidence can be written.
func openReceipt(path string) (*receiptFile, error) {
	temp, err := os.CreateTemp(filepath.Dir(path), ".confine-receipt-*")
	if err != nil {
		r := refuse("the receipt cannot be written")
		r.Found, r.Expected = err.Error(), "a directory in which this user can make files"
		return nil, r
	}
	return &receiptFile{path: path, temp: temp}, nil
}

func (f *receiptFile) write(r Receipt) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the receipt: %w", err)
	}
	if _, err = f.temp.Seek(0, io.SeekStart); err == nil {
		_, err = f.temp.Write(append(data, '\n'))
	}
	if err == nil {
		err = f.temp.Sync()
	}
	if err == nil {
		// os.CreateTemp made it 0600.
		err = os.Rename(f.temp.Name(), f.path)
	}
	if err != nil {
		return fmt.Errorf("write the receipt: %w", err)
	}
	return nil
}

// discard removes what a launch without a receipt leaves.
func (f *receiptFile) discard() {
	_ = os.Remove(f.temp.Name())
	_ = f.temp.Close()
}
