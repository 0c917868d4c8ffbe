//go:build linux

package stage

import (
	"fmt"
	"os"
	"strconv"

	"github.com/landlock-lsm/go-landlock/landlock"
	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/compiler/native"
	"confine/policy"
)

// restrict gives the whole process what Landlock has: the rules of the order, no TCP but in
// mode "host", and no signal and no abstract socket that leaves it. Nothing is left out
// where the kernel is older: then it fails. It returns the version of the interface that it
// used.
func restrict(order *Order) (version int, err error) {
	e := order.Expectation
	rules := make([]compiler.LandlockRule, 0, len(e.Landlock))
	for _, rule := range e.Landlock {
		switch {
		case rule.Fresh:
			rule.Path = order.Fresh[rule.Path]
		case rule.Path == "/proc/self":
			rule.Path = "/proc/" + strconv.Itoa(os.Getpid())
		}
		rules = append(rules, rule)
	}
	config := landlock.V6
	var pins pins
	defer pins.release()
	options, err := pathRules(rules, config.HandledAccessFS, pins.pin)
	if err != nil {
		return 0, err
	}
	if err := config.RestrictPaths(options...); err != nil {
		return 0, fmt.Errorf("landlock: %w", err)
	}
	if e.Network != policy.NetworkHost {
		if err := config.RestrictNet(); err != nil {
			return 0, fmt.Errorf("landlock of TCP: %w", err)
		}
	}
	if err := config.RestrictScoped(); err != nil {
		return 0, fmt.Errorf("landlock scopes: %w", err)
	}
	return native.LandlockVersion, nil
}

// pins are files that are held so that a rule is on what was looked at. Without a wrapper
// another process of the program's user can put a link in the place of a path at any time.
type pins struct{ fds []int }

// pin opens a path, which has to lead to itself, and gives a name for what was opened.
func (p *pins) pin(path string) (string, uint32, error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", 0, err
	}
	p.fds = append(p.fds, fd)
	name := "/proc/self/fd/" + strconv.Itoa(fd)
	found, err := os.Readlink(name)
	if err != nil {
		return "", 0, err
	}
	if found != path {
		return "", 0, fmt.Errorf("it leads to %s", found)
	}
	var st unix.Stat_t
	err = unix.Fstat(fd, &st)
	return name, st.Mode, err
}

func (p *pins) release() {
	for _, fd := range p.fds {
		_ = unix.Close(fd)
	}
}
