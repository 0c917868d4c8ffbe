//go:build linux

package stage

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func memfd(t *testing.T, text string) int {
	t.Helper()
	fd, err := unix.MemfdCreate("test", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	must(t, err)
	_, err = unix.Write(fd, []byte(text))
	must(t, err)
	return fd
}

func TestReadSealed(t *testing.T) {
	fd := memfd(t, `{"uid": 995}`)
	must(t, Seal(fd))
	var got Order
	if err := ReadSealed(fd, "order", &got); err != nil || got.UID != 995 {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := unix.Pwrite(fd, []byte("x"), 0); err != unix.EPERM {
		t.Errorf("writing to a sealed memfd: %v, want EPERM", err)
	}
	if err := Seal(fd); err == nil {
		t.Error("sealed twice")
	}
}

// The launcher reads its order and hands the descriptor on: an os.File around it
// would close it as soon as it is collected.
func TestReadSealedLeavesTheDescriptorOpen(t *testing.T) {
	fd := memfd(t, `{}`)
	must(t, Seal(fd))
	must(t, ReadSealed(fd, "order", new(Order)))
	for range 5 {
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil {
		t.Errorf("the descriptor after a collection: %v", err)
	}
}

func TestReadSealedRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(path, []byte(`{}`), 0o600))
	file, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
	must(t, err)
	halfway := memfd(t, `{}`)
	_, err = unix.FcntlInt(uintptr(halfway), unix.F_ADD_SEALS, unix.F_SEAL_GROW|unix.F_SEAL_SHRINK)
	must(t, err)
	broken := memfd(t, `{"uid": `)
	must(t, Seal(broken))
	for _, tc := range []struct {
		name string
		fd   int
		want string
	}{
		{"an unsealed memfd", memfd(t, `{}`), "is not a sealed memfd"},
		{"one that can still be written", halfway, "is not a sealed memfd"},
		{"a file", file, "is not a sealed memfd"},
		{"a closed descriptor", 1 << 16, "is not a sealed memfd"},
		{"what is not JSON", broken, "decode order"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got Order
			err := ReadSealed(tc.fd, "order", &got)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}
