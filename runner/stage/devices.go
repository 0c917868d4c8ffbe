//go:build linux

package stage

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"confine/compiler"
	"confine/policy"
)

// deviceLinks lead to /proc/self/fd, where the descriptor decides.
var deviceLinks = []string{"fd", "stdin", "stdout", "stderr"}

// SharedMemory is the directory of shm_open(3), which dev = "minimal" gives empty.
const SharedMemory = "/dev/shm"

// checkSharedMemory shows that the program shares no memory with the host.
func checkSharedMemory(order *Order) []Check {
	e := order.Expectation
	if e.Dev != policy.DevMinimal {
		return nil
	}
	shm := compiler.PathExpectation{PathEntry: policy.PathEntry{Path: SharedMemory, Mode: policy.ModeTmp, At: e.DevAt}}
	checks := []Check{checkMount(shm, PathControl{}), checkPrivate(shm, order)}
	for i := range checks {
		checks[i].Clause = "filesystem.dev"
	}
	return checks
}

// listDevices names what the wrapper left in /dev, before Landlock closes it.
func listDevices() []string {
	entries, err := os.ReadDir("/dev")
	if err != nil {
		return nil
	}
	var names []string
	for _, entry := range entries {
		if !slices.Contains(deviceLinks, entry.Name()) {
			names = append(names, entry.Name())
		}
	}
	return names
}

// checkDevices opens every device under Landlock: those of the policy must open,
// all others must not.
func checkDevices(e compiler.Expectation, names []string) Check {
	c := Check{
		Clause: "filesystem.dev", Subject: "/dev", At: e.DevAt,
		Expected: "nothing but the devices of " + string(e.Dev), Status: Proven,
	}
	c.Found = c.Expected
	allowed := func(name string) bool {
		return e.Dev == policy.DevMinimal && slices.ContainsFunc(e.Landlock, func(r compiler.LandlockRule) bool {
			return r.Path == "/dev/"+name
		})
	}
	var wrong []string
	for _, name := range names {
		open := deviceOpens(filepath.Join("/dev", name))
		if open && e.Dev == policy.DevMinimal && !isDevice(name) {
			wrong = append(wrong, name+" is another device")
		}
		// Without a controlling terminal /dev/tty is there and answers ENXIO.
		if open != allowed(name) {
			wrong = append(wrong, fmt.Sprintf("%s open: %t", name, open))
		}
	}
	if len(wrong) > 0 {
		c.Found, c.Status = strings.Join(wrong, ", "), Failed
	}
	return c
}

// deviceNumbers are those of Documentation/admin-guide/devices.txt in the kernel.
var deviceNumbers = map[string]uint64{
	"null": unix.Mkdev(1, 3), "zero": unix.Mkdev(1, 5), "full": unix.Mkdev(1, 7),
	"random": unix.Mkdev(1, 8), "urandom": unix.Mkdev(1, 9), "tty": unix.Mkdev(5, 0),
}

// isDevice reports whether a name in /dev is the device that it should be. Of
// names without a number there is nothing to say.
func isDevice(name string) bool {
	number, known := deviceNumbers[name]
	var st unix.Stat_t
	return !known || unix.Stat(filepath.Join("/dev", name), &st) == nil &&
		st.Mode&unix.S_IFMT == unix.S_IFCHR && uint64(st.Rdev) == number //nolint:unconvert // see controlPath
}

func deviceOpens(path string) bool {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err == nil {
		_ = unix.Close(fd)
	}
	return err == nil || err == unix.ENXIO
}
