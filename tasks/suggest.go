package tasks

import (
	"slices"
	"strings"
)

// didYouMean is a closing remark with the nearest of the known names, or
// nothing when none is near.
func didYouMean(name string, known []string) string {
	near := nearest(name, known, 3)
	if len(near) == 0 {
		return ""
	}
	return " (did you mean " + strings.Join(near, ", ") + "?)"
}

// nearest returns up to n known names within a third of the name's length by
// edit distance, nearest first. A name that goes on where the given one ends
// counts as one edit.
func nearest(name string, known []string, n int) []string {
	type candidate struct {
		name     string
		distance int
	}
	limit := max(1, len(name)/3)
	var found []candidate
	for _, k := range known {
		if len(name) >= 4 && strings.HasPrefix(k, name) {
			found = append(found, candidate{k, 1})
			continue
		}
		if d := len(k) - len(name); d > limit || d < -limit {
			continue
		}
		if e := editDistance(strings.ToLower(name), strings.ToLower(k)); e <= limit {
			found = append(found, candidate{k, e})
		}
	}
	slices.SortFunc(found, func(a, b candidate) int {
		if a.distance != b.distance {
			return a.distance - b.distance
		}
		return strings.Compare(a.name, b.name)
	})
	var out []string
	for _, c := range found[:min(n, len(found))] {
		out = append(out, c.name)
	}
	return out
}

// editDistance counts insertions, deletions, replacements and swaps of
// neighbours (optimal string alignment), in bytes.
func editDistance(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
