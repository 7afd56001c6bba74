//go:build cuda && linux

package cuda

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/kernels/ref"
)

// Tokens are those that ref.Draw draws from the same logits.
func TestDrawEqualsRef(t *testing.T) {
	b := open(t)
	r := rand.New(rand.NewPCG(51, 52))
	for _, c := range []struct {
		vocabulary int
		spread     float32
		step       float32 // logits are multiples of it, so that many are equal
	}{{1, 1, 0}, {5, 1, 0}, {700, 3, 0}, {3000, 0.01, 0}, {1500, 30, 0}, {1500, 2, 0.5}, {600, 1e-30, 0}, {600, 1, 100}} {
		values := random(r, c.vocabulary)
		for i := range values {
			values[i] *= c.spread
			if c.step > 0 {
				values[i] = float32(math.Round(float64(values[i]/c.step))) * c.step
			}
		}
		w, err := b.NewWeight(quant.F32, c.vocabulary, 1, bytesOf(values))
		if err != nil {
			t.Fatal(err)
		}
		out := make([]kernels.Logits, 3)
		for i := range out {
			if i != 1 {
				out[i].All = make([]float32, c.vocabulary)
			}
			for range 10 * i {
				out[i].Draws = append(out[i].Draws, kernels.Draw{
					Temperature: []float64{0.1, 0.8, 1, 5, 1e-50}[r.IntN(5)], TopP: []float64{0, 0.01, 0.5, 0.95, 0.999999, 1}[r.IntN(6)], Share: r.Float64(),
				})
			}
		}
		if err := b.Score(upload(b, 3, []float32{1, -1, -1}), w, 0, out); err != nil {
			t.Fatal(err)
		}
		logits := out[2].All // those of row 1 too
		seen := map[int32]bool{}
		for i, o := range out {
			for _, d := range o.Draws {
				want := ref.Draw(logits, d.Temperature, d.TopP, d.Share)
				if d.Token != want || d.Logit != logits[want] {
					t.Errorf("%+v, row %d, %+v: want token %d, logit %v", c, i, d, want, logits[want])
				}
				seen[want] = true
			}
		}
		t.Logf("%+v: %d tokens", c, len(seen))
	}
}

// Logits that are not finite end in some token, not in a loop.
func TestDrawOfNoNumbers(t *testing.T) {
	b := open(t)
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, values := range [][]float32{{nan, nan, nan}, {1, nan, 1}, {inf, 1, 0}, {-inf, -inf, -inf}, {-inf, 2, nan}} {
		w, err := b.NewWeight(quant.F32, 3, 1, bytesOf(values))
		if err != nil {
			t.Fatal(err)
		}
		out := []kernels.Logits{{Draws: []kernels.Draw{{Temperature: 1, TopP: 0.9, Share: 0.7}}}}
		if err := b.Score(upload(b, 1, []float32{1}), w, 0, out); err != nil {
			t.Fatal(err)
		}
		if got, want := out[0].Draws[0].Token, ref.Draw(values, 1, 0.9, 0.7); got != want {
			t.Errorf("%v: token %d, want %d", values, got, want)
		}
	}
}
