package syscalls

import (
	"cmp"
	"slices"
	"strings"
)

// nearest returns up to three system calls of a whose names are most like name.
func nearest(name string, a Arch) []string {
	type candidate struct {
		name     string
		distance int
	}
	var candidates []candidate
	for _, entry := range a.table() {
		distance := editDistance(name, entry.name)
		// The C library's name is often a part of the kernel's: sigaction and
		// rt_sigaction, fstatat and newfstatat.
		partOf := len(name) >= 4 && strings.Contains(entry.name, name)
		if partOf || distance <= 1+len(name)/5 {
			candidates = append(candidates, candidate{entry.name, distance})
		}
	}
	slices.SortFunc(candidates, func(x, y candidate) int {
		return cmp.Or(cmp.Compare(x.distance, y.distance), strings.Compare(x.name, y.name))
	})
	var names []string
	for _, c := range candidates[:min(3, len(candidates))] {
		names = append(names, c.name)
	}
	return names
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
