//go:build linux

package stage

import (
	"slices"
	"strconv"
	"strings"
)

// mount is a line of proc_pid_mountinfo(5): what of a device is at a point, and the flags of
// the mount itself, which are not those of the file system.
type mount struct {
	device, root, point string
	flags               []string
}

func (m mount) has(flag string) bool { return slices.Contains(m.flags, flag) }

// parseMounts reads the text of that file. A line without all the fields is none.
func parseMounts(mountinfo string) []mount {
	var mounts []mount
	for _, line := range strings.Split(mountinfo, "\n") {
		if fields := strings.Fields(line); len(fields) >= 6 {
			mounts = append(mounts, mount{fields[2], UnescapeMount(fields[3]), UnescapeMount(fields[4]), strings.Split(fields[5], ",")})
		}
	}
	return mounts
}

// UnescapeMount gives a path of proc_pid_mountinfo(5), where blanks and backslashes are
// octal.
func UnescapeMount(path string) string {
	for from := 0; ; {
		i := strings.IndexByte(path[from:], '\\')
		if i < 0 || from+i+4 > len(path) {
			return path
		}
		i += from
		if code, err := strconv.ParseUint(path[i+1:i+4], 8, 8); err == nil {
			path = path[:i] + string([]byte{byte(code)}) + path[i+4:]
		}
		from = i + 1
	}
}
