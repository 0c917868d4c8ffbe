package policy

import "sort"

// ResolveLinks gives the real path that a clean, absolute path means under the
// links of the policy: with /bin to /usr/bin, "/bin/x" is "/usr/bin/x". It knows
// only the links of the policy, and no file of the host.
func (f *Filesystem) ResolveLinks(path string) string {
	// Parse refuses links that lead through links, so every step uses up a part of
	// the path; the bound only guards policies that were not parsed.
	for range maxPath {
		next, _, ok := f.resolveOnce(path)
		if !ok {
			break
		}
		path = next
	}
	return path
}

// resolveOnce follows the link nearest to the root that a path goes through.
func (f *Filesystem) resolveOnce(path string) (string, Link, bool) {
	for end := 1; end <= len(path); end++ {
		if end < len(path) && path[end] != '/' {
			continue
		}
		from := path[:end]
		i := sort.Search(len(f.Links), func(i int) bool { return f.Links[i].From >= from })
		if i < len(f.Links) && f.Links[i].From == from {
			return f.Links[i].To + path[end:], f.Links[i], true
		}
	}
	return path, Link{}, false
}
