package lint_test

import (
	"slices"
	"strings"
	"testing"

	"confine/policy/lint"
)

func TestLimitFindings(t *testing.T) {
	const rest = "core = 0\nnproc = 256\nnofile = 1024\nas = \"4GiB\"\n"
	for name, tt := range map[string]struct {
		tables string
		want   []string
	}{
		"none":                {"", []string{"CF401", "CF402", "CF403", "CF404"}},
		"good":                {"[rlimits]\n" + rest, nil},
		"core":                {"[rlimits]\n" + strings.Replace(rest, "core = 0", "core = 1", 1), []string{"CF401"}},
		"processes":           {"[rlimits]\n" + strings.Replace(rest, "nproc = 256", "", 1) + "[process]\npids = 256", nil},
		"memory":              {"[rlimits]\n" + strings.Replace(rest, "as = \"4GiB\"", "", 1) + "[process]\nmemory = \"2GiB\"", nil},
		"deadly, once":        {"[rlimits]\n" + strings.Replace(rest, "4GiB", "30MiB", 1), []string{"CF405"}},
		"small, once":         {"[rlimits]\n" + strings.Replace(rest, "4GiB", "31MiB", 1), []string{"CF410"}},
		"small for some":      {"[rlimits]\n" + strings.Replace(rest, "4GiB", "300MiB", 1), []string{"CF411"}},
		"enough":              {"[rlimits]\n" + strings.Replace(rest, "4GiB", "688MiB", 1), nil},
		"files":               {"[rlimits]\nfsize = \"16MiB\"\n" + rest, nil},
		"small files":         {"[rlimits]\nfsize = 16777215\n" + rest, []string{"CF407"}},
		"processor":           {"[rlimits]\ncpu = \"15m\"\n" + rest + "[process]\nwall_time = \"1h\"", nil},
		"short of processor":  {"[rlimits]\ncpu = \"14m\"\n" + rest + "[process]\nwall_time = \"1h\"", []string{"CF406"}},
		"no end but by cpu":   {"[rlimits]\ncpu = \"14m\"\n" + rest, nil},
		"seconds":             {"[rlimits]\ncpu = 3\n" + rest, []string{"CF410"}},
		"all ids":             {"[rlimits]\n" + strings.Replace(rest, "256", "4194304", 1), nil},
		"more than all ids":   {"[rlimits]\n" + strings.Replace(rest, "256", "4194305", 1), []string{"CF408"}},
		"all addresses":       {"[rlimits]\n" + strings.Replace(rest, "4GiB", "128TiB", 1), []string{"CF408"}},
		"what everybody has":  {"[rlimits]\nnice = 20\nrtprio = 0\nmemlock = \"8MiB\"\nmsgqueue = \"800KiB\"\n" + rest, nil},
		"priority and memory": {"[rlimits]\nnice = 21\nrtprio = 1\nmemlock = \"9MiB\"\n" + rest, []string{"CF409", "CF409", "CF409"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, f := range findings(t, lint.Linter{}, "schema = 1\nname = \"acme\"\n"+tt.tables+"\n") {
				if strings.HasPrefix(f.Rule.Code, "CF4") || f.Rule.Code == "CF001" {
					got = append(got, f.Rule.Code)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, tt.want) {
				t.Errorf("%q\nexpected %q", got, tt.want)
			}
		})
	}
}
