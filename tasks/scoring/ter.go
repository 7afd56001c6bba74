package scoring

import (
	"slices"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// TER (M. Snover et al., AMTA 2006) as sacrebleu computes it by default:
// edits and shifts of words after lower-casing, in the manner of Tercom.

const (
	maxShiftWords      = 10   // longest sequence that is shifted
	maxShiftDistance   = 50   // between its places on both sides
	maxShiftCandidates = 1000 // tried for one text
)

// terSegment counts the edits to the reference that needs the fewest, and the
// mean length of the references in words.
func terSegment(prediction string, references []string) []float64 {
	hyp := terWords(prediction)
	edits, length := -1, 0
	for _, r := range references {
		words := terWords(r)
		if n := translationEdits(hyp, words); edits < 0 || n < edits {
			edits = n
		}
		length += len(words)
	}
	return []float64{float64(edits), float64(length) / float64(len(references))}
}

// terValue is TER of a corpus: edits per 100 words of the references.
func terValue(totals []float64) float64 {
	switch edits, length := totals[0], totals[1]; {
	case length > 0:
		return 100 * (edits / length)
	case edits > 0:
		return 100
	}
	return 0
}

func terWords(s string) []string { return py.Split(py.Lower(s), "") }

// translationEdits is the number of edits and shifts that make ref of hyp:
// the best shift is taken for as long as one saves edits.
func translationEdits(hyp, ref []string) int {
	if len(ref) == 0 {
		return len(hyp)
	}
	s := shifting{ref: ref, distance: newEditDistance(ref)}
	shifts := 0
	for {
		next, saved := s.best(hyp)
		if s.tried >= maxShiftCandidates || saved <= 0 {
			break
		}
		shifts++
		hyp = next
	}
	edits, _ := s.distance.to(hyp)
	return shifts + edits
}

// shifting is the search for shifts of one text.
type shifting struct {
	ref      []string
	distance *editDistance
	tried    int
}

// A shift moves length words of the text from one place to before another.
type shift struct{ saved, from, length, to int }

// better is Tercom's order: edits saved, then the longest, then the earliest
// from, then the earliest to.
func (a shift) better(b shift) bool {
	switch {
	case a.saved != b.saved:
		return a.saved > b.saved
	case a.length != b.length:
		return a.length > b.length
	case a.from != b.from:
		return a.from < b.from
	}
	return a.to < b.to
}

// best tries the shifts of words that are wrong where they stand to where the
// reference has them, and returns the text after the best one.
func (s *shifting) best(hyp []string) ([]string, int) {
	before, edits := s.distance.to(hyp)
	a := alignWords(edits)
	var best *shift
	var moved []string
	try := func(c shift) {
		words := c.apply(hyp)
		after, _ := s.distance.to(words)
		c.saved = before - after
		s.tried++
		if best == nil || c.better(*best) {
			best, moved = &c, words
		}
	}
	for from := range hyp {
		for at := max(0, from-maxShiftDistance); at < min(len(s.ref), from+maxShiftDistance+1); at++ {
			for length, most := 1, s.common(hyp[from:], at); length <= most; length++ {
				if !a.worth(from, at, length) {
					continue
				}
				for _, to := range a.targets(at, length) {
					try(shift{from: from, length: length, to: to})
				}
				if s.tried >= maxShiftCandidates {
					return moved, best.saved
				}
			}
		}
	}
	if best == nil {
		return hyp, 0
	}
	return moved, best.saved
}

// common is how many words of the text equal those of the reference from at.
func (s *shifting) common(words []string, at int) int {
	n := 0
	for n < min(len(words), len(s.ref)-at, maxShiftWords) && words[n] == s.ref[at+n] {
		n++
	}
	return n
}

// apply returns the words after the shift. to counts places before it.
func (c shift) apply(words []string) []string {
	moved := words[c.from : c.from+c.length]
	rest := slices.Concat(words[:c.from], words[c.from+c.length:])
	to := c.to // within the words themselves: so many places on
	if to > c.from+c.length {
		to -= c.length
	}
	return slices.Insert(rest, min(to, len(rest)), moved...)
}

// An alignment says where each word of the reference lies in the text, -1 for
// before all, and which words of either side are wrong.
type alignment struct {
	at               []int
	refWrong, hypBad []bool
}

func alignWords(edits []edit) alignment {
	var a alignment
	for _, e := range edits {
		if e != added {
			a.hypBad = append(a.hypBad, e != kept)
		}
		if e != dropped {
			a.refWrong = append(a.refWrong, e != kept)
			a.at = append(a.at, len(a.hypBad)-1)
		}
	}
	return a
}

// worth reports whether a shift could help: something is wrong on both sides,
// and the place it goes to is not within what is moved.
func (a alignment) worth(from, at, length int) bool {
	return slices.Contains(a.hypBad[from:from+length], true) &&
		slices.Contains(a.refWrong[at:at+length], true) &&
		(a.at[at] < from || a.at[at] >= from+length)
}

// targets are the places, counted in the text, where the words from at in the
// reference may go: behind the word before each of them.
func (a alignment) targets(at, length int) []int {
	var out []int
	for i := at - 1; i < at+length; i++ {
		to := 0
		if i >= 0 {
			to = a.at[i] + 1
		}
		if len(out) == 0 || out[len(out)-1] != to {
			out = append(out, to)
		}
	}
	return out
}
