package syscalls

import (
	"cmp"
	"slices"
	"strings"
)

// longestSuggestion is the longest word that suggestions are sought for.
const longestSuggestion = 40

// nearest returns up to three of names that are most like name, the best first.
func nearest(name string, names []string) []string {
	if len(name) > longestSuggestion {
		return nil
	}
	type candidate struct {
		name     string
		distance int
	}
	var candidates []candidate
	for _, other := range names {
		distance := EditDistance(name, other)
		// The C library's name is often a part of the kernel's: sigaction and
		// rt_sigaction, fstatat and newfstatat.
		partOf := len(name) >= 4 && strings.Contains(other, name)
		if partOf || distance <= 1+len(name)/5 {
			candidates = append(candidates, candidate{other, distance})
		}
	}
	slices.SortFunc(candidates, func(x, y candidate) int {
		return cmp.Or(cmp.Compare(x.distance, y.distance), strings.Compare(x.name, y.name))
	})
	var best []string
	for _, c := range candidates[:min(3, len(candidates))] {
		best = append(best, c.name)
	}
	return best
}

// EditDistance counts the insertions, deletions, substitutions and swaps of
// neighbours that turn x into y (optimal string alignment, over bytes).
func EditDistance(x, y string) int {
	before := make([]int, len(y)+1)
	last := make([]int, len(y)+1)
	row := make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			substitution := last[j-1]
			if x[i-1] != y[j-1] {
				substitution++
			}
			row[j] = min(substitution, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}
