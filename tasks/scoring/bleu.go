package scoring

import (
	"math"
	"regexp"
	"strings"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// BLEU (K. Papineni et al., ACL 2002) as sacrebleu computes it by default:
// n-grams up to four, mteval-v13a's tokens, exponential smoothing.

const bleuOrder = 4

// bleuSegment counts tokens of the prediction and of the reference closest in
// length, then matching and all n-grams of the prediction, by order.
func bleuSegment(prediction string, references []string) []float64 {
	tokens := tokens13a(prediction)
	best := make([]map[string]int, bleuOrder) // per order, the most often any reference has each n-gram
	for n := range best {
		best[n] = map[string]int{}
	}
	closest := -1
	for _, r := range references {
		words := tokens13a(r)
		d, known := abs(len(words)-len(tokens)), abs(closest-len(tokens))
		if closest < 0 || d < known || d == known && len(words) < closest {
			closest = len(words)
		}
		for n := range best {
			for k, count := range countNgrams(words, n+1, " ") {
				best[n][k] = max(best[n][k], count)
			}
		}
	}
	out := make([]float64, 2+2*bleuOrder)
	out[0], out[1] = float64(len(tokens)), float64(closest)
	for n := range best {
		out[2+n] = float64(overlap(countNgrams(tokens, n+1, " "), best[n]))
		out[2+bleuOrder+n] = float64(max(len(tokens)-n, 0))
	}
	return out
}

// bleuValue is BLEU of a corpus, 0 to 100. An order without a match counts as
// half, a quarter, ... of one n-gram (C.-Y. Lin and F. J. Och, COLING 2004;
// NIST's smoothing); an order without any n-gram makes it 0.
func bleuValue(totals []float64) float64 {
	hyp, ref := totals[0], totals[1]
	matches, all := totals[2:2+bleuOrder], totals[2+bleuOrder:]
	if sum(matches) == 0 {
		return 0
	}
	logs, smooth := 0.0, 1.0
	for n := range matches {
		switch {
		case all[n] == 0:
			return 0
		case matches[n] == 0:
			smooth *= 2
			logs += math.Log(100 / (smooth * all[n]))
		default:
			logs += math.Log(100 * matches[n] / all[n])
		}
	}
	brevity := 1.0
	if hyp < ref {
		brevity = math.Exp(1 - ref/hyp)
	}
	return brevity * math.Exp(logs/bleuOrder)
}

// The rules of mteval-v13a.pl, in order: punctuation stands alone, except
// dots and commas within numbers and dashes that no digit precedes.
var rules13a = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`([{-~\[-` + "`" + ` -&(-+:-@/])`), " $1 "},
	{regexp.MustCompile(`([^0-9])([.,])`), "$1 $2 "},
	{regexp.MustCompile(`([.,])([^0-9])`), " $1 $2"},
	{regexp.MustCompile(`([0-9])(-)`), "$1 $2 "},
}

var entities13a = []string{"&quot;", `"`, "&amp;", "&", "&lt;", "<", "&gt;", ">"}

// tokens13a splits a text as mteval-v13a.pl does.
func tokens13a(s string) []string {
	s = py.RStrip(s, "")
	for _, pair := range [][2]string{{"<skipped>", ""}, {"-\n", ""}, {"\n", " "}} {
		s = strings.ReplaceAll(s, pair[0], pair[1])
	}
	for i := 0; i < len(entities13a); i += 2 { // one after the other: &amp;lt; ends as <
		s = strings.ReplaceAll(s, entities13a[i], entities13a[i+1])
	}
	s = " " + s + " "
	for _, r := range rules13a {
		s = r.pattern.ReplaceAllString(s, r.with)
	}
	return py.Split(s, "")
}

func abs(n int) int { return max(n, -n) }
