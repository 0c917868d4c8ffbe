//go:build linux

package runner

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

func TestReceiptAppearsWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "receipt.json")
	writeFile(t, path, "the one before", 0o644)
	f, err := openReceipt(path)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "the one before" {
		t.Errorf("before the launch: %q, %v", text, err)
	}
	if err := f.write(Receipt{Outcome: outcomeProven, Program: "/usr/bin/true"}); err != nil {
		t.Fatal(err)
	}
	f.discard()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("mode %04o, want 0600", mode)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var r Receipt
	if err := json.Unmarshal(text, &r); err != nil || r.Outcome != outcomeProven || r.Program != "/usr/bin/true" {
		t.Errorf("got %+v, %v", r, err)
	}
	if text[len(text)-1] != '\n' {
		t.Error("the last line does not end")
	}
	onlyNames(t, dir, "receipt.json")
}

func TestReceiptDiscarded(t *testing.T) {
	dir := t.TempDir()
	f, err := openReceipt(filepath.Join(dir, "receipt.json"))
	if err != nil {
		t.Fatal(err)
	}
	f.discard()
	onlyNames(t, dir)
}

func TestReceiptReplacesALinkAndNotItsTarget(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "target")
	writeFile(t, target, "kept", 0o644)
	path := filepath.Join(dir, "receipt.json")
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
	f, err := openReceipt(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.discard()
	if err := f.write(Receipt{}); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(target); string(text) != "kept" {
		t.Errorf("the link's target holds %q", text)
	}
}

func TestReceiptRefused(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "file"), "", 0o644)
	for _, path := range []string{
		filepath.Join(dir, "gone/receipt.json"), filepath.Join(dir, "file/receipt.json"), dir, "/proc/receipt.json",
	} {
		f, err := openReceipt(path)
		if err == nil {
			f.discard()
			t.Errorf("%s was opened", path)
			continue
		}
		r := refusalOf(t, err)
		mustContain(t, "message", r.Message, "the receipt cannot be written")
		if r.Found == "" || r.Expected == "" {
			t.Errorf("%s: no reason: %+v", path, r)
		}
	}
	onlyNames(t, dir, "file")
}

// onlyNames compares the names in a directory.
func onlyNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	if len(got) != len(want) || len(got) > 0 && got[0] != want[0] {
		t.Errorf("%s holds %q, want %q", dir, got, want)
	}
}
