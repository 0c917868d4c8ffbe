//go:build linux

package notify

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// madeTable has sockets, none of which any other process has.
func madeTable(t *testing.T, count int) (made *table, inodes []uint64) {
	t.Helper()
	made, err := newTable()
	if err != nil {
		t.Fatal(err)
	}
	for range count {
		inode, _, err := made.add(unix.AF_INET, 0)
		if err != nil {
			t.Fatal(err)
		}
		made.give(inode, true)
		inodes = append(inodes, inode)
	}
	t.Cleanup(func() {
		for inode := range made.sockets {
			made.forget(inode)
		}
		if made.held != 0 {
			t.Errorf("%d descriptors are held, and none is there", made.held)
		}
	})
	return made, inodes
}

func TestTable(t *testing.T) {
	made, inodes := madeTable(t, 1)
	fd, err := made.take(inodes[0])
	if err != nil {
		t.Fatal(err)
	}
	if k, err := inspect(fd); err != nil || k.six {
		t.Errorf("%+v, %v", k, err)
	}
	_ = unix.Close(fd)
	made.connected(inodes[0])
	made.connected(0)
	if _, err := made.take(inodes[0]); !errors.Is(err, unix.EISCONN) {
		t.Errorf("a connected socket: %v", err)
	}
	if _, err := made.take(0); !errors.Is(err, unix.EACCES) {
		t.Errorf("a socket of somebody else: %v", err)
	}
	inode, _, err := made.add(unix.AF_INET6, unix.SOCK_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	made.give(inode, false)
	if _, err := made.take(inode); !errors.Is(err, unix.EACCES) {
		t.Errorf("a socket that nobody got: %v", err)
	}
}

// A sweep leaves what another process has, and what none has got yet.
func TestSweep(t *testing.T) {
	made, inodes := madeTable(t, 3)
	inode, _, err := made.add(unix.AF_INET, 0)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := made.take(inodes[1])
	if err != nil {
		t.Fatal(err)
	}
	socket := os.NewFile(uintptr(fd), "socket")
	holder := exec.Command("sleep", "600")
	holder.ExtraFiles = []*os.File{socket}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	_ = socket.Close()
	made.sweep()
	left := func() (left []uint64) {
		for inode := range made.sockets {
			left = append(left, inode)
		}
		slices.Sort(left)
		return left
	}
	if want := []uint64{inodes[1], inode}; !slices.Equal(left(), want) {
		t.Errorf("left %v of %v and %d, expected %v", left(), inodes, inode, want)
	}
	_ = holder.Process.Kill()
	_ = holder.Wait()
	made.sweep()
	if want := []uint64{inode}; !slices.Equal(left(), want) {
		t.Errorf("left %v, expected %v", left(), want)
	}
}

// Descriptors that run out are an error of the program's, and no sweep too many is waited
// for.
func TestFullTable(t *testing.T) {
	made, inodes := madeTable(t, 2)
	made.most = 2
	if _, _, err := made.add(unix.AF_INET, 0); err != nil {
		t.Errorf("nobody has the two: %v", err)
	}
	if len(made.sockets) != 1 || made.sockets[inodes[0]] != nil {
		t.Errorf("the two are still there")
	}
	if _, _, err := made.add(unix.AF_INET, 0); err != nil {
		t.Error(err)
	}
	if _, _, err := made.add(unix.AF_INET, 0); !errors.Is(err, unix.ENFILE) {
		t.Errorf("a third: %v", err)
	}
}
