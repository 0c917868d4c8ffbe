//go:build linux

package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

func environment(name string) error {
	if _, set := os.LookupEnv(name); !set {
		return unix.ENOENT
	}
	return nil
}

// value wants a variable to have a value: "value NAME=VALUE".
func value(target string) error {
	name, want, _ := strings.Cut(target, "=")
	if got, set := os.LookupEnv(name); !set || got != want {
		return fmt.Errorf("%q", got)
	}
	return nil
}

// wait takes its time: "wait 3s".
func wait(text string) error {
	d, err := time.ParseDuration(text)
	time.Sleep(d)
	return err
}

// directory wants to be in a directory.
func directory(want string) error {
	got, err := unix.Getwd()
	if err == nil && got != want {
		err = fmt.Errorf("%q", got)
	}
	return err
}

// identity wants every id of the process to be that of one user, without other
// groups: "identity UID GID".
func identity(target string) error {
	uid, gid, _ := strings.Cut(target, " ")
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	for field, id := range map[string]string{"Uid:": uid, "Gid:": gid} {
		if got, want := statusField(status, field), strings.TrimSuffix(strings.Repeat(id+"\t", 4), "\t"); got != want {
			return fmt.Errorf("%s %q", field, got)
		}
	}
	groups, err := unix.Getgroups()
	if err != nil {
		return err
	}
	for _, g := range groups {
		if strconv.Itoa(g) != gid {
			return fmt.Errorf("groups %v", groups)
		}
	}
	return nil
}

// statusField is the text after a name in /proc/PID/status.
func statusField(status []byte, name string) string {
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}
