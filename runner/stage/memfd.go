//go:build linux

package stage

import (
	"encoding/json"
	"fmt"
	"io"

	"golang.org/x/sys/unix"
)

// ReadOrder reads the order from its descriptor, which stays open.
func ReadOrder() (*Order, error) {
	order := new(Order)
	if err := ReadSealed(OrderFD, "order", order); err != nil {
		return nil, err
	}
	return order, nil
}

// ReadDigests takes the digests of the order and the controls in two files.
func ReadDigests(orderFD, controlsFD int) (Digests, error) {
	order, err := readWhole(orderFD)
	if err != nil {
		return nil, fmt.Errorf("read order: %w", err)
	}
	return DigestsOf(order, controlsFD)
}

// DigestsOf takes those of an encoded order and of the controls in a file.
func DigestsOf(order []byte, controlsFD int) (Digests, error) {
	controls, err := readWhole(controlsFD)
	if err != nil {
		return nil, fmt.Errorf("read controls: %w", err)
	}
	return digest(order, controls)
}

// WriteControls leaves the controls for the stage and seals them.
func WriteControls(c Controls) error {
	data, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("encode controls: %w", err)
	}
	if _, err := unix.Pwrite(ControlsFD, data, 0); err != nil {
		return fmt.Errorf("write controls: %w", err)
	}
	return Seal(ControlsFD)
}

// Seal makes a memfd immutable for everybody who has it.
func Seal(fd int) error {
	const all = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, all); err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	return nil
}

// ReadSealed decodes a memfd that its writer sealed, and refuses any other file.
func ReadSealed(fd int, name string, into any) error {
	seals, err := unix.FcntlInt(uintptr(fd), unix.F_GET_SEALS, 0)
	if err != nil || seals&unix.F_SEAL_WRITE == 0 {
		return fmt.Errorf("%s: descriptor %d is not a sealed memfd", name, fd)
	}
	return readJSON(fd, name, into)
}

// readJSON decodes a file. A guest's kernel does not tell of seals; that what it read
// is what was written shows by its digests.
func readJSON(fd int, name string, into any) error {
	data, err := readWhole(fd)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("decode %s: %w", name, err)
	}
	return nil
}

// readWhole reads a file without owning its descriptor: an os.File around it would
// close it when it is collected, and the wrapper must inherit it.
func readWhole(fd int) ([]byte, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, err
	}
	data := make([]byte, st.Size)
	for done := 0; done < len(data); {
		n, err := unix.Pread(fd, data[done:], int64(done))
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return nil, err
		case n == 0:
			return nil, io.ErrUnexpectedEOF
		}
		done += n
	}
	return data, nil
}
