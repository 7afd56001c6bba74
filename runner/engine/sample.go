package engine

import (
	"math/rand/v2"
	"slices"

	"github.com/llamaeval/llamaeval/kernels/ref"
	"github.com/llamaeval/llamaeval/model"
)

// choose picks the next token and gives its natural-log probability under
// the model (not under the sampling distribution).
func (g *Generation) choose(o model.Output, step int) (int32, float64) {
	if g.Temperature <= 0 {
		return o.Argmax, o.ArgmaxLogProb
	}
	token := g.draw(o.Logits, step)
	return token, float64(o.Logits[token]) - o.LogSumExp
}

// draw samples from the softmax at the generation's temperature, cut to the
// smallest set of most likely tokens whose mass reaches TopP (Holtzman et
// al., 2020, arXiv 1904.09751). The draw is a function of logits, seed and
// step alone.
func (g *Generation) draw(logits []float32, step int) int32 {
	order := make([]int32, len(logits))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		switch {
		case logits[a] > logits[b]:
			return -1
		case logits[a] < logits[b]:
			return 1
		}
		return int(a - b)
	})
	mass := make([]float64, len(order))
	total := 0.0
	for i, t := range order {
		mass[i] = ref.Exp64((float64(logits[t]) - float64(logits[order[0]])) / g.Temperature)
		total += mass[i]
	}
	kept, sum := len(order), 0.0
	if g.TopP > 0 && g.TopP < 1 {
		for i := range mass {
			if sum += mass[i]; sum >= g.TopP*total {
				kept = i + 1
				break
			}
		}
	} else {
		sum = total
	}
	// The multiplier (2^64 / golden ratio) spreads steps over the seed space.
	// The conversion keeps product and difference from being fused.
	u := float64(rand.New(rand.NewPCG(g.Seed[0], g.Seed[1]^uint64(step)*0x9e3779b97f4a7c15)).Float64() * sum)
	for i, m := range mass[:kept] {
		if u -= m; u < 0 {
			return order[i]
		}
	}
	return order[kept-1]
}
