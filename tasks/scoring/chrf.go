package scoring

import (
	"strings"
	"unicode/utf8"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// chrF (M. Popović, WMT 2015) and chrF++ (WMT 2017) as sacrebleu computes
// them: F with recall weighted twice, over character n-grams up to six with
// blanks left out, and for chrF++ over words and pairs of words beside.
type chrF struct{ words int } // highest order of word n-grams

const (
	chrfOrder = 6
	chrfWords = 2
	chrfBeta2 = 4.0 // the square of recall's weight
)

func (c chrF) orders() int { return chrfOrder + c.words }

// segment counts the n-grams of the prediction, of a reference, and of both,
// by order. Of several references the one with the highest F counts.
func (c chrF) segment(prediction string, references []string) []float64 {
	hyp := c.ngrams(prediction)
	var best []float64
	score := -1.0
	for _, r := range references {
		ref := c.ngrams(r)
		counts := make([]float64, 3*c.orders())
		for n := range ref {
			if len(ref[n]) > 0 { // without such n-grams in the reference none is asked for
				counts[n] = float64(size(hyp[n]))
			}
			counts[c.orders()+n] = float64(size(ref[n]))
			counts[2*c.orders()+n] = float64(overlap(hyp[n], ref[n]))
		}
		if f := c.value(counts); f > score {
			best, score = counts, f
		}
	}
	return best
}

// value is F of the precision and the recall, each the mean over the orders
// that both sides have, 0 to 100.
func (c chrF) value(totals []float64) float64 {
	n := c.orders()
	var precision, recall, orders float64
	for i := range n {
		hyp, ref, match := totals[i], totals[n+i], totals[2*n+i]
		if hyp > 0 && ref > 0 {
			precision += match / hyp
			recall += match / ref
			orders++
		}
	}
	if precision+recall == 0 {
		return 0
	}
	precision, recall = precision/orders, recall/orders
	return 100 * ((1 + chrfBeta2) * precision * recall / (chrfBeta2*precision + recall))
}

// ngrams counts a text's n-grams by order: characters, then words.
func (c chrF) ngrams(s string) []map[string]int {
	words := py.Split(s, "")
	chars := strings.Split(strings.Join(words, ""), "")
	out := make([]map[string]int, 0, c.orders())
	for n := 1; n <= chrfOrder; n++ {
		out = append(out, countNgrams(chars, n, ""))
	}
	if c.words > 0 {
		words = cutPunctuation(words)
	}
	for n := 1; n <= c.words; n++ {
		out = append(out, countNgrams(words, n, " "))
	}
	return out
}

// cutPunctuation sets the last character of a word apart when it is a
// punctuation mark, else the first.
func cutPunctuation(words []string) []string {
	var out []string
	for _, w := range words {
		last := w[len(w)-1:]
		switch {
		case utf8.RuneCountInString(w) == 1:
			out = append(out, w)
		case strings.Contains(asciiPunctuation, last):
			out = append(out, w[:len(w)-1], last)
		case strings.Contains(asciiPunctuation, w[:1]):
			out = append(out, w[:1], w[1:])
		default:
			out = append(out, w)
		}
	}
	return out
}

func size(counts map[string]int) int {
	n := 0
	for _, count := range counts {
		n += count
	}
	return n
}
