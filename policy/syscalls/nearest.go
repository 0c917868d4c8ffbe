package syscalls

import (
	"cmp"
	"slices"
	"strings"
)

// nearest returns up to three of names that are most like name, the best first.
func nearest(name string, names []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	var candidates []candidate
	for _, other := range names {
		distance := editDistance(name, other)
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

// editDistance is the Levenshtein distance between x and y in bytes.
func editDistance(x, y string) int {
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(x) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(y) {
			substitution := diagonal
			if x[i] != y[j] {
				substitution++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitution, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(y)]
}
