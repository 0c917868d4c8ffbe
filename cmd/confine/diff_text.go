package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"confine/policy"
)

// firstCalls is how many names of many system calls are shown to people.
const firstCalls = 3

// about is what a row is about, in words for people; of a limit with its new value.
func (row diffRow) about() string {
	switch {
	case row.Backend != "":
		return strings.TrimSpace(row.Backend + " " + row.Clause)
	case row.Kinds[0] == "accept":
		return strings.TrimPrefix(row.Subject, "accept ") + " " + row.Clause
	case len(row.Calls) > 0:
		var names []string
		for _, call := range row.Calls[:min(firstCalls, len(row.Calls))] {
			names = append(names, call.Name)
		}
		if len(row.Calls) > firstCalls {
			names = append(names, "...")
		}
		return count(len(row.Calls), "call", "calls") + ": " + strings.Join(names, ", ")
	case row.isValue():
		return row.Subject + " " + row.Now
	}
	return row.Subject
}

// isValue reports whether the row is about one value, and not about an entry of a list.
func (row diffRow) isValue() bool {
	if tableOf(row.Clause) == "rlimits" || tableOf(row.Clause) == "process" {
		return true
	}
	return slices.Contains([]string{
		policy.ClauseNetworkMode, policy.ClauseNetworkFronting, policy.ClauseNetworkMaxBytes, policy.ClauseNetworkMaxConnections,
		policy.ClauseSyscallsOnDeny,
	}, row.Clause)
}

// before is what was, and what is where an example or the row itself does not tell.
func (row diffRow) before() string {
	was := "was " + cmp.Or(row.brief, row.Was)
	switch {
	case row.Verdict == verdictUnknown:
		return "not compared: " + row.Now
	case row.Verdict == verdictRefuses:
		return was + ", now refused: " + row.Now
	case len(row.Examples) > 0 || len(row.Calls) > 0 || row.isValue() && row.Kinds[0] != "accept":
		return was
	}
	return was + ", now " + row.Now
}

// shown is the access that shows the difference: the last of them, since to execute a
// file is more than to read it; empty where the row itself says as much.
func (row diffRow) shown() string {
	switch {
	case row.Undecided:
		return "not decided"
	case len(row.Examples) == 0 || row.isValue():
		return ""
	}
	last := row.Examples[len(row.Examples)-1]
	if last == strings.Join(row.Kinds, "+")+" "+row.Subject {
		return ""
	}
	return "e.g. " + last
}

// place is where the entry stands that makes the difference, or stood.
func (row diffRow) place() string {
	switch {
	case row.NowAt != nil:
		return row.NowAt.String()
	case row.WasAt != nil:
		return row.WasAt.String()
	}
	return ""
}

func (r diffReport) text() string {
	// Cells that are longer than most get lines of their own.
	const longSubject, longBefore = 34, 32
	verdictWidth, kindWidth, aboutWidth, beforeWidth := 0, 0, 0, 0
	for _, row := range r.Changes {
		verdictWidth = max(verdictWidth, len(row.Verdict))
		kindWidth = max(kindWidth, len(strings.Join(row.Kinds, "+")))
		if n := utf8.RuneCountInString(row.about()); n <= longSubject {
			aboutWidth = max(aboutWidth, n)
		}
		if n := utf8.RuneCountInString(row.before()); n <= longBefore {
			beforeWidth = max(beforeWidth, n)
		}
	}
	var out strings.Builder
	for _, row := range r.Changes {
		first := pad(row.Verdict, verdictWidth) + "  " + pad(strings.Join(row.Kinds, "+"), kindWidth) + "  "
		out.WriteString(row.lines(first, aboutWidth, beforeWidth))
	}
	return out.String() + r.verdict() + "\n"
}

// lines is one row: on one line where it fits, and otherwise what does not fit below what
// it is about.
func (row diffRow) lines(first string, aboutWidth, beforeWidth int) string {
	about, before := visible(row.about()), visible(row.before())
	rest := strings.TrimSpace(visible(row.shown() + "  " + row.place()))
	for _, width := range []int{beforeWidth, 0} {
		line := strings.TrimRight(first+pad(about, aboutWidth)+"  "+pad(before, width)+"  "+rest, " ")
		if utf8.RuneCountInString(line) <= columns {
			return line + "\n"
		}
	}
	indent := strings.Repeat(" ", len(first))
	out := paragraph(first, about) + paragraph(indent, before)
	for _, width := range []int{0, aboutWidth} {
		if line := first + pad(about, width) + "  " + before; utf8.RuneCountInString(line) <= columns {
			out = line + "\n"
		}
	}
	if rest == "" {
		return out
	}
	if line := indent + rest; utf8.RuneCountInString(line) <= columns {
		return out + line + "\n"
	}
	for _, part := range []string{row.shown(), row.place()} {
		if part != "" {
			out += fmt.Sprintf("%s%s\n", indent, visible(part))
		}
	}
	return out
}
