package stage

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

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
	data, err := io.ReadAll(io.NewSectionReader(os.NewFile(uintptr(fd), name), 0, 1<<30))
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("decode %s: %w", name, err)
	}
	return nil
}
