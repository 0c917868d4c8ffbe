//go:build linux

package runner

import (
	"net/netip"
	"os"
	"strings"
)

// hostsNames are the names of a hosts(5) file, in lower case, by their addresses. A file that
// cannot be read has none.
func hostsNames(path string) map[netip.Addr][]string {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	names := map[netip.Addr][]string{}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		ip, err := netip.ParseAddr(fields[0])
		if err != nil {
			continue
		}
		for _, name := range fields[1:] {
			names[ip.Unmap()] = append(names[ip.Unmap()], strings.ToLower(strings.TrimSuffix(name, ".")))
		}
	}
	return names
}
