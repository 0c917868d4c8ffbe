package policy

import (
	"strings"

	"confine/policy/syscalls"
)

// longestSuggestion is the longest word that a spelling suggestion is sought for.
const longestSuggestion = 40

// nearest gives the candidate that word most likely misspells: the one at the
// smallest edit distance, if that is small against the length of the word. Ties
// go to the earlier candidate.
func nearest(word string, candidates []string) (string, bool) {
	if word == "" || len(word) > longestSuggestion {
		return "", false
	}
	folded := strings.ReplaceAll(strings.ToLower(word), "-", "_")
	best, bestDistance := "", 1+max(1, len(word)/3)
	for _, c := range candidates {
		if d := syscalls.EditDistance(folded, strings.ToLower(c)); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best, best != ""
}
