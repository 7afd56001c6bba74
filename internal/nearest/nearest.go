// Package nearest finds the names that a mistyped one may stand for, so that
// every error about an unknown name can suggest the right one.
package nearest

import (
	"slices"
	"strings"
)

// DidYouMean is a closing remark with the nearest of the known names, or
// nothing when none is near.
func DidYouMean(name string, known []string) string {
	near := Names(name, known, 3)
	if len(near) == 0 {
		return ""
	}
	return " (did you mean " + strings.Join(near, ", ") + "?)"
}

// Names returns up to n known names within a third of the name's length by
// edit distance, nearest first. A name that goes on where the given one ends
// counts as one edit.
func Names(name string, known []string, n int) []string {
	type candidate struct {
		name     string
		distance int
	}
	limit := max(1, len(name)/3)
	var found []candidate
	for _, k := range known {
		if len(name) >= 4 && strings.HasPrefix(strings.ToLower(k), strings.ToLower(name)) {
			found = append(found, candidate{k, 1})
			continue
		}
		if d := len(k) - len(name); d > limit || d < -limit {
			continue
		}
		if e := distance(strings.ToLower(name), strings.ToLower(k)); e <= limit {
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

// Order returns the known names, those nearest to name first; equally near
// ones, and all of them when name is empty, keep their order.
func Order(name string, known []string) []string {
	out := slices.Clone(known)
	if name == "" {
		return out
	}
	far := func(k string) int {
		k, n := strings.ToLower(k), strings.ToLower(name)
		if strings.HasPrefix(k, n) || strings.HasPrefix(n, k) {
			return 1
		}
		return distance(n, k)
	}
	slices.SortStableFunc(out, func(a, b string) int { return far(a) - far(b) })
	return out
}

// distance counts insertions, deletions, replacements and swaps of
// neighbours (optimal string alignment), in bytes.
func distance(a, b string) int {
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
