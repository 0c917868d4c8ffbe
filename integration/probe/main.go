//go:build linux

// Command probe tries what a policy may forbid and says what came of it. The
// integration tests run it inside a sandbox and, as a control, outside.
//
// Each argument is one access in the text of policy.ParseAccess; the answer is one
// line of JSON an access: the access, and "ok" or the name of the errno.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Result is one line of the answer.
type Result struct {
	Access string `json:"access"`
	Result string `json:"result"`
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "nothing" {
		return
	}
	encoder := json.NewEncoder(os.Stdout)
	for _, access := range os.Args[1:] {
		if err := encoder.Encode(Result{access, outcome(try(access))}); err != nil {
			fmt.Fprintln(os.Stderr, "probe:", err)
			os.Exit(1)
		}
	}
}

func try(access string) error {
	verb, target, _ := strings.Cut(access, " ")
	switch verb {
	case "read":
		return read(target)
	case "write":
		return write(target)
	case "exec":
		return exec.Command(target, "nothing").Run()
	case "map":
		return mapExecutable(target)
	case "stat":
		var st unix.Stat_t
		return unix.Lstat(target, &st)
	case "connect":
		conn, err := net.DialTimeout("tcp", target, 2*time.Second)
		if err == nil {
			_ = conn.Close()
		}
		return err
	case "abstract":
		conn, err := net.DialTimeout("unix", "@"+target, 2*time.Second)
		if err == nil {
			_ = conn.Close()
		}
		return err
	case "syscall":
		return call(target)
	case "env":
		if _, set := os.LookupEnv(target); !set {
			return unix.ENOENT
		}
		return nil
	}
	return fmt.Errorf("probe does not know %q", verb)
}

func outcome(err error) string {
	var errno unix.Errno
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &errno):
		return unix.ErrnoName(errno)
	}
	return err.Error()
}

// read opens a file, or lists a directory.
func read(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.IsDir() {
		_, err = f.ReadDir(-1)
	}
	return err
}

// write opens a file for writing, or makes one in a directory and removes it.
func write(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		f, err := os.CreateTemp(path, "probe-*")
		if err != nil {
			return err
		}
		_ = f.Close()
		return os.Remove(f.Name())
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

func mapExecutable(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	data, err := unix.Mmap(int(f.Fd()), 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE)
	if err != nil {
		return err
	}
	return unix.Munmap(data)
}
