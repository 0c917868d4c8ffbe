package policy

import (
	"regexp"
	"sort"
	"strings"
)

// showable reports whether diagnostics may show the value of a key. Values of
// environment.set are secrets; so is the value of a key that the language does
// not know, since it may be environment.set misspelt or under a lost header.
func showable(path []string) bool {
	switch {
	case len(path) == 0:
		return true
	case !known("", path[0]):
		return false
	case len(keysOf[path[0]]) == 0 || len(path) == 1:
		return path[0] != "environment"
	case len(path) > 2 && path[0] == "syscalls" && path[1] == "rule":
		return known("syscalls.rule", path[2])
	case path[0] == "environment":
		// The names that remove.set lists are shown, and nothing below them.
		return path[1] != "set" && known("environment", path[1]) && len(path) <= 3
	default:
		return known(path[0], path[1])
	}
}

// secretsOf gives the spans of a document that no diagnostic may show.
func secretsOf(doc scanned, text string) []span {
	var secrets []span
	var walk func(n *node, path []string)
	walk = func(n *node, path []string) {
		for _, m := range n.members {
			walk(m.value, append(path[:len(path):len(path)], m.name))
			// So is "NAME=VALUE" where a name should be.
			if len(path) > 0 && path[0] == tableEnvironment && strings.Contains(m.name, "=") {
				secrets = append(secrets, m.key)
			}
		}
		for _, item := range n.items {
			walk(item, path)
		}
		// NAME=VALUE in environment.pass is a value in the wrong place.
		assigned := n.kind == kindString && len(path) > 0 && path[0] == "environment" &&
			strings.Contains(text[n.at.start:n.at.end], "=")
		// A table is hidden value by value, so that its keys are shown; not where a
		// value should be: a lost bracket may have made a key of it.
		whole := n.kind != kindTable || n.closed && len(path) > 2
		if assigned || whole && !showable(path) {
			secrets = append(secrets, n.at)
		}
	}
	walk(doc.root, nil)
	for _, d := range doc.duplicates {
		if d.value != nil {
			walk(d.value, d.path)
		}
	}
	for _, lost := range doc.lost {
		walk(lost, []string{""})
	}
	return disjoint(secrets)
}

// environmentWord finds what stands before every value of environment.set, also
// where one of its letters is missing or wrong.
var environmentWord = regexp.MustCompile(`(?i)env|iron|\bset`)

// malformedSecret gives what to hide of a document that is not TOML, on top of
// what was understood. A lost quote turns strings inside out and a lost bracket
// swallows a header, so no key after that point can be trusted to be what it
// seems: everything from the first line on that may speak of the environment is
// hidden, and everything after a failure under a key that may not be shown.
func malformedSecret(doc scanned, text string) span {
	from := len(text)
	if at := environmentWord.FindStringIndex(text); at != nil {
		from = at[0]
	}
	if f := doc.failure; f != nil && !showable(f.path) {
		from = min(from, f.at)
	}
	return span{strings.LastIndexByte(text[:from], '\n') + 1, len(text)}
}

// disjoint sorts spans and merges those that overlap.
func disjoint(spans []span) []span {
	sort.Slice(spans, func(i, j int) bool { return spans[i].start < spans[j].start })
	var out []span
	for _, s := range spans {
		if s.end <= s.start {
			continue
		}
		if n := len(out); n > 0 && s.start < out[n-1].end {
			out[n-1].end = max(out[n-1].end, s.end)
			continue
		}
		out = append(out, s)
	}
	return out
}
