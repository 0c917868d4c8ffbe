package compiler

// IgnoredByLinux says since when Linux takes a resource limit and enforces it no
// longer (setrlimit(2)), or gives "". getrlimit(2) still answers with its value.
func IgnoredByLinux(rlimit string) string {
	switch rlimit {
	case "locks":
		return "Linux ignores it since 2.4.25 (setrlimit(2))"
	case "rss":
		return "Linux ignores it since 2.4.30 (setrlimit(2))"
	}
	return ""
}
