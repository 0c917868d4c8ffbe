package main

import (
	"fmt"
	"strings"

	"confine/policy"
)

// changeReport is what a policy's own file does to an entry that its bases give.
type changeReport struct {
	// Change is "replaces", "repeats" or "removes".
	Change string `json:"change"`
	Table  string `json:"table"`
	Key    string `json:"key"`
	// Was and WasAt are the entry of the bases, Value and At what stands in its place.
	Was   string           `json:"was,omitempty"`
	WasAt *policy.Position `json:"was_at"`
	Value string           `json:"value,omitempty"`
	At    *policy.Position `json:"at,omitempty"`
}

// changesOf compares the entries of a policy with those that its bases give without it.
func changesOf(entries, inherited []entryReport) []changeReport {
	changes := []changeReport{}
	now := map[string]entryReport{}
	for _, e := range entries {
		now[e.identity()] = e
	}
	for _, was := range inherited {
		e, still := now[was.identity()]
		change := changeReport{Change: "replaces", Table: was.Table, Key: was.Key, Was: was.Value, WasAt: was.At, Value: e.Value, At: e.At}
		switch {
		case was.At == nil, still && e.At != nil && *e.At == *was.At:
			continue // a default, or the entry itself
		case !still || e.At == nil:
			change.Change, change.Value, change.At = "removes", "", nil
		case e.Key != was.Key:
			change.Value = strings.TrimSpace(e.Key + " " + e.Value)
		case e.Value == was.Value && e.Note == was.Note && !(e.Table == "environment" && e.Key == "set"): // whose values are not shown
			change.Change = "repeats"
		}
		changes = append(changes, change)
	}
	return changes
}

// identity is what two entries have in common of which one replaces the other.
func (e entryReport) identity() string {
	switch {
	case e.Table == "filesystem" && e.Key == "links":
		from, _, _ := strings.Cut(e.Value, " -> ")
		return "links " + from
	case e.Table == "filesystem" && strings.HasPrefix(e.Value, "/"):
		return "path " + strings.TrimSuffix(e.Value, "?")
	case e.Table == "environment":
		return "variable " + e.Value
	case e.Table == "accept":
		backend, _, _ := strings.Cut(e.Note, ",")
		return "accept " + e.Key + " " + backend
	case e.Table == "network" && (e.Key == "egress" || e.Key == "private"),
		e.Table == "syscalls" && (e.Key == "allow" || e.Key == "deny" || e.Key == "rule"), e.Table == "capabilities":
		return e.Table + " " + e.Key + " " + e.Value
	}
	return e.Table + " " + e.Key
}

// changesText lists the changes under the policy's entries.
func changesText(file string, changes []changeReport) string {
	if len(changes) == 0 {
		return ""
	}
	var out strings.Builder
	fmt.Fprintf(&out, "\nwhat %s changes in what it extends\n", visible(file))
	for _, c := range changes {
		line := strings.TrimSpace(fmt.Sprintf("[%s] %s %s", c.Table, c.Key, c.Was)) + ", " + c.WasAt.String()
		out.WriteString(paragraph("  "+pad(c.Change, len("replaces"))+"  ", line))
		if c.At != nil && c.Change == "replaces" {
			out.WriteString(paragraph("    by      ", c.Value+", "+c.At.String()))
		}
	}
	return out.String()
}
