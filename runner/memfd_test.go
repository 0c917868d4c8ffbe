//go:build linux

package runner

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"confine/runner/stage"
)

func TestSealedMemfd(t *testing.T) {
	f, err := sealedJSON("order", map[string]int{"umask": 18})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for name, change := range map[string]func() error{
		"write":  func() error { _, err := f.WriteAt([]byte("x"), 0); return err },
		"shrink": func() error { return f.Truncate(0) },
		"grow":   func() error { return f.Truncate(1 << 12) },
		"seal":   func() error { _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_EXEC); return err },
	} {
		if err := change(); !errors.Is(err, unix.EPERM) {
			t.Errorf("%s: got %v, want EPERM", name, err)
		}
	}
	var got map[string]int
	if err := stage.ReadSealed(int(f.Fd()), "order", &got); err != nil || got["umask"] != 18 {
		t.Errorf("got %v, %v", got, err)
	}
}
