package engine

import (
	"math/rand/v2"

	"github.com/llamaeval/llamaeval/model"
)

// choice asks for a generation's token number step after a row: the likeliest
// one, or a draw that is a function of logits, seed and step alone.
func (g *Generation) choice(row, step int) model.Output {
	o := model.Output{Row: row, Target: -1}
	if g.Temperature > 0 {
		// The multiplier (2^64 / golden ratio) spreads steps over the seed space.
		r := rand.New(rand.NewPCG(g.Seed[0], g.Seed[1]^uint64(step)*0x9e3779b97f4a7c15))
		o.Draw = &model.Draw{Temperature: g.Temperature, TopP: g.TopP, Share: r.Float64()}
	}
	return o
}

// chosen returns the token that a choice gave and its natural-log probability
// under the model (not under the sampling distribution).
func chosen(o model.Output) (int32, float64) {
	if o.Draw != nil {
		return o.Draw.Token, o.Draw.LogProb
	}
	return o.Argmax, o.ArgmaxLogProb
}
